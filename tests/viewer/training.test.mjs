// The axes of the Training page.
import assert from "node:assert/strict";
import { test } from "node:test";
import { constantOf, rangeAround } from "../../webapp/assets/viewer/training.js";

test("one value all along is a constant, whatever is not known", () => {
  assert.equal(constantOf([[0.003, null, 0.003], [0.003]]), 0.003);
  assert.equal(constantOf([[0.003], [0.004]]), null);
  assert.equal(constantOf([[null], []]), null);
  assert.equal(constantOf([[0, 0]]), 0);
});

test("a constant stands in the middle of its axis", () => {
  assert.deepEqual(rangeAround(0.5, false), [0.25, 0.75]);
  assert.deepEqual(rangeAround(-2, false), [-3, -1]);
  assert.deepEqual(rangeAround(0, false), [-1, 1]);
  assert.deepEqual(rangeAround(100, true), [1, 3]);
});
