// The Film page of a distribution: a row of bands per layer, all over the same steps.
//
//   conv1   ▂▂▃▃▄▄▅▅
//   conv2   ▂▂▂▂▂▂▂▂     a click goes to that layer and step; rows out of sight are not fetched
import { addresses } from "./api.js";
import { Bands, FOOT, spreadWords } from "./bands.js";
import { el } from "./dom.js";
import { sampledSteps } from "./film.js";
import { reachOf } from "./quantiles.js";
import { isDistribution, stepsOf, tileAt } from "./series.js";
import { layerName } from "./words.js";

const SIZES = { 32: 48, 64: 80, 112: 130, 200: 220 };
const LEAST = 80;
const MOST = 260;
const HEADS = 60; // px of a row beside its bands

export class LayersFilm {
  /** `read(words)`: what is under the pointer. */
  constructor(root, viewer, { read }) {
    Object.assign(this, { viewer, read, key: null, rows: [] });
    this.box = el("div", { className: "layers-film", hidden: true, tabIndex: 0, role: "group", "aria-label": "Layers down, training steps across" });
    root.append(this.box);
    new ResizeObserver(() => this.paint()).observe(this.box);
    this.watcher = new IntersectionObserver((seen) => {
      for (const { target, isIntersecting } of seen) if (isIntersecting) this.rowOf(target)?.fetch();
    }, { root: this.box, rootMargin: "50%" });
  }

  rowOf(root) { return this.rows.find((row) => row.root === root); }

  show() {
    const { run, series, steps } = this.viewer;
    const key = JSON.stringify([run.id, series.kind, steps.length]);
    this.box.hidden = false;
    if (key !== this.key) { this.key = key; this.build(run, series.kind); }
    this.paint();
    this.rows.find((row) => row.isChosen)?.root.scrollIntoView({ block: "nearest" });
  }

  hide() { this.box.hidden = true; }

  build(run, kind) {
    this.watcher.disconnect();
    const forward = run.layers.map((layer) => layer.name);
    const all = run.series.filter((each) => each.kind === kind && isDistribution(each))
      .sort((a, b) => forward.indexOf(a.layer) - forward.indexOf(b.layer));
    this.rows = all.map((series) => new Row(this, series));
    this.box.replaceChildren(...this.rows.map((row) => row.root));
    for (const row of this.rows) this.watcher.observe(row.root);
  }

  paint() {
    if (!this.box.clientWidth || this.box.hidden) return;
    for (const row of this.rows) row.paint();
  }

  /** The chosen layer in words. */
  get words() { return this.rows.find((row) => row.isChosen)?.words(this.viewer.step) ?? ""; }

  /** Another layer, by so many rows. */
  move(by) {
    const next = this.rows[this.rows.findIndex((row) => row.isChosen) + by];
    if (next) this.viewer.choose({ layer: next.series.layer });
  }
}

class Row {
  constructor(film, series) {
    Object.assign(this, { film, series, found: null });
    const { viewer } = film;
    const choose = () => viewer.choose({ layer: series.layer });
    this.name = el("button", { type: "button", className: "link", onclick: choose }, layerName(viewer.run, series.layer));
    this.bands = new Bands({
      go: (step) => { choose(); viewer.goTo(step); },
      read: (at) => film.read(at === null ? "" : `${layerName(viewer.run, series.layer)} · ${spreadWords(this.found.steps[at], this.found.tiles, at)}`),
    });
    this.root = el("div", { className: "layer-row" }, this.name, this.bands.canvas);
  }

  get isChosen() { return this.series.layer === this.film.viewer.series?.layer; }

  async fetch() {
    if (this.asked) return;
    this.asked = true;
    const { viewer } = this.film;
    const { run } = viewer;
    const steps = sampledSteps(stepsOf(run, this.series));
    try {
      const tiles = await viewer.cache.get(addresses.strip(run, this.series, steps, tileAt(this.series, viewer.place.at, 0)));
      this.found = { steps, tiles };
      this.paint();
      if (this.isChosen) this.film.read("");
    } catch (error) {
      this.asked = false; // it is asked for again when it comes into sight
      viewer.failed(error);
    }
  }

  paint() {
    const { viewer, box, rows } = this.film;
    const fit = Math.max(LEAST, Math.min(MOST, box.clientHeight / rows.length - HEADS));
    const tall = SIZES[viewer.scale.size] ?? fit;
    this.root.classList.toggle("chosen", this.isChosen);
    if (this.isChosen) this.name.setAttribute("aria-current", "true");
    else this.name.removeAttribute("aria-current");
    const width = box.clientWidth - 4;
    const limits = this.found ? reachOf(this.found.tiles) : [-1, 1];
    this.bands.paint({ film: this.found, step: viewer.step, limits, width, tall: tall + FOOT });
    this.bands.canvas.setAttribute("aria-label", this.words(viewer.step) || "Distribution over the steps");
  }

  /** What the nearest step of the film that is not after `step` says. */
  words(step) {
    if (!this.found) return "";
    const { steps, tiles } = this.found;
    const after = steps.findIndex((each) => each > step);
    const at = after < 0 ? steps.length - 1 : Math.max(0, after - 1);
    return `${layerName(this.film.viewer.run, this.series.layer)} · ${spreadWords(steps[at], tiles, at)}`;
  }
}
