// A distribution: how many values of a layer lie where, as bands over the steps, and as a
// histogram at the step that the slider stands on. A click on the bands goes to that step.
//
//   ▁▂▂▃▃▄▄▅   98, 87, 68 and 38 % of the values       ▏▎
//   ────────   the median                              ▏████▌   at this step
//   ▔▔▔▀▀▀▀▀                                           ▏▊
import { lowerBound } from "./curves.js";
import { el, ink, sized } from "./dom.js";
import { bandsOf, histogramOf, quantilesOf, reachOf } from "./quantiles.js";
import { short, whole } from "./words.js";

const LEFT = 58;
const FOOT = 22;
const BINS = 64;

export class Distribution {
  /** `on`: film(index) gives `{steps, tiles}` of a tile; go(step); read(words). */
  constructor(root, { on = {} }) {
    Object.assign(this, { on, tiles: null, film: null, chosen: 0 });
    this.over = el("canvas", { className: "bands", role: "img", "aria-label": "Distribution over the steps" });
    this.now = el("canvas", { className: "histogram", role: "img", "aria-label": "Distribution at this step" });
    this.facts = el("p", { className: "token-facts", role: "status" });
    this.box = el("div", { className: "distribution", hidden: true }, el("div", { className: "bands-and-histogram" }, this.over, this.now), this.facts);
    root.append(this.box);
    this.over.addEventListener("click", (event) => {
      const found = this.stepAt(event);
      if (found !== null) this.on.go?.(this.film.steps[found]);
    });
    this.over.addEventListener("pointermove", (event) => {
      const found = this.stepAt(event);
      this.on.read?.(found === null ? "" : this.wordsOf(this.film.steps[found], this.film.tiles, found));
    });
    this.over.addEventListener("pointerleave", () => this.on.read?.(""));
    new ResizeObserver(() => this.paint()).observe(this.box);
  }

  async show(tiles, look) {
    Object.assign(this, { tiles, look });
    this.box.hidden = false;
    this.paint();
    const film = await this.on.film?.(this.chosen);
    if (this.tiles !== tiles || !film) return;
    this.film = film;
    this.paint();
  }

  clear() {
    Object.assign(this, { tiles: null, film: null });
    this.box.hidden = true;
  }

  /** One tile is all there is: it needs no order, and whatever its size it fills the room. */
  get order() { return null; }
  indexAt(spot) { return spot; }
  spotOf(index) { return index; }
  arrange() { this.paint(); }

  /** The values from the foot to the top of both drawings. */
  get limits() {
    const [low, high] = reachOf(this.tiles);
    if (!this.film) return [low, high];
    const [least, most] = reachOf(this.film.tiles);
    return [Math.min(low, least), Math.max(high, most)];
  }

  paint() {
    if (!this.tiles || !this.box.clientWidth) return;
    const wide = this.box.clientWidth - 12;
    this.tall = Math.max(140, Math.min(420, wide * 0.45));
    const beside = Math.max(90, Math.min(220, wide * 0.25));
    this.paintBands(wide - beside - 8);
    this.paintHistogram(beside);
    const words = this.wordsOf(this.tiles.step, this.tiles, this.chosen);
    this.now.setAttribute("aria-label", words);
    if (this.facts.textContent !== words) this.facts.textContent = words;
  }

  y(value) {
    const [low, high] = this.limits;
    return 4 + (1 - (value - low) / (high - low)) * (this.tall - FOOT - 8);
  }

  paintBands(width) {
    const context = sized(this.over, width, this.tall);
    context.clearRect(0, 0, width, this.tall);
    this.right = width - 4;
    this.paintAxis(context, width);
    if (!this.film) return;
    const { steps, tiles } = this.film;
    const known = steps.map((_, i) => i).filter((i) => !tiles.missing[i] && Number.isFinite(tiles.value(i, 0)));
    context.fillStyle = ink("--curve-1");
    for (const { low, high } of bandsOf(tiles.width)) {
      context.globalAlpha = 0.22;
      context.beginPath();
      for (const i of known) context.lineTo(this.x(i), this.y(tiles.value(i, high)));
      for (const i of [...known].reverse()) context.lineTo(this.x(i), this.y(tiles.value(i, low)));
      context.fill();
    }
    context.globalAlpha = 1;
    this.paintMedian(context, known);
    this.paintStep(context);
  }

