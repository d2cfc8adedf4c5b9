// The Live page: a picture, from the camera or a file, and how a layer responds to it right now.
//
//   a picture (source.js) ──► canvas of the network's size
//   POST live ──► maps of the layer, likeliest classes ──► gallery, bars
import { respond, Refused } from "./api.js";
import { AskedNetwork } from "./asked.js";
import { stepLimits } from "./colours.js";
import { $, el, sized } from "./dom.js";
import { Gallery } from "./gallery.js";
import { lookOf, paintTile } from "./painter.js";
import { PictureSource } from "./source.js";
import { whole } from "./words.js";

const LARGE = 224; // CSS pixels of the pictures beside the gallery
const ABOUT = "Use the camera, or drop, paste or open a picture: every unit of the layer responds as it comes.";
const KINDS = new Map([false, true].map((signed) => [signed, { signed, draw: "map" }]));

export class Camera {
  constructor(viewer) {
    Object.assign(this, { viewer, unit: null });
    this.build();
    viewer.on((_, what) => {
      if (["page", "run"].includes(what)) this.turned();
      if (what === "version" && this.isShown && this.asked.told?.weights) this.asked.describe({ weights: "newest" });
      if (what === "series" && this.asked.told && !this.pictures.picture) this.chooseLayer();
      if (what === "theme" && this.tiles) this.paint();
    });
    this.turned();
  }

  get isShown() { return this.viewer.place.page === "live"; }

  build() {
    const page = $("#live-page");
    this.pictures = new PictureSource({
      say: (sentence) => this.say(sentence), changed: () => this.ask(), isShown: () => this.isShown, page,
    });
    const body = el("div", { className: "live-body" });
    this.asked = new AskedNetwork(this.viewer, {
      about: ABOUT, body, isShown: () => this.isShown, stop: () => this.pictures.stop(),
      described: (told) => { this.chooseLayer(); this.pictures.fit(told); },
    });
    this.asked.again = () => this.turned();
    this.layer.addEventListener("change", () => { this.unit = null; this.ask(); });
    this.best = el("ol", { className: "best", "aria-label": "Likeliest classes" });
    this.unitTitle = el("h3", { role: "heading", "aria-level": 2, hidden: true });
    this.unitCanvas = el("canvas", { "aria-hidden": "true" });
    this.readout = el("span", { className: "quiet" });
    this.speed = el("span", { className: "quiet", id: "live-speed" });
    const asked = el("div", { className: "live-asked" },
      ...this.pictures.parts, this.best, this.unitTitle, this.unitCanvas);
    const shown = el("div", { className: "live-shown" },
      el("div", { className: "side-line" }, el("label", {}, "Layer ", this.layer), this.speed, this.readout));
    this.gallery = new Gallery(shown, {
      name: "Units", label: (index) => String(index),
      on: {
        select: (index) => { this.unit = index; this.paint(); },
        open: (index) => this.viewer.choose({ layer: this.layer.value, unit: index, page: "unit" }, { push: true }),
        hover: (said) => { this.readout.textContent = said && `unit ${said}`; },
      },
    });
    body.append(asked, shown);
    page.replaceChildren(el("h1", {}, "Live"), ...this.asked.parts);
  }

  get layer() { return this.asked.layer; }

  /** The page was turned to, or away from. */
  turned() { return this.asked.ready(); }

  /** The layer that was looked at last; else the first that the run has. */
  chooseLayer() {
    const { names } = this.asked;
    const { run, place } = this.viewer;
    const recorded = [place.layer, ...(run?.series ?? []).map((each) => each.layer)];
    this.layer.value = recorded.find((name) => names.includes(name)) ?? names[0] ?? "";
  }

  say(sentence) { this.asked.say(sentence); }

  // ── responses ────────────────────────────────────────────────────────────────────────────────

  async ask() {
    if (!this.pictures.picture || !this.asked.told) return;
    const query = { layer: this.layer.value, ...this.asked.run };
    const began = performance.now();
    try {
      const tiles = await respond(query, this.pictures.take());
      if (tiles.head.layer !== this.layer.value) return; // another one was chosen since
      this.tiles = tiles;
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      this.pictures.stop();
      this.say(error.message);
      return;
    }
    const { step } = this.tiles.head;
    const weights = step === null ? "" : ` · weights of step ${whole(step)}`;
    this.speed.textContent = `${Math.round(performance.now() - began)} ms${weights}`;
    this.paint();
  }

  paint() {
    const { tiles, viewer } = this;
    const series = KINDS.get(tiles.head.signed);
    const limits = viewer.place.scale === "unit" ? null : stepLimits(tiles, series.signed);
    const look = lookOf(series, limits, { dark: viewer.dark });
    this.gallery.show(tiles, look);
    this.gallery.choose(this.unit, { scroll: false });
    this.paintUnit(tiles, look);
    this.best.replaceChildren(...tiles.head.best.map(([name, share]) => el("li", {},
      el("span", {}, name), el("meter", { value: share, min: 0, max: 1 }), el("b", {}, `${(100 * share).toFixed(1)} %`))));
  }

  paintUnit(tiles, look) {
    const chosen = this.unit !== null && this.unit < tiles.count && tiles.picture.length > 0;
    this.unitTitle.hidden = !chosen;
    this.unitCanvas.hidden = !chosen;
    if (!chosen) return;
    this.unitTitle.textContent = `unit ${this.unit}`;
    const context = sized(this.unitCanvas, LARGE, (LARGE * tiles.height) / tiles.width);
    paintTile(context, tiles, this.unit, look, 0, 0, LARGE, (LARGE * tiles.height) / tiles.width);
  }
}
