// The film strip of a series over time: one unit's text at each step, a line per step.
import { addresses } from "./api.js";
import { lowerBound } from "./curves.js";
import { sampledSteps } from "./film.js";
import { el, ink, sized } from "./dom.js";
import { inks, paintLine, paintStrips } from "./strips.js";
import { standApart, written } from "./textlayout.js";
import { TEXT_FONT } from "./textpanel.js";
import { whole } from "./words.js";

const LINE = 18;
const LABEL = 50;
const ofStrip = new Uint32Array(256);

export class TextFilm {
  /** `go(step)`: a line was clicked. `wall` shows all lines; else they scroll. */
  constructor(root, { go, wall = false }) {
    Object.assign(this, { wall, tiles: null, texts: null, time: null });
    this.canvas = el("canvas", { role: "img", "aria-label": "Film strip: this unit's text at each step" });
    this.ring = el("div", { className: "ring", hidden: true });
    this.scroller = el("div", { className: wall ? "text-film wall" : "text-film", tabIndex: 0, role: "group",
      "aria-label": "This unit's text at each step" }, this.canvas, this.ring);
    root.append(this.scroller);
    this.canvas.addEventListener("click", (event) => {
      const row = Math.floor((event.clientY - this.canvas.getBoundingClientRect().top) / LINE);
      if (this.tiles && row in this.steps) go(this.steps[row]);
    });
    new ResizeObserver(() => this.draw()).observe(this.scroller);
  }

  /** Fetch and show a tile's film; `tokens` are those of its text, or null. */
  async show(cache, run, series, steps, at, look, tokens) {
    const film = sampledSteps(steps);
    const url = addresses.strip(run, series, film, at);
    this.wanted = url;
    const tiles = await cache.get(url);
    if (this.wanted !== url) return;
    Object.assign(this, { tiles, look, tokens, steps: film, series });
    this.draw();
    this.follow();
  }

  /** The range of this unit over the steps of the film, (low, high); null until it is known. */
  get limits() {
    if (!this.tiles) return null;
    const { low, high, missing } = this.tiles;
    let [least, most] = [Infinity, -Infinity];
    for (let i = 0; i < this.tiles.count; i += 1) {
      if (missing[i]) continue;
      least = Math.min(least, low[i]);
      most = Math.max(most, high[i]);
    }
    if (!(most >= least)) return null;
    const reach = Math.max(Math.abs(least), Math.abs(most));
    return this.look.series.signed ? [-reach, reach] : [least, most];
  }

  setLook(look) {
    if (this.look === look) return;
    const same = this.look && ["dark", "gamma", "series"].every((name) => this.look[name] === look[name])
      && String(this.look.limits) === String(look.limits);
    this.look = look;
    if (!same) this.draw();
  }

  setTime(time) {
    if (this.time === time) return;
    this.time = time;
    this.draw();
  }

  /** Mark the step that is shown. */
  mark(step) {
    if (this.step === step) return;
    this.step = step;
    this.moveRing();
    this.follow();
  }

  get current() {
    if (!this.steps || this.step === undefined) return -1;
    const after = lowerBound(this.steps, this.step);
    return this.steps[after] === this.step ? after : after - 1;
  }

  moveRing() {
    const { current } = this;
    this.ring.hidden = current < 0 || !this.tiles;
    if (this.ring.hidden) return;
    Object.assign(this.ring.style, {
      transform: `translate(0, ${current * LINE}px)`, width: `${this.scroller.clientWidth}px`, height: `${LINE}px`,
    });
  }

  follow() {
    if (this.wall) return;
    const { clientHeight } = this.scroller;
    this.scroller.scrollTop = this.current * LINE - clientHeight / 2 + LINE / 2;
  }

  draw() {
    const { tiles, scroller } = this;
    const width = scroller.clientWidth;
    if (!tiles || !width) return;
    const context = sized(this.canvas, width, tiles.count * LINE);
    context.clearRect(0, 0, width, tiles.count * LINE);
    const layout = this.tokens ? this.layout(context, width - LABEL) : null;
    for (let i = 0; i < tiles.count; i += 1) {
      this.label(context, i);
      if (layout) this.paintTokens(context, layout, i);
      else {
        paintStrips(context, tiles, [i], [0, tiles.width], this.look,
          { x: LABEL, y: i * LINE + 1, width: width - LABEL, height: LINE - 2 });
      }
    }
    scroller.dataset.pictures = tiles.count;
    this.moveRing();
  }

  label(context, i) {
    context.font = `10px ${getComputedStyle(this.scroller).fontFamily}`;
    context.fillStyle = ink("--quiet");
    context.textBaseline = "middle";
    context.textAlign = "right";
    context.fillText(whole(this.steps[i]), LABEL - 6, i * LINE + LINE / 2, LABEL - 6);
  }

  paintTokens(context, layout, i) {
    context.font = TEXT_FONT;
    inks(ofStrip, this.tiles, i, this.look);
    const pixels = this.tiles.pixels(i).subarray(layout.first);
    paintLine(context, layout, [0, layout.words.length], pixels, ofStrip, i * LINE, LABEL);
  }

  /** The tokens around the chosen one, in one line. */
  layout(context, room) {
    context.font = TEXT_FONT;
    const { tokens, tiles } = this;
    const gap = standApart(tokens) ? context.measureText(" ").width : 0;
    const count = Math.min(tokens.length, tiles.width);
    const widthOf = (index) => context.measureText(written(tokens[index])).width + gap;
    let first = Math.min(this.time ?? 0, count - 1);
    for (let left = room / 2; first > 0 && (left -= widthOf(first - 1)) > 0;) first -= 1;
    const found = { lineHeight: LINE, gap, first, words: [], x: [], width: [] };
    for (let x = 0, i = first; i < count; i += 1) {
      const width = widthOf(i);
      if (x + width > room) break;
      found.words.push(written(tokens[i]));
      found.x.push(x);
      found.width.push(width - gap);
      x += width;
    }
    return found;
  }
}
