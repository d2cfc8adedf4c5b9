import assert from "node:assert/strict";
import test from "node:test";
import { chosenNames } from "../../webapp/assets/viewer/curves.js";
import { read } from "../../webapp/assets/viewer/place.js";

// The slider keeps its speed in the page's storage; here there is none.
globalThis.document = { documentElement: {} };
const { tickIndices } = await import("../../webapp/assets/viewer/transport.js");

test("round steps are written under the slider, not too near to one another", () => {
  const steps = Array.from({ length: 101 }, (_, i) => i * 25);
  assert.deepEqual(tickIndices(steps).map((i) => steps[i]), [0, 500, 1000, 1500, 2000, 2500]);
  assert.deepEqual(tickIndices([0, 7, 13]).map((i) => [0, 7, 13][i]), [0, 7, 13]);
  assert.deepEqual([tickIndices([]), tickIndices([5])], [[], [0]]);
});

test("a rate that never changes leaves the curves to what moves", () => {
  const moving = [1, 2, null, 3];
  assert.deepEqual(chosenNames({ learning_rate: [1, 1], loss: moving, "a/b": moving }), ["loss"]);
  assert.deepEqual(chosenNames({ learning_rate: [1, 0.5], accuracy: [0, 0] }), ["accuracy", "learning_rate"]);
  assert.deepEqual(chosenNames({ learning_rate: [1, 1] }), ["learning_rate"]);
  const ranks = chosenNames({ "loss (rank 2)": moving, "loss (rank 10)": moving, loss: moving });
  assert.deepEqual(ranks.slice(0, 2), ["loss", "loss (rank 2)"]);
});

test("a page that is not there is remembered, and the gallery shown", () => {
  const { page, unknown } = read("?page=zzz");
  assert.deepEqual([page, unknown], ["gallery", "zzz"]);
});
