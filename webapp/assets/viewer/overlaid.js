// Two distributions in one drawing: A's histogram filled, B's as a line over it, on one axis of values.
import { FOOT, LEFT, paintValues } from "./bands.js";
import { barsOf } from "./distribution.js";
import { el, ink, sized } from "./dom.js";
import { quantilesOf } from "./quantiles.js";
import { short } from "./words.js";

export class Overlaid {
  constructor(root) {
    Object.assign(this, { a: null, b: null });
    this.canvas = el("canvas", { className: "histogram", role: "img" });
    this.facts = el("p", { className: "token-facts" });
    this.box = el("div", { className: "distribution overlaid", hidden: true }, this.canvas, this.facts);
    root.append(this.box);
    new ResizeObserver(() => this.paint()).observe(this.box);
  }

  /** `a` and `b` are the `Distribution`s that stand beside it. */
  show(a, b) {
    Object.assign(this, { a, b });
    this.box.hidden = false;
    this.paint();
  }

  clear() {
    this.box.hidden = true;
    this.a = null;
  }

  paint() {
    if (!this.a?.tiles || !this.b?.tiles || !this.box.clientWidth) return;
    const { a, b } = this;
    const words = changeWords(quantilesOf(a.tiles, a.chosen), quantilesOf(b.tiles, b.chosen));
    this.canvas.setAttribute("aria-label", words);
    this.facts.textContent = words;
    const width = this.box.clientWidth - 12;
    const { tall } = a.bands; // the same axis, side by side
    const context = sized(this.canvas, width, tall);
    context.clearRect(0, 0, width, tall);
    paintValues(context, this.canvas, a.limits, { width, tall: tall - FOOT });
    const room = { width: width - LEFT - 6, tall: tall - FOOT };
    context.fillStyle = ink("--curve-1");
    context.globalAlpha = 0.5;
    for (const bar of barsOf(a.tiles, a.chosen, a.limits, room)) context.fillRect(LEFT, bar.y, bar.width, bar.tall);
    context.globalAlpha = 1;
    this.paintLine(context, barsOf(b.tiles, b.chosen, a.limits, room));
    this.paintLegend(context, tall);
  }

  paintLine(context, bars) {
    context.strokeStyle = ink("--curve-2");
    context.lineWidth = 1.8;
    context.beginPath();
    for (const bar of bars) {
      context.lineTo(LEFT + bar.width, bar.y + bar.tall);
      context.lineTo(LEFT + bar.width, bar.y);
    }
    context.stroke();
  }

  paintLegend(context, tall) {
    context.textAlign = "left";
    context.fillStyle = ink("--curve-1");
    context.globalAlpha = 0.5;
    context.fillRect(LEFT, tall - 14, 14, 9);
    context.globalAlpha = 1;
    context.fillStyle = ink("--curve-2");
    context.fillRect(LEFT + 52, tall - 10.5, 14, 2);
    context.fillStyle = ink("--quiet");
    context.fillText("A", LEFT + 20, tall - 9);
    context.fillText("B", LEFT + 72, tall - 9);
  }
}

/** How A's quantiles lie to B's. */
export function changeWords(a, b) {
  const at = (values, share) => values[Math.round(share * (values.length - 1))];
  const width = (values) => at(values, 0.75) - at(values, 0.25);
  if (![...a, ...b].every(Number.isFinite)) return "One of them has no finite value.";
  const moved = at(a, 0.5) - at(b, 0.5);
  const median = `median of A ${moved < 0 ? "" : "+"}${short(moved)} from B's`;
  if (width(b) === 0) return `${median}; the middle half of B's values is one value`;
  return `${median}; the middle half of A's values is ${short(width(a) / width(b))} × as wide as B's`;
}
