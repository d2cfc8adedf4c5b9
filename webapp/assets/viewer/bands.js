// How values are distributed over the steps: bands around the median, on a canvas.
//
//   ▁▂▂▃▃▄▄▅   98, 87, 68 and 38 % of the values
//   ────────   the median
//   ▔▔▔▀▀▀▀▀   ┃ the step that the slider stands on
import { lowerBound } from "./curves.js";
import { el, ink, sized } from "./dom.js";
import { bandsOf } from "./quantiles.js";
import { short, whole } from "./words.js";

export const LEFT = 58;
export const FOOT = 22;
const TOP = 4;
const EDGE = 4; // px that are left free at the right
const ROOM = 13; // px from one number of the axis to the next

/** A film `{steps, tiles}` of one layer, painted as bands; `go(step)` when it is clicked, `read(index)` under the pointer. */
export class Bands {
  constructor({ go, read }) {
    this.film = null;
    this.canvas = el("canvas", { className: "bands", role: "img", "aria-label": "Distribution over the steps" });
    this.canvas.addEventListener("click", (event) => {
      const found = this.indexAt(event);
      if (found !== null) go?.(this.film.steps[found]);
    });
    this.canvas.addEventListener("pointermove", (event) => read?.(this.indexAt(event)));
    this.canvas.addEventListener("pointerleave", () => read?.(null));
  }

  /** `limits`: the values at the foot and the top; `foot`: px below them, for the steps. */
  paint({ film, step, limits, width, tall, foot = FOOT }) {
    Object.assign(this, { film, limits, tall, foot, right: width - EDGE });
    const context = sized(this.canvas, width, tall);
    context.clearRect(0, 0, width, tall);
    this.paintAxis(context, width);
    if (!film) return;
    const { steps, tiles } = film;
    const known = steps.map((_, i) => i).filter((i) => !tiles.missing[i] && Number.isFinite(tiles.value(i, 0)));
    this.paintBands(context, known);
    this.paintMedian(context, known);
    this.paintStep(context, step);
  }

  y(value) { return yOf(value, this.limits, this.tall - this.foot); }

  paintBands(context, known) {
    const { tiles } = this.film;
    context.fillStyle = ink("--curve-1");
    for (const { low, high } of bandsOf(tiles.width)) {
      context.globalAlpha = 0.22;
      context.beginPath();
      for (const i of known) context.lineTo(this.x(i), this.y(tiles.value(i, high)));
      for (const i of [...known].reverse()) context.lineTo(this.x(i), this.y(tiles.value(i, low)));
      context.fill();
    }
    context.globalAlpha = 1;
  }

  paintMedian(context, known) {
    const { tiles } = this.film;
    const middle = (tiles.width - 1) >> 1;
    context.strokeStyle = ink("--curve-1");
    context.lineWidth = 1.5;
    context.beginPath();
    for (const i of known) context.lineTo(this.x(i), this.y(tiles.value(i, middle)));
    context.stroke();
    if (known.length === 1) context.fillRect(this.x(known[0]) - 3, this.y(tiles.value(known[0], middle)) - 1, 6, 2);
  }

  paintStep(context, step) {
    const at = this.film.steps.length > 1 ? placeIn(this.film.steps, step) : 0;
    context.fillStyle = ink("--accent");
    context.fillRect(this.x(at) - 0.75, TOP, 1.5, this.tall - this.foot - TOP);
  }

  paintAxis(context, width) {
    paintValues(context, this.canvas, this.limits, { width, tall: this.tall - this.foot });
    if (!this.film || !this.foot) return;
    const { steps } = this.film;
    context.textAlign = "left";
    context.fillText(`step ${whole(steps[0])}`, LEFT, this.tall - 9);
    context.textAlign = "right";
    if (steps.length > 1) context.fillText(whole(steps.at(-1)), width - 2, this.tall - 9);
  }

  x(at) {
    const last = this.film.steps.length - 1;
    return last ? LEFT + (at / last) * (this.right - LEFT) : (LEFT + this.right) / 2;
  }

  indexAt(event) {
    if (!this.film) return null;
    const box = this.canvas.getBoundingClientRect();
    const last = this.film.steps.length - 1;
    const at = Math.round(((event.clientX - box.left - LEFT) / (this.right - LEFT || 1)) * last);
    return at >= 0 && at <= last ? at : null;
  }
}

/** Where a value is drawn, in a drawing of that height. */
export function yOf(value, [low, high], tall) {
  return TOP + (1 - (value - low) / (high - low)) * (tall - 2 * TOP);
}

/** The lowest and the highest value at the left, and zero where it lies between and there is room. */
export function paintValues(context, canvas, [low, high], { width, tall }) {
  context.font = `11px ${getComputedStyle(canvas).fontFamily}`;
  context.fillStyle = ink("--quiet");
  context.strokeStyle = ink("--rule");
  context.lineWidth = 1;
  context.textBaseline = "middle";
  context.textAlign = "right";
  const edge = (value) => Math.max(8, Math.min(tall - 6, yOf(value, [low, high], tall)));
  for (const value of low < 0 && high > 0 ? [low, high, 0] : [low, high]) {
    context.beginPath();
    context.moveTo(LEFT, yOf(value, [low, high], tall));
    context.lineTo(width, yOf(value, [low, high], tall));
    context.stroke();
    const isApart = value !== 0 || [low, high].every((end) => end === 0 || Math.abs(edge(end) - edge(0)) >= ROOM);
    if (isApart) context.fillText(short(value), LEFT - 6, edge(value));
  }
}

/** Where among the steps a step lies, between two of them too. */
export function placeIn(steps, step) {
  const after = lowerBound(steps, step);
  if (after === 0 || after >= steps.length) return Math.min(after, steps.length - 1);
  return after - (steps[after] - step) / (steps[after] - steps[after - 1]);
}

/** What a distribution says of a step, in words. */
export function spreadWords(step, tiles, index) {
  if (tiles.missing[index] || !Number.isFinite(tiles.value(index, 0))) return `step ${whole(step)}: no finite value`;
  const at = (share) => short(tiles.value(index, Math.round(share * (tiles.width - 1))));
  return `step ${whole(step)}: median ${at(0.5)} · half of the values from ${at(0.25)} to ${at(0.75)} · nearly all from ${at(0)} to ${at(1)}`;
}
