// Notes and stars: written beside what is shown, listed, searched and taken along.
//
//   n ──► dialog: about this unit, step or run ──► POST notes ──► the list, ★ under the picture
import { json, sendJson, Refused } from "./api.js";
import { button, el } from "./dom.js";
import { plural, whole } from "./words.js";

const ABOUT = { unit: "this unit", step: "this step", run: "this run" };

export class Notes {
  constructor(viewer) {
    Object.assign(this, { viewer, notes: [], writable: false, of: null });
    this.build();
    viewer.on((_, what) => {
      if (what === "run") this.load();
    });
  }

  build() {
    this.about = el("select", { "aria-label": "What the note is about" },
      ...Object.entries(ABOUT).map(([value, words]) => el("option", { value }, words)));
    this.about.addEventListener("change", () => this.fill());
    this.star = el("input", { type: "checkbox" });
    this.text = el("textarea", { rows: 4, maxLength: 10000, "aria-label": "Note" });
    this.words = el("p", { className: "quiet", role: "status" });
    this.search = el("input", { type: "search", placeholder: "Search notes", "aria-label": "Search notes" });
    this.search.addEventListener("input", () => this.list());
    this.found = el("ul", { className: "notes-list" });
    this.where = el("p", { className: "quiet" });
    const save = el("button", { type: "button", className: "plain", onclick: () => this.save() }, "Keep the note");
    this.exporting = el("button", { type: "button", className: "plain", onclick: () => this.download() }, "Export all");
    this.form = el("div", { className: "notes-form" },
      el("label", {}, "About ", this.about), el("label", {}, this.star, " ★ star"), this.where, this.text, save);
    this.dialog = el("dialog", { id: "notes", "aria-label": "Notes" }, el("h2", {}, "Notes"), this.form, this.words,
      el("div", { className: "notes-form" }, this.search, this.exporting), this.found,
      el("form", { method: "dialog" }, el("button", { className: "plain" }, "Close")));
    document.body.append(this.dialog);
    this.button = button("note", "Notes and stars (n)", () => this.open(), { id: "notes-button" });
  }

  async load() {
    const { run } = this.viewer;
    try {
      this.take(await json("notes", { run: run.run }), run);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      this.take({ notes: [], writable: false }, run);
      this.words.textContent = error.message;
    }
  }

  take({ notes, writable }, run) {
    if (this.viewer.run?.id !== run.id) return; // another one was opened since
    Object.assign(this, { notes, writable, of: run.id });
    this.list();
    if (this.viewer.frame) this.viewer.gallery.arrange();
  }

  /** ★ under a unit that has one, ✎ under one that has words alone. */
  label(unit) {
    const note = this.at({ layer: this.viewer.series?.layer, unit, step: null });
    return note ? (note.star ? "★" : "✎") : "";
  }

  at({ layer, unit, step }) {
    return this.notes.find((each) => each.layer === layer && each.unit === unit && each.step === step);
  }

  /** What a note about the unit, the step or the run is about. */
  place(about = this.about.value) {
    const { series, place, frame } = this.viewer;
    if (about === "unit" && series?.spread) return { layer: series.layer, unit: place.unit ?? 0, step: null };
    if (about === "step" && frame) return { layer: null, unit: null, step: frame.step };
    return { layer: null, unit: null, step: null };
  }

  open() {
    if (!this.viewer.run || this.dialog.open) return;
    this.form.hidden = !this.writable;
    if (!this.writable && !this.words.textContent) this.words.textContent = "Notes are kept beside runs of this machine alone.";
    this.fill();
    this.list();
    this.dialog.showModal();
    if (this.writable) this.text.focus();
  }

  fill() {
    const place = this.place();
    const note = this.at(place);
    this.star.checked = note?.star ?? false;
    this.text.value = note?.text ?? "";
    this.where.textContent = said(place) || `run ${this.viewer.run.run}`;
  }

  async save() {
    const { run } = this.viewer;
    const note = { ...this.place(), text: this.text.value, star: this.star.checked };
    try {
      this.take(await sendJson("notes", { run: run.run }, note), run);
      this.words.textContent = "Kept.";
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      this.words.textContent = error.message;
    }
  }

  list() {
    const words = this.search.value.toLowerCase().split(/\s+/);
    const found = this.notes.filter((each) => {
      const all = `${each.text} ${said(each)}`.toLowerCase();
      return words.every((word) => all.includes(word));
    });
    this.found.replaceChildren(...found.map((each) => el("li", {},
      el("button", { type: "button", className: "plain", onclick: () => this.go(each) },
        `${each.star ? "★ " : ""}${said(each) || "the run"}`), el("span", {}, each.text))));
    if (!found.length) this.found.append(el("li", { className: "quiet" }, this.notes.length ? "none with these words" : "none yet"));
    this.search.hidden = this.notes.length < 2;
    this.exporting.hidden = !this.notes.length;
  }

  go({ layer, unit, step }) {
    this.dialog.close();
    const { viewer } = this;
    if (layer !== null) viewer.choose({ layer, ...(unit === null ? {} : { unit }), page: "gallery" }, { push: true });
    if (step !== null) viewer.goTo(step);
  }

  download() {
    const { run } = this.viewer;
    const text = JSON.stringify({ run: run.run, id: run.id, notes: this.notes }, null, 1);
    const link = el("a", { href: URL.createObjectURL(new Blob([text], { type: "application/json" })), download: `${run.run.replaceAll("/", "-")}-notes.json` });
    link.click();
    URL.revokeObjectURL(link.href);
    this.words.textContent = `${plural(this.notes.length, "note")} exported.`;
  }
}

/** "conv0 · unit 3", "step 40"; "" of the run. */
function said({ layer, unit, step }) {
  return [layer, unit === null ? null : `unit ${unit}`, step === null ? null : `step ${whole(step)}`]
    .filter((each) => each !== null && each !== undefined).join(" · ");
}
