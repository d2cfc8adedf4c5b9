// Where a head of attention looks: under its matrices stands the text, coloured by how much the chosen
// token (its row of the matrix) looks at each other one, or in one line under arcs.
import { Arcs } from "./arcs.js";
import { check, el, kept, radios } from "./dom.js";
import { mostLookedAt, rowOf } from "./lookedat.js";
import { written } from "./textlayout.js";
import { TextPanel } from "./textpanel.js";
import { short } from "./words.js";

export const isAttention = (series) => series.draw === "attention";

const DRAWINGS = {
  text: ["Text", "The text in lines, coloured by where the chosen token looks"],
  arcs: ["Arcs", "The text in one line, with an arc to each token that is looked at"],
};

export class Attention {
  constructor(viewer, root) {
    this.viewer = viewer;
    this.drawing = kept.get("attention", "text") === "arcs" ? "arcs" : "text";
    this.box = el("div", { className: "attention", hidden: true });
    this.said = el("p", { className: "looks", role: "status" });
    this.choice = radios("attention-drawing", DRAWINGS, (drawing) => this.choose(drawing),
      el("legend", {}, "Where it looks"));
    this.box.append(el("div", { className: "attention-head" }, this.choice, this.said));
    const pick = (time) => viewer.choose({ time });
    this.text = new TextPanel(this.box, { pick, hover: () => {} });
    this.text.scroller.setAttribute("aria-label", "Text, coloured by where the chosen token looks");
    this.arcs = new Arcs(this.box, { pick });
    root.append(this.box);
    viewer.on((_, what) => {
      if (["painted", "place", "series", "time chosen", "theme"].includes(what)) this.show();
    });
  }

  choose(drawing) {
    this.drawing = drawing;
    kept.set("attention", drawing);
    this.show();
  }

  show() {
    const { viewer } = this;
    const { series, frame, look, place: { unit, at, time } } = viewer;
    const tokens = viewer.opened.texts?.[at.probe ?? 0] ?? null;
    this.box.hidden = !series || !isAttention(series) || !tokens;
    if (this.box.hidden || !frame || look?.series !== series || unit >= frame.count) return;
    const head = unit ?? 0;
    const from = Math.min(time ?? 0, frame.height - 1, tokens.length - 1);
    const row = rowOf(frame, head, from);
    this.draw(tokens, row, { head, from });
    const { at: most, share } = mostLookedAt(row, tokens.length);
    this.said.textContent = `${viewer.nameOf(unit)}: token ${from} “${written(tokens[from])}” looks most at token ${most} `
      + `“${written(tokens[most])}” (${short(share)}); a click on the text chooses another token`;
  }

  draw(tokens, row, { head, from }) {
    const { frame, look } = this.viewer;
    const isArcs = this.drawing === "arcs";
    check(this.choice, this.drawing);
    this.box.dataset.drawing = this.drawing;
    this.arcs.scroller.hidden = !isArcs;
    if (isArcs) {
      this.text.scroller.hidden = true;
      this.arcs.show(tokens, frame, head, from, look);
      return;
    }
    this.text.show(tokens, row, 0, look);
    this.text.mark(from, { reveal: false });
  }
}
