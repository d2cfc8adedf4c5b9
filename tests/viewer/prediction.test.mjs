import assert from "node:assert/strict";
import test from "node:test";
import {
  confusion, predictions, scoreSeries, shownClasses, stepAt, verdicts, wrongFirst,
} from "../../webapp/assets/viewer/prediction.js";
import { run, series } from "./support.mjs";

test("the highest score is what the network takes an image for", () => {
  assert.deepEqual(predictions([1, 3, 2, 9, NaN, 0, NaN, NaN, NaN], 3), [1, 0, null]);
});

test("wrong images come first, then those whose label nobody knows", () => {
  const judged = verdicts([1, 0, null, 2], [1, 2, 0, null]);
  assert.deepEqual(judged, ["right", "wrong", "unknown", "unknown"]);
  assert.deepEqual(wrongFirst(judged), [1, 2, 3, 0]);
  assert.deepEqual(verdicts([1], null), ["unknown"]);
});

test("what is taken for what is counted", () => {
  assert.deepEqual(confusion([1, 1, 0, 2], [0, 0, 0, 1]),
    [{ label: 0, predicted: 1, count: 2 }, { label: 1, predicted: 2, count: 1 }]);
});

test("the true class has its curve, however low its score", () => {
  assert.deepEqual(shownClasses([5, 1, 4, 3, 2, 0], 5), [0, 2, 3, 5]);
  assert.deepEqual(shownClasses([5, 1, 4], null), [0, 2, 1]);
});

test("scores are those of the last layer without places", () => {
  const bars = (layer) => series({ layer, picture_shape: [] });
  const found = run({ layers: [{ name: "a" }, { name: "b" }], series: [bars("b"), bars("a"), series()] });
  assert.equal(scoreSeries(found).layer, "b");
  assert.equal(scoreSeries(run()), null);
  assert.deepEqual([-5, 10, 15, 99].map((step) => stepAt([0, 10, 20], step)), [0, 10, 10, 20]);
});
