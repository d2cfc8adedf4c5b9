// What a manifest says of the series of a run.
import { layerName, pictureOf, rankOf, tileName } from "./words.js";

export const find = (run, kind, layer) =>
  run.series.find((each) => each.kind === kind && each.layer === layer) ?? null;

/** Whether tiles are strips over time, to be drawn as text or as units × time. */
export const isOverTime = (series) => series.draw === "text" || series.draw === "sequence";

/** Whether tiles are the quantiles of many values. */
export const isDistribution = (series) => series.draw === "distribution";

/** What a tile is of: a layer's unit, or the layer as a whole. */
export function placeName(manifest, series, index) {
  const layer = layerName(manifest, series.layer);
  return isDistribution(series) ? layer : `${layer} · ${tileName(manifest, series, series.spread ?? "tile", index)}`;
}

export const stepsOf = (run, series) => run.step_lists[series.steps];

/** How many epochs were complete at a recorded step; null where nobody told. */
export const epochOf = (run, step) => run.epochs[run.steps.indexOf(step)] ?? null;

/** The series that a place means; where it means none, the nearest that there is. */
export function resolve(run, place) {
  const exact = find(run, place.kind, place.layer);
  if (exact) return exact;
  const forward = run.layers.map((layer) => layer.name);
  const order = (series) => (forward.indexOf(series.layer) + 1 || 1e9);
  let ofKind = run.series.filter((each) => each.kind === place.kind);
  if (!ofKind.length) ofKind = run.series.filter((each) => each.label === place.kind?.split(".")[0]);
  const candidates = ofKind.length ? ofKind : preferred(run, place.layer);
  return [...candidates].sort((a, b) => order(a) - order(b))[0] ?? null;
}

/** What a place names that the run has nowhere, in words: an old link, or one typed by hand. */
export function missingFrom(run, { kind, layer }) {
  const has = (test) => run.series.some(test);
  if (kind && !has((each) => each.kind === kind || each.label === kind)) return `plugin “${kind}”`;
  if (layer && !has((each) => each.layer === layer)) return `layer “${layer}”`;
  return "";
}

/** Without a plugin named: what is on this layer, else what shows most from the first step on. */
function preferred(run, layer) {
  const ofLayer = run.series.filter((each) => each.layer === layer);
  if (ofLayer.length) return ofLayer;
  const overTime = run.series.filter((each) => isOverTime(each) && each.spread === "unit");
  for (const part of ["cell", "hidden", null]) {
    const found = overTime.filter((each) => part === null || each.part === part);
    if (found.length) return found;
  }
  const spatial = run.series.filter((each) => each.picture_shape.length >= 2);
  const kinds = ["activation", "weights"];
  for (const kind of kinds) {
    const found = spatial.filter((each) => each.kind === kind);
    if (found.length) return found;
  }
  return spatial.length ? spatial : run.series;
}

/** One entry per tile axis: "*" for the one that is spread, else the index chosen. */
export function atOf(series, chosen, spread = series.spread) {
  return series.tile_axes.map((axis, i) =>
    axis === spread ? "*" : Math.min(chosen[axis] ?? 0, series.tile_shape[i] - 1));
}

/** The same for a single tile. */
export function tileAt(series, chosen, index) {
  return atOf(series, chosen).map((each) => (each === "*" ? index : each));
}

export const lengthOf = (series, axis) => series.tile_shape[series.tile_axes.indexOf(axis)] ?? 1;

/** The axes that are not spread and leave a choice. */
export const otherAxes = (series) =>
  series.tile_axes.filter((axis) => axis !== series.spread && lengthOf(series, axis) > 1);

/** The column that the plugin gave this role; undefined where none has it. */
export const columnOf = (series, role) =>
  Object.keys(series.columns).find((name) => series.column_roles[name] === role);

/** Whether colours have a scale to choose: pictures of a fixed range are shown as they are. */
export const hasScale = (series) => !(series.draw === "image" && series.value_range);

/** All that there is of a layer's units: of the worker that is chosen, and the chosen picture of the
 *  others beside it. */
export function unitSeries(run, series) {
  const ofLayer = run.series.filter((each) => each.layer === series.layer && each.tile_axes.includes("unit"));
  const picture = pictureOf(series.kind);
  const alike = ofLayer.filter((each) => pictureOf(each.kind) === picture).sort((a, b) => rankOf(a.kind) - rankOf(b.kind));
  const others = ofLayer.filter((each) => rankOf(each.kind) === rankOf(series.kind) && pictureOf(each.kind) !== picture);
  return alike.length > 1 ? [...alike, ...others] : ofLayer.filter((each) => alike.includes(each) || others.includes(each));
}
