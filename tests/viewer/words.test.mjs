import assert from "node:assert/strict";
import test from "node:test";
import { placeName } from "../../webapp/assets/viewer/series.js";
import { ago, ofRank, pictureOf, plural, rankOf, short, tileLabel, tileName, title, valueWords } from "../../webapp/assets/viewer/words.js";
import { run, series } from "./support.mjs";

test("numbers have three digits and a real minus", () => {
  assert.deepEqual([0.12345, -2, 1e6, 1e-5, 0].map(short), ["0.123", "−2", "1.00e6", "1.00e−5", "0"]);
  assert.deepEqual([null, NaN, Infinity, -Infinity].map(short), ["–", "–", "∞", "−∞"]);
});

test("times are told as on the command line", () => {
  assert.deepEqual([-5, 9, 59, 60, 4020, 86400, 3e5].map(ago),
    ["now", "now", "59 s ago", "1 min ago", "1 h ago", "1 day ago", "3 days ago"]);
});

test("names become titles", () => {
  assert.equal(title("gradient_ascent"), "Gradient ascent");
  assert.equal(title("deconvolution.patch"), "Deconvolution · patch");
  assert.equal(plural(1, "step"), "1 step");
  assert.equal(plural(1200, "step"), "1,200 steps");
});

test("a column's number is said as its role asks", () => {
  const roles = { converged: "flag", dead: "dead", class: "class", probe: "probe", value: "value" };
  const shown = series({ column_roles: roles });
  const found = run({ classes: ["cat", "dog"], probe: { labels: [1, 0, 1], names: [] } });
  const say = (name, value) => valueWords(found, shown, name, value);
  assert.deepEqual([say("converged", 1), say("dead", 0), say("value", 1)], ["yes", "no", "1"]);
  assert.deepEqual([say("class", 1), say("class", 7), say("probe", 0)], ["dog", "7", "dog"]);
});

test("a number without a role is a number, whatever it is called", () => {
  assert.equal(valueWords(run(), series(), "converged", 1), "1");
});

test("a distribution is one of the layer as a whole", () => {
  const of = (given) => placeName(run(), series({ layer: "dense0", ...given }), 0);
  assert.equal(of({ draw: "map", tile_axes: ["unit"], tile_shape: [4], spread: "unit" }), "dense0 · unit 0");
  assert.equal(of({ draw: "distribution", tile_axes: ["layer"], tile_shape: [1], spread: "layer" }), "dense0");
});

test("tiles are named by class, label or number", () => {
  const found = run({ classes: ["cat", "dog"], probe: { labels: [1, 5, null], names: ["", "", "c.png"] } });
  const scores = series({ layer: "dense0", tile_axes: ["unit"], tile_shape: [2], spread: "unit" });
  assert.equal(tileLabel(found, scores, "unit", 0), "cat");
  assert.equal(tileLabel(found, series(), "unit", 0), "");
  assert.equal(tileName(found, series(), "probe", 0), "probe image 0 (dog)");
  assert.equal(tileName(found, series(), "probe", 1), "probe image 1 (label 5)");
  assert.equal(tileName(found, series(), "probe", 2), "probe image 2 (c.png)");
});

test("a kind says whose it is", () => {
  assert.deepEqual(["activation", "saliency.guided@12"].map(pictureOf), ["activation", "saliency.guided"]);
  assert.deepEqual(["activation", "saliency.guided@12", "recall@0"].map(rankOf), [0, 12, 0]);
  assert.deepEqual([ofRank("activation@3", 0), ofRank("activation", 2), ofRank("activation@3", 1)],
    ["activation", "activation@2", "activation@1"]);
  assert.equal(title("saliency.guided@12"), "Saliency · guided, rank 12");
});
