// What the network foretells behind the chosen token: how surprised it was by it, what it takes for
// likeliest next, and how it would go on. Asked for where the hand rests.
import { json, Refused } from "./api.js";
import { el } from "./dom.js";
import { written } from "./textlayout.js";
import { short } from "./words.js";

const REST = 80; // ms

export class Foretold {
  constructor(viewer) {
    Object.assign(this, { viewer, key: null });
    this.root = el("div", { className: "foretold", role: "group", "aria-label": "What the network foretells" });
    viewer.on((_, what) => {
      if (["painted", "time chosen"].includes(what)) this.later();
    });
  }

  /** The text that is shown: of several side by side, the chosen one. */
  get text() {
    const { series, place: { unit, at } } = this.viewer;
    return series.spread === "probe" ? unit ?? 0 : at.probe ?? 0;
  }

  get asked() {
    const { run, frame, place: { time } } = this.viewer;
    return run?.probe?.texts && frame && time !== null
      ? { run: run.run, id: run.id, step: frame.step, text: this.text, time } : null;
  }

  later() {
    clearTimeout(this.due);
    const key = JSON.stringify(this.asked);
    if (key === this.key) return;
    if (this.asked === null) { this.key = key; this.root.replaceChildren(); return; }
    this.due = setTimeout(() => this.ask(), REST);
  }

  async ask() {
    const { asked } = this;
    const key = JSON.stringify(asked);
    this.key = key;
    if (asked === null) return;
    try {
      const said = await json("token", asked);
      if (key === this.key) this.show(said);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      this.viewer.failed(error);
    }
  }

  /** What of a continuation the text has itself, and what was sampled. */
  apart(continuation) {
    const own = (this.viewer.opened.texts?.[this.text] ?? []).join("");
    let read = 0;
    while (read < continuation.length && continuation[read] === own[read]) read += 1;
    return [continuation.slice(0, read), continuation.slice(read)];
  }

  show({ surprise, likeliest, continuation }) {
    const parts = [];
    if (surprise !== null) parts.push(el("span", { title: "How little it was foretold: 0 bits were certain" }, `surprise ${short(surprise)} bits`));
    if (likeliest.length) parts.push(el("ol", { "aria-label": "Likeliest next tokens" }, ...likeliest.map(nextToken)));
    if (continuation !== null) {
      const [read, sampled] = this.apart(continuation);
      parts.push(el("p", { className: "continuation" }, "After ", el("span", { className: "quiet" }, `…${written(read.slice(-24))}`),
        " it goes on: ", el("b", {}, written(sampled))));
    }
    this.root.replaceChildren(...parts);
  }
}

function nextToken([token, probability]) {
  const item = el("li", {}, `“${written(token)}” `, el("b", {}, short(probability)));
  item.style.setProperty("--share", `${100 * probability}%`);
  return item;
}
