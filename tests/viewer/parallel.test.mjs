import assert from "node:assert/strict";
import test from "node:test";
import { axes } from "../../webapp/assets/viewer/parallel.js";

const run = (hyper, loss) => ({ hyper, last: { loss } });

test("an axis for each hyper-parameter that differs, results last", () => {
  const found = axes([
    run({ lr: 0.001, batch: 8, wd: 0, optimizer: "sgd" }, 2),
    run({ lr: 0.1, batch: 16, wd: 0, optimizer: "adam" }, 1),
    run({ lr: 0.01, batch: 12, wd: 0 }, 1.5),
  ]);
  assert.deepEqual(found.map((each) => each.name), ["lr", "batch", "loss"]);
  assert.deepEqual(found[0].places.map((each) => Number(each.toFixed(6))), [0, 1, 0.5]); // logarithmic: 100 times
  assert.deepEqual(found[1].places, [0, 1, 0.5]); // not: twice
  assert.deepEqual(found[2].ends, ["1", "2"]);
});

test("words stand in their order, what a run has not is left out", () => {
  const found = axes([run({ net: "b" }, 1), run({ net: "a" }, 2), run({ net: "c" }, 3), run({}, 4)]);
  assert.deepEqual(found[0].places, [0.5, 0, 1, null]);
  assert.deepEqual(found[0].ends, ["a", "c"]);
});

test("two runs, runs that are alike, and runs without results are not drawn", () => {
  assert.deepEqual(axes([run({ lr: 1 }, 1), run({ lr: 2 }, 2)]), []);
  assert.deepEqual(axes([run({ lr: 1 }, 1), run({ lr: 1 }, 2), run({ lr: 1 }, 3)]), []);
  assert.deepEqual(axes([run({ lr: 1 }), run({ lr: 2 }), run({ lr: 3 })]), []);
});
