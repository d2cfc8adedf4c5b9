import assert from "node:assert/strict";
import test from "node:test";
import {
  besideIndex, besideSeries, describeSide, parseBeside, usualBeside, whyNot,
} from "../../webapp/assets/viewer/comparison.js";
import { read } from "../../webapp/assets/viewer/place.js";
import { run, series, tiles } from "./support.mjs";

const side = (given = {}) => ({
  run: run({ probe: { digest: "p", labels: null, names: [] } }), series: series(), at: { probe: 1 },
  tiles: tiles([[0, 1], [1, 2]], { step: 40 }), ...given,
});

test("B's step follows the slider as one chooses", () => {
  const at = (text) => besideIndex(parseBeside(text), 20, [0, 10, 20, 30, 40]);
  assert.deepEqual(["start", "same", "last", "+1", "-1", "+99", "12", "999"].map(at), [0, 2, 4, 3, 1, 4, 1, 4]);
  assert.equal(besideIndex({ when: "same" }, 26, [0, 10, 25, 300]), 2);
  assert.equal(parseBeside("tomorrow"), null);
});

test("another run, image or plugin begins at the same step, this run at its first", () => {
  assert.equal(usualBeside(read("?run=a")).when, "start");
  for (const link of ["?with=b", "?besideat.probe=0", "?besidekind=weights"]) {
    assert.equal(usualBeside(read(link)).when, "same");
  }
});

test("what belongs together is subtracted", () => {
  assert.equal(whyNot(side(), side()), "");
  assert.equal(whyNot(side(), side({ run: run({ id: "2", probe: { digest: "p" } }) })), "");
});

test("what does not belong together is said, and not subtracted", () => {
  const because = (given) => whyNot(side(), side(given));
  assert.match(because({ series: series({ kind: "weights" }) }), /^A is Activation, B is Weights$/);
  assert.match(because({ series: series({ layer: "conv9" }) }), /^A is layer conv0, B is layer conv9$/);
  assert.match(because({ tiles: tiles([[0, 1, 2], [0, 1, 2]]) }), /^A's pictures are 1×2, B's 1×3$/);
  assert.match(because({ tiles: tiles([[0, 1]]) }), /^A has 2 units, B has 1 units$/);
  assert.match(because({ at: { probe: 2 } }), /different probe images/);
  assert.match(because({ run: run({ id: "2", probe: { digest: "q" } }) }), /different probe images/);
});

test("weights look at no images, and bars have no places", () => {
  const kernels = series({ kind: "weights", tile_axes: ["unit"], tile_shape: [2] });
  const other = run({ id: "2", probe: { digest: "q" } });
  assert.equal(whyNot(side({ series: kernels }), side({ series: kernels, run: other })), "");
  const bars = { tiles: tiles([[1], [2]]) };
  bars.tiles.picture = [];
  assert.equal(whyNot(side(bars), side({ ...bars, at: { probe: 0 } })), "");
});

test("a run without the layer shows what it has, and says so", () => {
  const place = read("?with=b&besidekind=saliency");
  const { found, words } = besideSeries(run({ run: "b" }), place, series({ layer: "gone" }));
  assert.equal(found.layer, "conv0");
  assert.equal(words, "run b has no Saliency of gone");
  assert.equal(besideSeries(run({ series: [] }), read(""), series()).found, null);
});

test("each side says its step, run and image", () => {
  assert.equal(describeSide(side(), false), "step 40 · probe image 1");
  assert.equal(describeSide(side(), true), "step 40 · run a · probe image 1");
});

test("one picture of two workers is subtracted, and each side says whose it is", () => {
  const ranks = run({ probe: { digest: "p", labels: null, names: [] }, series: [series(), series({ kind: "activation@3" })] });
  const [a, b] = ranks.series.map((each) => side({ run: ranks, series: each }));
  assert.equal(whyNot(a, b), "");
  assert.match(describeSide(a, false), /rank 0/);
  assert.match(describeSide(b, false), /rank 3/);
  assert.doesNotMatch(describeSide(side(), false), /rank/);
});
