import assert from "node:assert/strict";
import test from "node:test";
import { read, search } from "../../webapp/assets/viewer/place.js";

test("what a link says is read again", () => {
  const link = "?page=unit&run=a+b&kind=weights&layer=c%2F0&scale=step&order=strongest&step=40&unit=9&at.probe=3";
  assert.equal(search(read(link)), link);
});

test("what cannot be is as if it were not there", () => {
  const place = read("?scale=huge&order=x&axis=z&step=-1&unit=1e9&at.probe=x&at.unit=99999999999");
  assert.deepEqual([place.scale, place.order, place.axis, place.step, place.unit, place.at],
    ["history", "number", "linear", null, null, {}]);
});
