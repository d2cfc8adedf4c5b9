// Out of the page: what is shown as a picture or film, the run as one file.
import { file, Refused } from "./api.js";
import { button, el } from "./dom.js";

const FORMS = {
  png: "Picture of this step (PNG)", gif: "Film over training (GIF)", mp4: "Film over training (MP4)",
  webm: "Film over training (WebM)", html: "The whole run in one page (HTML)",
};

export class Export {
  constructor(viewer) {
    this.viewer = viewer;
    this.form = el("select", { "aria-label": "What to export" },
      ...Object.entries(FORMS).map(([value, words]) => el("option", { value }, words)));
    this.pixels = el("input", { type: "number", min: 1, max: 4096, value: 64, "aria-label": "Pixels of each picture" });
    this.rate = el("input", { type: "number", min: 1, max: 60, value: 8, "aria-label": "Steps a second" });
    this.alone = el("input", { type: "checkbox" });
    this.make = el("button", { type: "button", className: "plain", onclick: () => this.export() }, "Export");
    this.words = el("p", { className: "quiet", role: "status" });
    this.size = el("label", {}, "pixels of each picture ", this.pixels);
    this.speed = el("label", {}, "steps/s ", this.rate);
    this.unit = el("label", {}, this.alone, " the chosen unit alone");
    this.form.addEventListener("change", () => this.fit());
    this.dialog = el("dialog", { id: "export", "aria-label": "Export" }, el("h2", {}, "Export"),
      el("div", { className: "notes-form" }, this.form, this.size, this.speed, this.unit), this.words,
      el("div", { className: "notes-form" }, this.make,
        el("form", { method: "dialog" }, el("button", { className: "plain" }, "Close"))));
    document.body.append(this.dialog);
    this.button = button("take", "Export what is shown (e)", () => this.open(), { id: "export-button" });
    this.fit();
  }

  open() {
    if (!this.viewer.series || this.dialog.open) return;
    this.words.textContent = "";
    this.dialog.showModal();
  }

  /** Only what a form has to be asked. */
  fit() {
    const form = this.form.value;
    this.size.hidden = form === "html";
    this.speed.hidden = !["gif", "mp4", "webm"].includes(form);
    this.unit.hidden = form === "html";
  }

  query() {
    const { viewer, viewer: { run, series, place, frame } } = this;
    const as = this.form.value;
    const query = { run: run.run, as, scale: place.scale, dark: String(viewer.dark) };
    if (as === "html") return query;
    Object.assign(query, { kind: series.kind, layer: series.layer, pixels: this.pixels.value });
    if (as === "png") query.step = frame.step;
    else query.rate = this.rate.value;
    if (this.alone.checked && series.spread === "unit") query.unit = place.unit ?? 0;
    if (series.tile_axes.includes("probe") && series.spread !== "probe") query.probe = place.at.probe ?? 0;
    return query;
  }

  async export() {
    this.make.disabled = true;
    const began = performance.now();
    const due = setInterval(() => {
      this.words.textContent = `Being made, since ${Math.round((performance.now() - began) / 1000)} s …`;
    }, 500);
    try {
      const { name, blob } = await file("export", this.query());
      const link = el("a", { href: URL.createObjectURL(blob), download: name });
      link.click();
      URL.revokeObjectURL(link.href);
      this.words.textContent = `${name}, ${(blob.size / 1e6).toFixed(blob.size < 1e6 ? 2 : 1)} MB.`;
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      this.words.textContent = error.message;
    } finally {
      clearInterval(due);
      this.make.disabled = false;
    }
  }
}
