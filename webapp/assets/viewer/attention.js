// Where a head of attention looks: under its matrices stands the text, coloured by how much the chosen
// token (its row of the matrix) looks at each other one.
import { el } from "./dom.js";
import { mostLookedAt, rowOf } from "./lookedat.js";
import { written } from "./textlayout.js";
import { TextPanel } from "./textpanel.js";
import { short } from "./words.js";

export const isAttention = (series) => series.draw === "attention";

export class Attention {
  constructor(viewer, root) {
    this.viewer = viewer;
    this.box = el("div", { className: "attention", hidden: true });
    this.said = el("p", { className: "looks", role: "status" });
    this.text = new TextPanel(this.box, {
      pick: (time) => viewer.choose({ time }), hover: () => {},
    });
    this.text.scroller.setAttribute("aria-label", "Text, coloured by where the chosen token looks");
    this.box.append(this.said);
    root.append(this.box);
    viewer.on((_, what) => {
      if (["painted", "place", "series", "time chosen", "theme"].includes(what)) this.show();
    });
  }

  show() {
    const { viewer } = this;
    const { series, frame, look, place: { unit, at, time } } = viewer;
    const tokens = viewer.opened.texts?.[at.probe ?? 0] ?? null;
    this.box.hidden = !series || !isAttention(series) || !tokens;
    if (this.box.hidden || !frame || look?.series !== series || unit >= frame.count) return;
    const from = Math.min(time ?? 0, frame.height - 1, tokens.length - 1);
    const row = rowOf(frame, unit, from);
    this.text.show(tokens, row, 0, look);
    this.text.mark(from, { reveal: false });
    const { at: most, share } = mostLookedAt(row, tokens.length);
    this.said.textContent = `${viewer.nameOf(unit)}: token ${from} “${written(tokens[from])}” looks most at token ${most} `
      + `“${written(tokens[most])}” (${short(share)}); a click on the text chooses another token`;
  }
}
