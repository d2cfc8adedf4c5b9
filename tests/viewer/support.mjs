// What tests of the viewer share: series, runs and tiles as the server tells them.
import { Tiles } from "../../webapp/assets/viewer/tiles.js";

export function series(given = {}) {
  return {
    kind: "activation", label: "activation", part: "", title: "", help: "Help.\nMore.", picture_help: "",
    layer: "conv0", axes: ["probe", "unit", "y", "x"], tile_axes: ["probe", "unit"], tile_shape: [3, 4],
    picture_shape: [2, 2], spread: "unit", signed: true, draw: "map", colour: false, value_range: null,
    over: null, columns: {}, column_help: {}, column_roles: {}, parameters: {}, steps: 0, ...given,
  };
}

export function run(given = {}) {
  return {
    run: "a", id: "1", name: "a", created: 0, classes: [], layers: [{ name: "conv0" }, { name: "dense0" }],
    steps: [0, 10, 20], times: [1, 2, 3], epochs: [0, 0.5, null], step_lists: [[0, 10, 20]],
    series: [series()], probe: { labels: null, names: [] }, faults: [], version: 1, ...given,
  };
}

/** Tiles of 1 × 2 pixels with these values, each stored between its own low and high. */
export function tiles(rows, given = {}) {
  const low = Float32Array.from(rows, (row) => Math.min(...row));
  const high = Float32Array.from(rows, (row) => Math.max(...row));
  const stored = Uint8Array.from(rows.flatMap((row, i) =>
    row.map((value) => (high[i] > low[i] ? Math.round(255 * (value - low[i]) / (high[i] - low[i])) : 0))));
  const head = { count: rows.length, picture: [1, rows[0].length], step: 0, ...given };
  const [none, no] = [new Int32Array(rows.length), new Uint8Array(rows.length)];
  return new Tiles(head, low, high, none, no, stored);
}
