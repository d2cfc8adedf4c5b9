// The words over the gallery: what is shown, what the plugin noted, why there is nothing yet.
import { isDistribution, isOverTime, lengthOf } from "./series.js";
import { el } from "./dom.js";
import { isLive } from "./live.js";
import { layerName, plural, probeNoun, title, whole } from "./words.js";

const PATIENCE = 150; // ms until a fetch shows that it takes its time

/** What stands over the gallery. It alone changes what is here. */
export class Heading {
  constructor() {
    this.title = el("h1", {});
    this.dead = el("span", { className: "badge-mark dead", hidden: true });
    this.readout = el("span", { className: "readout" });
    this.caption = el("p", { className: "caption" });
    this.notesHead = el("summary", {});
    this.notesRest = el("ul", {});
    this.notes = el("details", { className: "notes", hidden: true }, this.notesHead, this.notesRest);
    this.progress = el("div", { className: "progress-line", hidden: true });
    this.message = el("div", { className: "message", hidden: true });
    this.noted = "";
  }

  get parts() {
    const head = el("div", { className: "stage-head" }, this.title, this.dead, this.readout);
    return [head, this.caption, this.notes, this.progress, this.message];
  }

  /** Something is being fetched; call what this returns when it has come. */
  expect() {
    const slow = setTimeout(() => { this.progress.hidden = false; }, PATIENCE);
    return () => {
      clearTimeout(slow);
      this.progress.hidden = true;
    };
  }

  /** How many of the units are dead at the step that is shown; nothing where none is. */
  count(tiles, series) {
    const dead = series.spread === "unit" ? deadOf(tiles) : 0;
    this.dead.hidden = dead === 0;
    if (dead) this.dead.textContent = `${whole(dead)} of ${whole(tiles.count)} dead at this step`;
  }

  /** What the pointer is over. */
  read(words) { this.readout.textContent = words; }

  name(series, run) {
    this.message.hidden = true;
    delete document.body.dataset.empty;
    this.title.replaceChildren(el("b", {}, layerName(run, series.layer)), ` · ${describe(series, run)}`);
    this.caption.textContent = series.picture_help || series.help.split("\n")[0];
    document.title = `${series.layer} · ${partTitle(series)} – vizframe`;
  }

  showEmpty(run) {
    document.body.dataset.empty = "true";
    this.title.textContent = run.name || run.run;
    this.caption.textContent = "";
    this.message.hidden = false;
    const live = isLive(run);
    this.message.replaceChildren(
      el("h2", {}, live ? "Waiting for the first step" : "This run is still empty"),
      el("p", {}, live
        ? "The training has started; its first pictures appear here by themselves."
        : "No step was recorded in it. If its training is running, pictures appear here by themselves."));
  }

  /** What the plugin noted: one line, and all of it when opened. */
  note(notes) {
    const text = notes.join("\n");
    if (this.noted === text) return;
    this.noted = text;
    this.notes.hidden = !notes.length;
    const rest = notes.length > 1 ? ` (and ${notes.length - 1} more)` : "";
    this.notesHead.textContent = `${notes[0] ?? ""}${rest}`;
    this.notesRest.replaceChildren(...notes.map((each) => el("li", {}, each)));
  }
}

/** How many tiles say nothing at all. */
export const deadOf = (tiles) =>
  Array.from({ length: tiles.count }, (_, i) => tiles.mark(i)).filter((mark) => mark === "dead").length;

const partTitle = (series) =>
  (series.part && series.title ? `${title(series.label)} · ${series.title}` : title(series.kind));

/** "Weights · 20 units of 5×5", "Recurrent · cell · 96 units over 2,000 tokens" */
export function describe(series, run) {
  const count = series.spread ? lengthOf(series, series.spread) : 1;
  if (isDistribution(series)) return partTitle(series);
  const [h, w] = series.picture_shape;
  const time = series.picture_shape.at(-1);
  const noun = series.spread === "probe" ? probeNoun(run) : series.spread ?? "picture";
  const nouns = count === 1 ? noun : noun === "class" ? "classes" : `${noun}s`;
  const over = isOverTime(series) ? ` over ${plural(time, run.probe?.texts ? "token" : "time step")}` : null;
  const size = over ?? (w === undefined ? "" : ` of ${h}×${w}`);
  return `${partTitle(series)} · ${count} ${nouns}${size}`;
}
