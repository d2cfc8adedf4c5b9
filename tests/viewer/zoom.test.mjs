import assert from "node:assert/strict";
import test from "node:test";
import { WHOLE, panned, zoomed } from "../../webapp/assets/viewer/zoom.js";

test("the point under the pointer stays where it is", () => {
  const view = zoomed(WHOLE, 4, 30, 80, 100, 100);
  const shown = (x, y) => [view.x + x * view.scale, view.y + y * view.scale];
  assert.deepEqual(shown(30, 80), [30, 80]);
  assert.equal(view.scale, 4);
});

test("out is never further than the whole, in never further than 64 times", () => {
  assert.deepEqual(zoomed(zoomed(WHOLE, 4, 30, 80, 100, 100), 0.01, 5, 5, 100, 100), WHOLE);
  assert.equal(zoomed(WHOLE, 1e9, 0, 0, 100, 100).scale, 64);
});

test("panning ends at the picture's edges", () => {
  const view = zoomed(WHOLE, 2, 50, 50, 100, 100);
  assert.deepEqual(panned(view, 1000, -1000, 100, 100), { scale: 2, x: 0, y: -100 });
  assert.deepEqual(panned(WHOLE, 10, 10, 100, 100), WHOLE);
});
