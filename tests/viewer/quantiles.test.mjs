import assert from "node:assert/strict";
import test from "node:test";
import { bandsOf, histogramOf, reachOf } from "../../webapp/assets/viewer/quantiles.js";

test("bands lie around the median, each inside the one before", () => {
  const bands = bandsOf(65);
  for (const { low, high } of bands) assert.equal(low + high, 64);
  for (let i = 1; i < bands.length; i += 1) assert.ok(bands[i].low > bands[i - 1].low);
  assert.equal(bands[0].low, 0);
});

test("a histogram of even quantiles is even, and its parts are the values between them", () => {
  const quantiles = Float64Array.from({ length: 65 }, (_, i) => i / 64);
  const found = histogramOf(quantiles, [0, 1], 8);
  for (const share of found) assert.ok(Math.abs(share - 64 / 65 / 8) < 1e-12);
});

test("many equal values are one bar", () => {
  const found = histogramOf([-1, 0, 0, 0, 0, 1], [-1, 1], 4);
  assert.equal(Math.max(...found), found[2]);
  assert.ok(Math.abs(found.reduce((a, b) => a + b) - 5 / 6) < 1e-12);
});

test("the reach is that of all finite tiles", () => {
  const values = [[-2, 3], [NaN, NaN], [0, 9]];
  const tiles = { count: 3, width: 2, missing: [0, 0, 0], value: (i, j) => values[i][j] };
  assert.deepEqual(reachOf(tiles), [-2, 9]);
  assert.deepEqual(reachOf({ ...tiles, missing: [1, 1, 1] }), [-1, 1]);
});
