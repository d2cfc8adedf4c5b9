// The range of values that the colours stand for: of the history, of a step, or of each unit.
import { extent } from "./api.js";
import { hasScale } from "./series.js";
import { stepLimits } from "./colours.js";

/** Fetch the range of the whole history; while training runs it may only grow, in steps. */
export async function loadExtent(viewer, { grow }) {
  const { series, run } = viewer;
  if (!hasScale(series)) { viewer.limits = series.value_range; return; }
  const { low, high } = await extent(run, series);
  if (series.kind !== viewer.series?.kind || series.layer !== viewer.series?.layer) return;
  const found = [low ?? 0, high ?? 0];
  const next = grow && viewer.limits ? grown(viewer.limits, found, series.signed) : found;
  const changed = String(next) !== String(viewer.limits);
  if (changed && grow && viewer.limits) viewer.tell("grown");
  viewer.limits = next;
  if (changed && viewer.frame) viewer.paint();
  viewer.scale.show(series, viewer.place.scale, limitsNow(viewer), viewer.dark);
}

export function limitsNow(viewer) {
  const { series, place: { scale }, gallery: { tiles } } = viewer;
  if (!hasScale(series)) return series.value_range;
  const bars = series.picture_shape.length === 0;
  if (scale === "unit" && !bars) return null;
  if ((scale === "history" || bars) && viewer.limits) return viewer.limits;
  const frame = viewer.frame ?? tiles;
  return frame ? stepLimits(frame, series.signed) : null;
}

/** The old range, or one that is wider by at least a quarter where the new one leaves it. */
function grown([low, high], [newLow, newHigh], signed) {
  const top = newHigh > high ? Math.max(newHigh, high * 1.25) : high;
  if (signed) return [-top, top];
  return [Math.min(low, newLow), top];
}
