// What B is beside A, and whether the two can be subtracted. No page here: tests run it as it is.
import { nearest } from "./curves.js";
import { lengthOf, resolve } from "./series.js";
import { pictureOf, probeNoun, rankOf, tileName, title, whole } from "./words.js";

/** What B's step can be, beside the slider's. */
export const WHEN = {
  same: "Same step", start: "First step", last: "Last step", fixed: "Step", offset: "Steps away",
};

/** Read "start", "same", "last", "40" (a step) or "+2" (recorded steps from A's); null of anything else. */
export function parseBeside(text) {
  if (text === "start" || text === "same" || text === "last") return { when: text };
  if (/^[+-]\d{1,9}$/.test(text ?? "")) return { when: "offset", by: Number(text) };
  if (/^\d{1,15}$/.test(text ?? "")) return { when: "fixed", step: Number(text) };
  return null;
}

/** What B shows where nobody chose: the start of this run; of something else, the same step. */
export function usualBeside(place) {
  const isOther = place.with !== null || place.besidekind !== null || Object.keys(place.besideat).length > 0;
  return { when: isOther ? "same" : "start" };
}

/** Which of B's recorded steps is shown beside A's step. */
export function besideIndex({ when, by = 0, step = 0 }, stepA, stepsB) {
  const last = stepsB.length - 1;
  const here = nearest(stepsB, stepA);
  const wanted = {
    start: 0, last, same: here, offset: here + by, fixed: nearest(stepsB, step),
  }[when];
  return Math.min(last, Math.max(0, wanted));
}

/** B's series: the same plugin and layer, or the nearest that its run has, and what that is said of. */
export function besideSeries(run, place, series) {
  const wanted = { kind: place.besidekind ?? series.kind, layer: series.layer };
  const found = resolve(run, wanted);
  if (!found) return { found, words: `run ${run.run} has no pictures yet` };
  const same = found.kind === wanted.kind && found.layer === wanted.layer;
  return { found, words: same ? "" : `run ${run.run} has no ${title(wanted.kind)} of ${wanted.layer}` };
}

/** Why A − B would mean nothing; "" where it can be shown. `images(run, at)` are what was looked at. */
export function whyNot(a, b) {
  if (pictureOf(a.series.kind) !== pictureOf(b.series.kind)) {
    return `A is ${title(a.series.kind)}, B is ${title(b.series.kind)}`;
  }
  if (a.series.layer !== b.series.layer) return `A is layer ${a.series.layer}, B is layer ${b.series.layer}`;
  if (String(a.tiles.picture) !== String(b.tiles.picture)) {
    return `A's pictures are ${area(a.tiles)}, B's ${area(b.tiles)}`;
  }
  if (a.tiles.count !== b.tiles.count) {
    return `A has ${count(a)}, B has ${count(b)}`;
  }
  const hasPlaces = a.tiles.picture.length > 0;
  if (hasPlaces && looksAtImages(a.series) && imageOf(a) !== imageOf(b)) {
    return `A and B are of different ${probeNoun(a.run)}s: their places do not belong together`;
  }
  return "";
}

const area = (tiles) => (tiles.picture.length ? tiles.picture.join("×") : "single numbers");

function count({ run, series, tiles }) {
  const noun = series.spread === "probe" ? `${probeNoun(run)}s` : `${series.spread ?? "picture"}s`;
  return `${whole(tiles.count)} ${noun}`;
}

const looksAtImages = (series) => series.tile_axes.includes("probe");

/** Which image, of which probe. Where it is one of several side by side, all of them count. */
function imageOf({ run, series, at }) {
  const index = series.spread === "probe" ? "*" : Math.min(at.probe ?? 0, lengthOf(series, "probe") - 1);
  return `${run.probe?.digest ?? run.id} ${index}`;
}

/** "step 40", "step 40 · run b · probe image 3 (label 7)" */
export function describeSide({ run, series, at, tiles }, isOtherRun) {
  const words = [`step ${whole(tiles.step)}`];
  if (isOtherRun) words.push(`run ${run.run}`);
  if (run.series.some((each) => rankOf(each.kind))) words.push(`rank ${rankOf(series.kind)}`);
  if (series.tile_axes.includes("probe") && series.spread !== "probe") {
    words.push(tileName(run, series, "probe", Math.min(at.probe ?? 0, lengthOf(series, "probe") - 1)));
  }
  return words.join(" · ");
}
