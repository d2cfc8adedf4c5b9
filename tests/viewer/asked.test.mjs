// Whose weights are asked, in words.
import assert from "node:assert/strict";
import { test } from "node:test";
import { stepChoices, weightWords } from "../../webapp/assets/viewer/asked.js";

test("the step is said, and whether there are newer weights", () => {
  assert.equal(weightWords({ step: 1200, steps: [1200], newest: 1200 }), "Weights of step 1,200, the newest");
  assert.equal(weightWords({ step: 1200, steps: [1500], newest: 1500 }), "Weights of step 1,200");
  assert.equal(weightWords({ step: 1200, steps: [], newest: null }), "Weights of step 1,200, the newest");
  assert.equal(weightWords({ step: null, steps: [5], newest: 5 }), "");
  assert.equal(weightWords(null), "");
});

test("what is asked now can be chosen, too, though it is kept no more", () => {
  assert.deepEqual(stepChoices({ step: 4, steps: [2, 6] }), [6, 4, 2]);
  assert.deepEqual(stepChoices({ step: 6, steps: [2, 6] }), [6, 2]);
  assert.deepEqual(stepChoices({ step: null, steps: [2] }), [2]);
});
