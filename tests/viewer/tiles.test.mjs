import assert from "node:assert/strict";
import test from "node:test";
import { stepLimits, entryOf } from "../../webapp/assets/viewer/colours.js";
import { difference, reordered } from "../../webapp/assets/viewer/tiles.js";
import { strongestFirst } from "../../webapp/assets/viewer/order.js";
import { tiles } from "./support.mjs";

test("a value comes back within a step of its tile", () => {
  const found = tiles([[0, 1], [-3, 5]]);
  assert.equal(found.value(0, 1), 1);
  assert.ok(Math.abs(found.value(1, 0) + 3) < 8 / 255);
});

test("marks say why a tile is no ordinary picture", () => {
  const found = tiles([[0, 0], [2, 2], [0, 1], [1, 2]]);
  found.missing[2] = 1;
  found.nonfinite[3] = 1;
  assert.deepEqual([0, 1, 2, 3].map((i) => found.mark(i)), ["dead", "constant", "missing", "broken"]);
  const told = tiles([[0, 0], [0, 0]], { dead: [1] });
  assert.deepEqual([0, 1].map((i) => told.mark(i)), ["constant", "dead"]);
});

test("a difference has zero in the middle", () => {
  const change = difference(tiles([[0, 2]]), tiles([[0, 1]]));
  assert.deepEqual([change.low[0], change.high[0]].map((x) => Math.round(x * 100) / 100), [-1, 1]);
  assert.equal(difference(tiles([[0, 2]]), tiles([[0, 1, 2]])).missing[0], 1);
  assert.equal(difference(tiles([[0, 2]]), tiles([[0, 2]])).mark(0), ""); // what stayed as it was is not dead
});

test("limits of a step leave one tile of a hundred outside", () => {
  const rows = Array.from({ length: 101 }, (_, i) => [0, i]);
  assert.deepEqual(stepLimits(tiles(rows), false), [0, 99]);
  assert.deepEqual(stepLimits(tiles(rows), true), [-99, 99]);
  assert.deepEqual(stepLimits(tiles(rows), false, 100), [0, 100]);
});

test("zero is the middle colour of a signed map, and gamma leaves it there", () => {
  assert.equal(entryOf(0, -2, 2, true), 128);
  assert.equal(entryOf(0, -2, 2, true, 3), 128);
  assert.equal(entryOf(5, -2, 2, true), 255);
  assert.equal(entryOf(1, 1, 1, false), 0);
});

test("the strongest come first, equals by number, what has no value last", () => {
  assert.deepEqual(strongestFirst([1, null, 3, 3, NaN, -2]), [2, 3, 0, 5, 1, 4]);
});

test("zeros that mean no change are no dead unit", () => {
  const found = tiles([[0, 0], [2, 2]], { dead: [], zero: "plain" });
  assert.deepEqual([0, 1].map((i) => found.mark(i)), ["", "constant"]);
});

test("tiles are put in another order, with what is said of each", () => {
  const found = tiles([[0, 1], [-3, 5], [0, 0]], { dead: [2] });
  found.nonfinite[1] = 1;
  const moved = reordered(found, [2, null, 1, 7]);
  assert.deepEqual([moved.count, ...moved.missing], [4, 0, 1, 0, 1]);
  assert.deepEqual([moved.low[2], moved.high[2], moved.nonfinite[2]], [-3, 5, 1]);
  assert.equal(moved.mark(0), "dead");
  assert.deepEqual([...moved.pixels(2)], [...found.pixels(1)]);
});
