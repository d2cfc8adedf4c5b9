import assert from "node:assert/strict";
import test from "node:test";
import * as of from "../../webapp/assets/viewer/series.js";
import { run, series } from "./support.mjs";

const weights = series({ kind: "weights", label: "weights", layer: "dense0" });
const patch = series({ kind: "deconvolution.patch", label: "deconvolution", part: "patch" });
const several = run({ series: [series(), weights, patch] });

test("a place means its series, or the nearest that there is", () => {
  const kindOf = (place) => { const found = of.resolve(several, place); return `${found.kind} ${found.layer}`; };
  assert.equal(kindOf({ kind: "weights", layer: "dense0" }), "weights dense0");
  assert.equal(kindOf({ kind: "weights", layer: "gone" }), "weights dense0");
  assert.equal(kindOf({ kind: "deconvolution", layer: "conv0" }), "deconvolution.patch conv0");
  assert.equal(kindOf({ kind: null, layer: null }), "activation conv0");
  assert.equal(of.resolve(run({ series: [] }), {}), null);
});

test("what a link names and the run lacks is said", () => {
  assert.equal(of.missingFrom(several, { kind: "saliency" }), "plugin “saliency”");
  assert.equal(of.missingFrom(several, { kind: "deconvolution", layer: "x" }), "layer “x”");
  assert.equal(of.missingFrom(several, { kind: "weights", layer: "dense0" }), "");
});

test("indices stay within the series", () => {
  assert.deepEqual(of.atOf(series(), { probe: 9 }), [2, "*"]);
  assert.deepEqual(of.tileAt(series(), { probe: 1 }, 3), [1, 3]);
  assert.deepEqual(of.otherAxes(series()), ["probe"]);
  assert.equal(of.lengthOf(series(), "unit"), 4);
  assert.equal(of.lengthOf(series(), "rank"), 1);
});

test("columns are found by what they are for", () => {
  const shown = series({ columns: { a: 0, b: 0 }, column_roles: { b: "strength" } });
  assert.equal(of.columnOf(shown, "strength"), "b");
  assert.equal(of.columnOf(shown, "dead"), undefined);
});

test("pictures of a fixed range have no scale to choose", () => {
  assert.equal(of.hasScale(series({ draw: "image", value_range: [0, 1] })), false);
  assert.equal(of.hasScale(series({ draw: "map", value_range: [0, 1] })), true);
});

test("an epoch that nobody told is not known", () => {
  assert.deepEqual([0, 10, 20, 30].map((step) => of.epochOf(run(), step)), [0, 0.5, null, null]);
});

test("a unit's page has the chosen picture of all workers, and the rest of the chosen one", () => {
  const kinds = ["activation", "deconvolution", "activation@1", "deconvolution@1", "activation@2"];
  const ranks = run({ series: kinds.map((kind) => series({ kind })) });
  const shown = (place) => of.unitSeries(ranks, ranks.series[place]).map((each) => each.kind);
  assert.deepEqual(shown(0), ["activation", "activation@1", "activation@2", "deconvolution"]);
  assert.deepEqual(shown(3), ["deconvolution", "deconvolution@1", "activation@1"]);
  const alone = run({ series: [series(), series({ kind: "deconvolution" })] });
  assert.deepEqual(of.unitSeries(alone, alone.series[1]).map((each) => each.kind), ["activation", "deconvolution"]);
});
