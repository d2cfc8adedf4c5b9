// A text on a canvas: each token coloured by what one unit says to it. Only the lines in sight are
// painted, so that a text of tens of thousands of tokens scrolls as one of a hundred does.
import { el, ink, sized } from "./dom.js";
import { inks, paintLine } from "./strips.js";
import { TextLayout } from "./textlayout.js";

const FONT = '13px ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace';
const LINE = 20;
const ofStrip = new Uint32Array(256);

export const TEXT_FONT = FONT;

export class TextPanel {
  /** `pick(token)`: a token was clicked; `hover(token)`: the pointer is over it, or over none (null). */
  constructor(root, { pick, hover }) {
    Object.assign(this, { tokens: null, layout: null, time: null });
    this.canvas = el("canvas", { "aria-hidden": "true" });
    this.ring = el("div", { className: "ring", hidden: true });
    this.spacer = el("div", { className: "spacer" }, this.ring);
    this.scroller = el("div", {
      className: "text-panel", tabIndex: 0, role: "group", "aria-label": "Text, coloured by the chosen unit",
    }, this.canvas, this.spacer);
    root.append(this.scroller);
    this.scroller.addEventListener("scroll", () => this.paint(), { passive: true });
    this.scroller.addEventListener("click", (event) => {
      const found = this.at(event);
      if (found !== null) pick(found);
    });
    this.scroller.addEventListener("pointermove", (event) => hover(this.at(event)));
    this.scroller.addEventListener("pointerleave", () => hover(null));
    new ResizeObserver(() => this.arrange()).observe(this.scroller);
  }

  /** Colour the tokens by one strip of the tiles. */
  show(tokens, tiles, index, look) {
    const other = tokens !== this.tokens;
    Object.assign(this, { tokens, tiles, index, look });
    this.scroller.hidden = !tokens;
    if (other) this.arrange();
    else this.paint();
  }

  arrange() {
    const { clientWidth } = this.scroller;
    if (!this.tokens || !clientWidth) return;
    if (this.layout?.tokens !== this.tokens || this.room !== clientWidth) {
      const context = this.canvas.getContext("2d");
      context.font = FONT;
      this.room = clientWidth;
      this.layout = new TextLayout(this.tokens, {
        width: clientWidth - 8, lineHeight: LINE, measure: (words) => context.measureText(words).width,
      });
      this.spacer.style.height = `${this.layout.height}px`;
      this.scroller.dataset.lines = this.layout.lines;
    }
    this.paint();
    this.mark(this.time, { reveal: false });
  }

  paint() {
    const { layout, tiles, scroller } = this;
    if (!layout || !tiles || !scroller.clientWidth || this.index >= tiles.count) return;
    const { clientWidth: width, clientHeight: height, scrollTop } = scroller;
    const context = sized(this.canvas, width, height);
    scroller.style.setProperty("--canvas-height", `${height}px`);
    context.clearRect(0, 0, width, height);
    context.font = FONT;
    inks(ofStrip, tiles, this.index, this.look);
    const pixels = tiles.pixels(this.index);
    const first = Math.max(0, Math.floor(scrollTop / LINE));
    const end = Math.min(layout.lines, Math.ceil((scrollTop + height) / LINE));
    for (let line = first; line < end; line += 1) {
      paintLine(context, layout, layout.span(line), pixels, ofStrip, line * LINE - scrollTop);
    }
    scroller.dataset.painted = `${first}-${end}`;
  }

  /** Put the ring around a token. */
  mark(time, { reveal = true } = {}) {
    this.time = time;
    this.ring.hidden = time === null || !this.layout || time >= this.layout.tokens.length;
    if (this.ring.hidden) return;
    const { x, y, width, height } = this.layout.place(time);
    Object.assign(this.ring.style, {
      transform: `translate(${x}px, ${y}px)`, width: `${width}px`, height: `${height}px`, borderColor: ink("--accent"),
    });
    const { scrollTop, clientHeight } = this.scroller;
    if (reveal && (y < scrollTop || y + height > scrollTop + clientHeight)) {
      this.scroller.scrollTop = Math.max(0, y - clientHeight / 2);
    }
  }

  at(event) {
    if (!this.layout) return null;
    const box = this.canvas.getBoundingClientRect();
    return this.layout.at(event.clientX - box.left, event.clientY - box.top + this.scroller.scrollTop);
  }

  /** The token a line above or below, nearest to the one that is marked. */
  beside(lines) {
    const { layout, time } = this;
    if (!layout || time === null) return null;
    const line = layout.line[time] + lines;
    if (line < 0 || line >= layout.lines) return null;
    const [first, end] = layout.span(line);
    return layout.at(layout.x[time], line * LINE) ?? Math.max(first, end - 1);
  }
}
