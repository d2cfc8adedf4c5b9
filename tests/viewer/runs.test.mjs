import assert from "node:assert/strict";
import test from "node:test";
import { compare } from "../../webapp/assets/viewer/runs.js";

test("runs are sorted by numbers as numbers, by words as words, what is not known last", () => {
  assert.deepEqual(["10", "9", "", "2.5", "–"].sort(compare), ["2.5", "9", "10", "", "–"]);
  assert.deepEqual(["run-10", "run-9", "a"].sort(compare), ["a", "run-9", "run-10"]);
});
