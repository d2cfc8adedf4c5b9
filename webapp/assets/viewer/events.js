// What happened when, over the slider: epochs, jumps of the loss, findings, large changes of the layer
// that is shown, steps that are missing because their file is damaged, and steps with damaged pictures.
// Only reading a picture tells: the server looks at some with each question, and is asked until it has
// seen all; what the gallery or the chosen unit's film meets is marked at once.
import { events, Refused } from "./api.js";
import { positionOf } from "./curves.js";
import { el } from "./dom.js";
import { plural, whole } from "./words.js";

const REST = 250; // ms until they are asked for
const AGAIN = 250; // ms until the server is asked to look on for damage
const STILL = 800; // ms without another step, before that: nobody drags the slider

const NAMES = {
  epoch: "Epochs", spike: "Loss jumps", finding: "Findings", change: "Large changes", damaged: "Missing steps",
  torn: "Damaged pictures",
};

export class Events {
  constructor(viewer, track) {
    Object.assign(this, { viewer, found: [], key: null, told: [], torn: new Map(), tornOf: "", moved: 0 });
    this.marks = el("div", { className: "events", "aria-hidden": "true" });
    this.list = el("select", { id: "events", "aria-label": "Go to an event", title: "What happened when" });
    this.list.addEventListener("change", () => {
      const event = this.found[Number(this.list.value)];
      this.list.value = "";
      if (event) viewer.goTo(event.step);
    });
    track.insertBefore(this.marks, track.querySelector("#slider"));
    viewer.on((_, what) => {
      if (["series", "version", "run"].includes(what)) this.later();
      if (["painted", "place"].includes(what)) this.lookForDamage();
      if (what === "step") this.moved = performance.now();
    });
  }

  /** Remember which steps of this series came with damaged pictures. */
  lookForDamage() {
    const { run, series, frame, unit: { film } } = this.viewer;
    if (!series || !frame) return;
    const of = JSON.stringify([run.id, series.kind, series.layer]);
    if (of !== this.tornOf) { this.tornOf = of; this.torn = new Map(); }
    const before = this.torn.size;
    const meet = (step, count) => { if (count > (this.torn.get(step) ?? 0)) this.torn.set(step, count); };
    meet(frame.step, frame.missing.reduce((sum, each) => sum + (each ? 1 : 0), 0));
    if (film.tiles && film.series === series) film.steps.forEach((step, i) => meet(step, film.tiles.missing[i] ? 1 : 0));
    if (this.torn.size !== before) this.draw();
  }

  /** What the server told, and the damage that was met. */
  gather() {
    const known = new Set(this.told.filter((each) => each.kind === "torn").map((each) => each.step));
    const torn = [...this.torn].filter(([step]) => !known.has(step)).map(([step, count]) =>
      ({ step, last: step, kind: "torn", words: `${plural(count, "picture")} damaged on disk` }));
    this.found = [...this.told, ...torn].sort((a, b) => a.step - b.step);
  }

  later() {
    const { run, series } = this.viewer;
    if (!series) return;
    const { at } = this.viewer;
    const key = JSON.stringify([run.id, run.version, run.faults.length, series.kind, series.layer, at]);
    if (key === this.key) return;
    this.key = key;
    clearTimeout(this.due);
    this.due = setTimeout(() => this.ask(key), REST);
  }

  async ask(key, look = false) {
    const { viewer } = this;
    try {
      const found = await events(viewer.run, viewer.series, viewer.at, look);
      if (key !== this.key) return;
      this.told = found.events;
      this.draw();
      if (found.unseen) this.due = setTimeout(() => this.lookOn(key), AGAIN);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      viewer.failed(error);
    }
  }

  /** Have the server look on, once nobody waits for a picture. */
  lookOn(key) {
    const { viewer } = this;
    if (key !== this.key) return;
    const isStill = performance.now() - this.moved > STILL && viewer.wanted === viewer.shown;
    if (isStill && !viewer.transport.playing) this.ask(key, true);
    else this.due = setTimeout(() => this.lookOn(key), AGAIN);
  }

  draw() {
    this.gather();
    const { steps } = this.viewer;
    const place = (step) => positionOf(Math.min(Math.max(step, steps[0]), steps.at(-1)), steps) ?? 0;
    this.marks.replaceChildren(...this.found.map((event) => {
      const mark = el("span", { className: `event ${event.kind}`, title: this.words(event) });
      mark.style.left = `${100 * place(event.step)}%`;
      if (event.last > event.step) mark.style.width = `${100 * (place(event.last) - place(event.step))}%`;
      return mark;
    }));
    this.list.hidden = !this.found.length;
    const groups = Object.entries(NAMES).map(([kind, label]) => {
      const options = this.found.flatMap((event, i) => (event.kind === kind ? [el("option", { value: i }, this.words(event))] : []));
      return options.length ? el("optgroup", { label }, ...options) : null;
    });
    this.list.replaceChildren(el("option", { value: "" }, `Events (${this.found.length})`), ...groups.filter(Boolean));
  }

  words(event) { return `step ${whole(event.step)}: ${event.words}`; }

  /** The next event after the step that is shown, or the one before it (keys v and V). */
  go(by) {
    const { viewer, found } = this;
    const others = found.filter((event) => (event.step - viewer.step) * by > 0);
    const next = by > 0 ? others[0] : others.at(-1);
    if (next) viewer.goTo(next.step);
    return next ? this.words(next) : "";
  }
}
