import assert from "node:assert/strict";
import test from "node:test";
import { NOWHERE, forget, read, search, write } from "../../webapp/assets/viewer/place.js";

test("what a link says is read again", () => {
  const link = "?page=unit&run=a+b&kind=weights&layer=c%2F0&scale=step&order=strongest&step=40&unit=9&at.probe=3";
  assert.equal(search(read(link)), link);
});

test("what cannot be is as if it were not there", () => {
  const place = read("?scale=huge&order=x&axis=z&step=-1&unit=1e9&at.probe=x&at.unit=99999999999");
  assert.deepEqual([place.scale, place.order, place.axis, place.step, place.unit, place.at],
    ["history", "number", "linear", null, null, {}]);
});

test("an address that waits is written before another is entered, and never over it", (context) => {
  const written = [];
  globalThis.history = {
    pushState: (_state, _title, url) => written.push(["push", url]),
    replaceState: (_state, _title, url) => written.push(["replace", url]),
  };
  context.mock.timers.enable({ apis: ["setTimeout"] });
  write({ ...NOWHERE, run: "a", step: 1 });
  write({ ...NOWHERE, run: "a", step: 2 });
  write({ ...NOWHERE, run: "b" }, { push: true });
  write({ ...NOWHERE, run: "b", step: 3 });
  forget();
  context.mock.timers.tick(1000);
  write({ ...NOWHERE, run: "a", step: 4 });
  context.mock.timers.tick(1000);
  assert.deepEqual(written,
    [["replace", "?run=a&step=2"], ["push", "?run=b"], ["replace", "?run=a&step=4"]]);
});
