// What the network says of each probe image, written under its picture: "5 → 6 · 3.2" is a 5 that
// is explained as a 6, whose score is 3.2.
//
// The numbers are asked for where the hand rests on a step; until they are there, the labels say
// only what does not depend on the step.
import { columns, Refused } from "./api.js";
import { columnOf } from "./series.js";
import { tileLabel, valueWords } from "./words.js";

const REST = 80; // ms

const isJudged = (series) =>
  series.spread === "probe" && Boolean(columnOf(series, "class") && columnOf(series, "score"));

export class Judged {
  constructor(viewer) {
    Object.assign(this, { viewer, key: null, said: null });
    viewer.on((_, what) => { if (what === "painted") this.later(); });
  }

  /** The label of a tile of the gallery: its own, and what the network says of it. */
  label(index) {
    const { run, series } = this.viewer;
    const own = tileLabel(run, series, series.spread, index);
    if (!isJudged(series)) return own;
    return `${own || index} → ${this.said && this.key === this.now ? this.verdict(index) : "…"}`;
  }

  verdict(index) {
    const { run, series } = this.viewer;
    const [found, score] = ["class", "score"].map((role) => {
      const name = columnOf(series, role);
      return valueWords(run, series, name, this.said[name][index]);
    });
    return `${found} · ${score}`;
  }

  get now() {
    const { run, series, frame, at } = this.viewer;
    return JSON.stringify([run.id, series.kind, series.layer, frame.step, at]);
  }

  later() {
    const { series, frame } = this.viewer;
    if (!frame || !isJudged(series) || this.key === this.now) return;
    clearTimeout(this.due);
    this.due = setTimeout(() => this.ask(), REST);
  }

  async ask() {
    const { viewer } = this;
    const { run, series, frame, at } = viewer;
    if (!series || !frame || !isJudged(series) || viewer.shown !== viewer.wanted) return;
    const key = this.now;
    try {
      const said = await columns(run, series, frame.step, at);
      if (viewer.series !== series || key !== this.now) return;
      Object.assign(this, { key, said });
      viewer.gallery.paint();
      viewer.tell("judged");
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      viewer.failed(error);
    }
  }
}