  paintMedian(context, known) {
    const { tiles } = this.film;
    context.strokeStyle = ink("--curve-1");
    context.lineWidth = 1.5;
    context.beginPath();
    for (const i of known) context.lineTo(this.x(i), this.y(tiles.value(i, (tiles.width - 1) >> 1)));
    context.stroke();
    if (known.length !== 1) return;
    context.fillRect(this.x(known[0]) - 3, this.y(tiles.value(known[0], (tiles.width - 1) >> 1)) - 1, 6, 2);
  }

  /** The line at the step that the slider stands on. */
  paintStep(context) {
    const at = this.film.steps.length > 1 ? this.place(this.tiles.step) : 0;
    context.fillStyle = ink("--accent");
    context.fillRect(this.x(at) - 0.75, 4, 1.5, this.tall - FOOT - 4);
  }

  paintAxis(context, width) {
    const [low, high] = this.limits;
    context.font = `11px ${getComputedStyle(this.box).fontFamily}`;
    context.fillStyle = ink("--quiet");
    context.strokeStyle = ink("--rule");
    context.textBaseline = "middle";
    context.textAlign = "right";
    for (const value of low < 0 && high > 0 ? [low, 0, high] : [low, high]) {
      context.fillText(short(value), LEFT - 6, Math.max(8, Math.min(this.tall - FOOT - 6, this.y(value))));
      context.beginPath();
      context.moveTo(LEFT, this.y(value));
      context.lineTo(width, this.y(value));
      context.stroke();
    }
    if (!this.film) return;
    context.textAlign = "left";
    context.fillText(`step ${whole(this.film.steps[0])}`, LEFT, this.tall - 9);
    context.textAlign = "right";
    if (this.film.steps.length > 1) context.fillText(whole(this.film.steps.at(-1)), width - 2, this.tall - 9);
  }

  paintHistogram(width) {
    const context = sized(this.now, width, this.tall);
    context.clearRect(0, 0, width, this.tall);
    const limits = this.limits;
    const found = histogramOf(quantilesOf(this.tiles, this.chosen), limits, BINS);
    const most = Math.max(...found, 1e-12);
    const tall = (this.tall - FOOT - 8) / BINS;
    context.fillStyle = ink("--curve-1");
    found.forEach((share, bin) => {
      context.fillRect(1, 4 + (BINS - 1 - bin) * tall, Math.max(share > 0 ? 1 : 0, (share / most) * (width - 4)), Math.max(1, tall - 0.5));
    });
    context.fillStyle = ink("--quiet");
    context.font = `11px ${getComputedStyle(this.box).fontFamily}`;
    context.textBaseline = "middle";
    context.fillText(`at step ${whole(this.tiles.step)}`, 2, this.tall - 9);
  }

  /** Where in the film a step lies, between two of its steps too. */
  place(step) {
    const { steps } = this.film;
    const after = lowerBound(steps, step);
    if (after === 0 || after >= steps.length) return Math.min(after, steps.length - 1);
    return after - (steps[after] - step) / (steps[after] - steps[after - 1]);
  }

  x(at) {
    const last = this.film.steps.length - 1;
    return last ? LEFT + (at / last) * (this.right - LEFT) : (LEFT + this.right) / 2;
  }

  stepAt(event) {
    if (!this.film) return null;
    const box = this.over.getBoundingClientRect();
    const last = this.film.steps.length - 1;
    const at = Math.round(((event.clientX - box.left - LEFT) / (this.right - LEFT || 1)) * last);
    return at >= 0 && at <= last ? at : null;
  }

  wordsOf(step, tiles, index) {
    if (tiles.missing[index] || !Number.isFinite(tiles.value(index, 0))) return `step ${whole(step)}: no finite value`;
    const at = (share) => short(tiles.value(index, Math.round(share * (tiles.width - 1))));
    return `step ${whole(step)}: median ${at(0.5)} · half of the values from ${at(0.25)} to ${at(0.75)} · nearly all from ${at(0)} to ${at(1)}`;
  }
}
