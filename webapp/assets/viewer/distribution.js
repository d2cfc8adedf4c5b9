// A distribution: how many values of a layer lie where, as bands over the steps, and as a
// histogram at the step that the slider stands on. A click on the bands goes to that step.
//
//   ▁▂▂▃▃▄▄▅   bands (bands.js)      ▏▎
//   ────────                         ▏████▌   at this step
//   ▔▔▔▀▀▀▀▀                         ▏▊
import { Bands, FOOT, spreadWords } from "./bands.js";
import { el, ink, sized } from "./dom.js";
import { histogramOf, quantilesOf, reachOf } from "./quantiles.js";
import { whole } from "./words.js";

const BINS = 40;
const TALL = { 32: 140, 64: 220, 112: 320, 200: 520 }; // px of the drawings, by the size of pictures

/** How tall the drawings are where that is left to the room. */
export const fitting = (width, ratio) => Math.max(140, Math.min(420, width * ratio));

export class Distribution {
  /** `on`: film(index) gives `{steps, tiles}` of a tile; go(step); read(words). */
  constructor(root, { on = {} }) {
    Object.assign(this, { on, tiles: null, film: null, chosen: 0, beside: null, size: "fit" });
    this.bands = new Bands({
      go: (step) => this.on.go?.(step),
      read: (at) => this.on.read?.(at === null ? "" : spreadWords(this.film.steps[at], this.film.tiles, at)),
    });
    this.now = el("canvas", { className: "histogram", role: "img", "aria-label": "Distribution at this step" });
    this.facts = el("p", { className: "token-facts", role: "status" });
    this.box = el("div", { className: "distribution", hidden: true },
      el("div", { className: "bands-and-histogram" }, this.bands.canvas, this.now), this.facts);
    root.append(this.box);
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
    this.beside?.paint();
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

  /** The lowest and the highest value of what is shown here. */
  get reach() {
    const own = reachOf(this.tiles);
    return this.film ? union(own, reachOf(this.film.tiles)) : own;
  }

  /** The values from the foot to the top of both drawings; of two that are compared, the same. */
  get limits() { return this.beside?.tiles ? union(this.reach, this.beside.reach) : this.reach; }

  paint() {
    if (!this.tiles || !this.box.clientWidth) return;
    const { limits, film, tiles: { step } } = this;
    const wide = this.box.clientWidth - 12;
    const tall = TALL[this.size] ?? fitting(wide, this.beside ? 0.7 : 0.45);
    const beside = Math.max(90, Math.min(220, wide * 0.25));
    this.bands.paint({ film, step, limits, width: wide - beside - 8, tall });
    this.paintHistogram(beside, tall, limits);
    const words = spreadWords(step, this.tiles, this.chosen);
    this.now.setAttribute("aria-label", words);
    if (this.facts.textContent !== words) this.facts.textContent = words;
  }

  paintHistogram(width, tall, limits) {
    const context = sized(this.now, width, tall);
    context.clearRect(0, 0, width, tall);
    context.fillStyle = ink("--curve-1");
    for (const bar of barsOf(this.tiles, this.chosen, limits, { width: width - 4, tall: tall - FOOT })) {
      context.fillRect(1, bar.y, bar.width, bar.tall);
    }
    context.fillStyle = ink("--quiet");
    context.font = `11px ${getComputedStyle(this.box).fontFamily}`;
    context.textBaseline = "middle";
    context.fillText(`at step ${whole(this.tiles.step)}`, 2, tall - 9);
  }
}

const union = ([low, high], [least, most]) => [Math.min(low, least), Math.max(high, most)];

/** The bars of a histogram that lies on its side, from the lowest value up. */
export function barsOf(tiles, index, limits, { width, tall }) {
  const found = histogramOf(quantilesOf(tiles, index), limits, BINS);
  const most = Math.max(...found, 1e-12);
  const each = (tall - 8) / BINS;
  return [...found].map((share, bin) => ({
    y: 4 + (BINS - 1 - bin) * each,
    width: Math.max(share > 0 ? 1 : 0, (share / most) * width),
    tall: Math.max(1, each - 0.5),
  }));
}
