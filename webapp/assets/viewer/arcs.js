// A head's attention as arcs over the text in one line: from each token to those that it looks at,
// the wider the more. The chosen token's arcs stand out; of a long text what is in sight is painted.
//
//          ╭───────────────╮
//      ╭───┼───╮       ╭───┤
//      the cat sat  on the mat
import { el, ink, sized } from "./dom.js";
import { looksOf, rowOf } from "./lookedat.js";
import { inks, paintLine } from "./strips.js";
import { TEXT_FONT } from "./textpanel.js";
import { TextLayout } from "./textlayout.js";

const LINE = 20;
const WIDEST = 5; // of an arc, where all of a token's attention goes along it
const FAINT = { most: 3, least: 0.08 }; // arcs of tokens that are not chosen
const CHOSEN = { most: 64, least: 0.01 };
const MARGIN = 6;
const ofStrip = new Uint32Array(256);

export class Arcs {
  /** `pick(token)`: a token was clicked. */
  constructor(root, { pick }) {
    Object.assign(this, { layout: null, frame: null });
    this.canvas = el("canvas", { "aria-hidden": "true" });
    this.spacer = el("div", { className: "spacer" });
    this.scroller = el("div", {
      className: "arcs", tabIndex: 0, role: "group", "aria-label": "Arcs from each token to those that it looks at",
    }, this.canvas, this.spacer);
    root.append(this.scroller);
    this.scroller.addEventListener("scroll", () => this.paint(), { passive: true });
    this.scroller.addEventListener("click", (event) => {
      const found = this.at(event);
      if (found !== null) pick(found);
    });
    new ResizeObserver(() => this.paint()).observe(this.scroller);
  }

  /** Show one head: its matrix in `frame`, the chosen token `from`. */
  show(tokens, frame, head, from, look) {
    const moved = from !== this.from || tokens !== this.layout?.source;
    Object.assign(this, { frame, head, from, look });
    if (this.layout?.source !== tokens) this.arrange(tokens);
    if (moved) this.reveal();
    this.paint();
  }

  arrange(tokens) {
    const context = this.canvas.getContext("2d");
    context.font = TEXT_FONT;
    // One line: a token that would break it keeps its sign.
    const inLine = tokens.map((each) => each.replaceAll("\n", "⏎"));
    this.layout = new TextLayout(inLine, { width: Infinity, lineHeight: LINE, measure: (words) => context.measureText(words).width });
    this.layout.source = tokens;
    const last = tokens.length - 1;
    this.spacer.style.width = `${this.layout.x[last] + this.layout.width[last] + 2 * MARGIN}px`;
  }

  /** Scroll the chosen token into sight. */
  reveal() {
    const { clientWidth, scrollLeft } = this.scroller;
    const x = this.middle(this.from);
    if (x < scrollLeft + 40 || x > scrollLeft + clientWidth - 40) this.scroller.scrollLeft = Math.max(0, x - clientWidth / 2);
  }

  middle(token) { return MARGIN + this.layout.x[token] + this.layout.width[token] / 2; }

  /** The tokens in sight, as [first, past the last]. */
  inSight(left, width) {
    const { x, width: widths } = this.layout;
    let first = 0;
    while (first < x.length - 1 && x[first] + widths[first] + MARGIN < left) first += 1;
    let end = first;
    while (end < x.length && x[end] + MARGIN < left + width) end += 1;
    return [first, end];
  }

  paint() {
    const { scroller, layout, frame } = this;
    if (!layout || !frame || !scroller.clientWidth) return;
    const { clientWidth: width, clientHeight: height, scrollLeft } = scroller;
    const context = sized(this.canvas, width, height);
    context.clearRect(0, 0, width, height);
    const [first, end] = this.inSight(scrollLeft, width);
    const drawn = this.paintArcs(context, { first, end, left: scrollLeft, floor: height - LINE - 2 });
    this.paintText(context, { first, end, left: scrollLeft, top: height - LINE });
    Object.assign(scroller.dataset, { painted: `${first}-${end}`, arcs: drawn });
  }

  paintArcs(context, { first, end, left, floor }) {
    const { frame, head, from, layout } = this;
    const count = Math.min(layout.tokens.length, frame.height);
    const arcs = [];
    for (let token = first; token < Math.min(end, count); token += 1) {
      if (token !== from) for (const look of looksOf(rowOf(frame, head, token), count, FAINT)) arcs.push({ token, ...look });
    }
    const chosen = from < count ? looksOf(rowOf(frame, head, from), count, CHOSEN) : [];
    const middle = (token) => this.middle(token) - left;
    const line = (token, at, share) => arc(context, middle(token), middle(at), floor, WIDEST * share);
    context.strokeStyle = ink("--quiet");
    for (const { token, at, share } of arcs) { context.globalAlpha = 0.1 + 0.3 * share; line(token, at, share); }
    context.strokeStyle = ink("--accent");
    for (const { at, share } of chosen.reverse()) { context.globalAlpha = 0.35 + 0.65 * share; line(from, at, share); }
    context.globalAlpha = 1;
    return arcs.length + chosen.length;
  }

  /** The text under its arcs, coloured by where the chosen token looks. */
  paintText(context, { first, end, left, top }) {
    const { frame, head, from, layout, look } = this;
    const row = rowOf(frame, head, from);
    inks(ofStrip, row, 0, look);
    context.font = TEXT_FONT;
    context.save();
    context.translate(MARGIN - left, 0);
    paintLine(context, layout, [first, end], row.pixels(0), ofStrip, top);
    context.strokeStyle = ink("--accent");
    context.lineWidth = 2;
    context.strokeRect(layout.x[from] - 1, top + 1, layout.width[from] + 2, LINE - 2);
    context.restore();
  }

  at(event) {
    if (!this.layout) return null;
    const box = this.canvas.getBoundingClientRect();
    const found = this.layout.at(event.clientX - box.left + this.scroller.scrollLeft - MARGIN, 0);
    return found !== null && found < this.frame.height ? found : null;
  }
}

/** Half an ellipse between two places; a token that looks at itself has a loop. */
function arc(context, from, to, floor, width) {
  const radius = Math.abs(to - from) / 2;
  context.lineWidth = Math.max(0.75, width);
  context.beginPath();
  if (radius === 0) context.ellipse(from, floor - 5, 4, 5, 0, 0, 2 * Math.PI);
  else context.ellipse((from + to) / 2, floor, radius, Math.min(radius, floor - 8), 0, Math.PI, 2 * Math.PI);
  context.stroke();
}
