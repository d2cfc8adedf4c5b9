import assert from "node:assert/strict";
import { test } from "node:test";
import { curvesWithKnown, withKnown } from "../../webapp/assets/viewer/known.js";

const OLD = { id: "a", mark: "m", version: 1, steps: [0, 5], times: [1, 2], epochs: [null, 1], step_lists: [[0, 5], [5]], series: ["s"], faults: [] };

test("new steps are put behind the known ones", () => {
  const told = { id: "a", since: 2, mark: "n", version: 2, steps: [10], times: [3], epochs: [2], step_lists: [[10], []], faults: ["f"] };
  assert.deepEqual(withKnown(OLD, told), {
    id: "a", mark: "n", version: 2, steps: [0, 5, 10], times: [1, 2, 3], epochs: [null, 1, 2],
    step_lists: [[0, 5, 10], [5]], series: ["s"], faults: ["f"],
  });
  assert.deepEqual(OLD.steps, [0, 5]);
});

test("what is told as a whole, or of another run, stands alone", () => {
  const whole = { id: "a", steps: [1] };
  assert.equal(withKnown(OLD, whole), whole);
  const other = { id: "b", since: 2, steps: [1] };
  assert.equal(withKnown(OLD, other), other);
});

test("curves grow, and one that begins later has nothing before", () => {
  const old = { steps: [0, 5], values: { loss: [1, 2] } };
  const told = { since: 2, mark: "n", steps: [10], values: { loss: [3], late: [4] } };
  const whole = curvesWithKnown(old, told);
  assert.deepEqual(whole.steps, [0, 5, 10]);
  assert.deepEqual(whole.values, { loss: [1, 2, 3], late: [null, null, 4] });
  assert.equal(curvesWithKnown(old, { since: 0, steps: [], values: {} }).steps.length, 0);
});
