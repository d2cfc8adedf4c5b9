import assert from "node:assert/strict";
import test from "node:test";
import { lowerBound, nearest, positionOf } from "../../webapp/assets/viewer/curves.js";
import { badge, isLive } from "../../webapp/assets/viewer/live.js";
import { grown } from "../../webapp/assets/viewer/range.js";
import { neighbours } from "../../webapp/assets/viewer/step.js";
import { run } from "./support.mjs";

test("steps are found by halves", () => {
  assert.deepEqual([-1, 0, 5, 10, 99].map((value) => lowerBound([0, 10, 20], value)), [0, 0, 1, 1, 3]);
  assert.deepEqual([-1, 4, 5, 6, 99].map((value) => nearest([0, 10, 20], value)), [0, 0, 0, 1, 2]);
  assert.equal(nearest([], 3), -1);
});

test("numbers between recorded steps lie between them", () => {
  assert.deepEqual([0, 5, 10, 30].map((step) => positionOf(step, [0, 10, 30])), [0, 0.25, 0.5, 1]);
  assert.equal(positionOf(31, [0, 10, 30]), null);
});

test("small frames are fetched further ahead, most of them where one goes", () => {
  assert.deepEqual(neighbours(10, 1, 1000), [11, 12, 13, 14, 15, 16, 9, 8]);
  assert.deepEqual(neighbours(10, -1, 12 * 1024 * 1024), [9, 8, 11]);
  assert.deepEqual(neighbours(10, 1, 1e9), [11]);
});

test("a range may only grow, by a quarter at least", () => {
  assert.deepEqual(grown([0, 4], [1, 4.1], false), [0, 5]);
  assert.deepEqual(grown([-4, 4], [-9, 9], true), [-9, 9]);
  assert.deepEqual(grown([0, 4], [-1, 3], false), [-1, 4]);
});

test("a training is live while its steps come as they usually do", () => {
  const now = Date.now() / 1000;
  assert.equal(isLive(run({ times: [now - 300, now - 200, now - 100] })), true);
  assert.equal(isLive(run({ times: [now - 120, now - 110, now - 100] })), false);
  assert.equal(isLive(run({ times: [], created: now - 5 })), true);
  const ended = badge(run({ times: [now - 7200] }));
  assert.deepEqual([ended.words, ended.about], ["3 steps · 2 h ago", "last written 2 h ago"]);
});
