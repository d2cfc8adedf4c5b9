// The range of values that the colours stand for: of the history, of a step, or of each unit.
import { extent } from "./api.js";
import { hasScale } from "./series.js";
import { stepLimits } from "./colours.js";

/** The range of the series that is shown. It alone changes what is here. */
export class ValueRange {
  constructor(viewer) {
    this.viewer = viewer;
    this.limits = null; // of the whole history, [low, high]; null until it is known
  }

  reset() { this.limits = null; }

  /** Fetch the range of the whole history; while training runs it may only grow, in steps. */
  async load({ grow }) {
    const { viewer } = this;
    const { series, run } = viewer;
    if (!hasScale(series)) { this.limits = series.value_range; return; }
    const { low, high } = await extent(run, series);
    if (series.kind !== viewer.series?.kind || series.layer !== viewer.series?.layer) return;
    const found = [low ?? 0, high ?? 0];
    const next = grow && this.limits ? grown(this.limits, found, series.signed) : found;
    const changed = String(next) !== String(this.limits);
    if (changed && grow && this.limits) viewer.tell("grown");
    this.limits = next;
    if (changed && viewer.frame) viewer.paint();
    viewer.scale.show(series, viewer.place.scale, this.now(), viewer.dark);
  }

  /** The limits that are in force; null where each unit has its own. */
  now() {
    const { series, place: { scale }, gallery: { tiles } } = this.viewer;
    if (!hasScale(series)) return series.value_range;
    const bars = series.picture_shape.length === 0;
    if (scale === "unit" && !bars) return null;
    if ((scale === "history" || bars) && this.limits) return this.limits;
    const frame = this.viewer.frame ?? tiles;
    return frame ? stepLimits(frame, series.signed) : null;
  }
}

/** The old range, or one that is wider by at least a quarter where the new one leaves it. */
export function grown([low, high], [newLow, newHigh], signed) {
  const top = newHigh > high ? Math.max(newHigh, high * 1.25) : high;
  if (signed) return [-top, top];
  return [Math.min(low, newLow), top];
}
