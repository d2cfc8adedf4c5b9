// The viewer: what is shown, and how one gets from one thing to the next.
//
//   place (the URL) ──► run, series, step ──► frame from the cache ──► gallery, unit, transport
//        ▲                                                                     │
//        └──────────────────── choose(…), go(…), keys, clicks ◄────────────────┘
//
// What is done with a run (run.js), a step (step.js), the range of colours (range.js) and the words
// over the gallery (heading.js) is written there, over the state that is kept here.
//
// Dash is told what is shown (the store "choice") and answers with menus and tables.
import { addresses } from "./api.js";
import { showAxes } from "./axes.js";
import { Cache } from "./cache.js";
import { nearest } from "./curves.js";
import { $, el } from "./dom.js";
import { Gallery } from "./gallery.js";
import { Judged } from "./judged.js";
import { sayNotes, showEmpty, words } from "./heading.js";
import { lookOf } from "./painter.js";
import * as place from "./place.js";
import { limitsNow, loadExtent } from "./range.js";
import { openRun, refresh } from "./run.js";
import { Scale } from "./scale.js";
import { atOf, epochOf, lengthOf, missingFrom, otherAxes, resolve, stepsOf } from "./series.js";
import { failed, follow, go, sayNewer } from "./step.js";
import { Transport } from "./transport.js";
import { UnitPanel } from "./unit.js";
import { tileName } from "./words.js";

export class Viewer {
  constructor() {
    this.cache = new Cache();
    this.place = place.read();
    this.run = null;
    this.series = null;
    this.following = this.place.step === null;
    this.direction = 1;
    this.wanted = null; // the URL of the frame to be painted next
    this.shown = null; // … of the one that is painted
    this.listeners = [];
    this.probe = null;
    this.troubled = ""; // why what is wanted cannot be shown
    this.judged = new Judged(this);
    this.build();
  }

  build() {
    const stage = $("#stage");
    this.title = el("h1", {});
    this.readout = el("span", { className: "readout" });
    this.caption = el("p", { className: "caption" });
    this.notesHead = el("summary", {});
    this.notesRest = el("ul", {});
    this.notes = el("details", { className: "notes", hidden: true }, this.notesHead, this.notesRest);
    this.progress = el("div", { className: "progress-line", hidden: true });
    this.message = el("div", { className: "message", hidden: true });
    stage.replaceChildren(
      el("div", { className: "stage-head" }, this.title, this.readout), this.caption, this.notes,
      this.progress, this.message);
    this.gallery = new Gallery(stage, {
      name: "Units", label: (index) => this.labelOf(index),
      on: {
        select: (index) => this.choose({ unit: index }),
        open: (index) => this.choose({ unit: index, page: "unit" }, { push: true }),
        hover: (words) => { this.readout.textContent = words && `${this.noun} ${words}`; },
        name: (index) => tileName(this.run, this.series, this.series.spread ?? "tile", index),
      },
    });
    this.transport = new Transport($("#transport"), {
      go: (index) => this.go(index), follow: () => this.follow(), epochOf: (step) => epochOf(this.run, step),
    });
    this.transport.isPainted = () => this.wanted === this.shown;
    this.scale = new Scale($("#scale"), (patch) => this.rescale(patch));
    this.unit = new UnitPanel($("#unit"), {
      cache: this.cache,
      go: (step) => this.goTo(step),
      open: () => this.choose({ page: "unit" }, { push: true }),
    });
  }

  get noun() { return this.series.spread === "probe" ? "image" : this.series.spread ?? "tile"; }
  get dark() { return document.documentElement.dataset.bsTheme === "dark"; }
  get steps() { return this.series ? stepsOf(this.run, this.series) : []; }
  get step() { return this.steps[this.transport.index]; }
  get at() { return atOf(this.series, this.place.at); }

  /** Call when what is shown has changed: listener(viewer, what). */
  on(listener) { this.listeners.push(listener); }
  tell(what, words) { for (const listener of this.listeners) listener(this, what, words); }

  labelOf(index) {
    return this.series ? this.judged.label(index) : "";
  }

  // ── runs ────────────────────────────────────────────────────────────────────────────────────

  openRun(name) { return openRun(this, name); }
  refresh() { return refresh(this); }
  sayNewer() { return sayNewer(this); }

  // ── series ──────────────────────────────────────────────────────────────────────────────────

  /** Change what is shown: kind, layer, unit, an axis, the scale, the page. */
  choose(patch, { push = false } = {}) {
    const before = this.place;
    this.place = { ...before, ...patch, at: { ...before.at, ...patch.at } };
    place.write(this.addressed(), { push: push || this.isOther(before) });
    if (this.place.kind !== before.kind || this.place.layer !== before.layer || patch.at) this.showSeries();
    else if (patch.unit !== undefined) this.chooseUnit();
    if (patch.scale) this.rescale({});
    if (this.place.page !== before.page) this.tell("page");
    this.tell("place");
  }

  isOther(before) {
    return ["kind", "layer", "run", "page"].some((name) => this.place[name] !== before[name]);
  }

  /** The place as a link says it: without a step while it goes with the newest. */
  addressed() {
    return { ...this.place, step: this.following ? null : this.place.step };
  }

  async showSeries() {
    const series = resolve(this.run, this.place);
    if (!series) { this.showEmpty(); return; }
    const missing = missingFrom(this.run, this.place);
    if (missing) this.tell("missing", `This run has no ${missing}; it shows ${series.kind} of ${series.layer}.`);
    const other = series.kind !== this.series?.kind || series.layer !== this.series?.layer;
    const step = this.following ? null : this.place.step ?? this.gallery.tiles?.step ?? null;
    this.series = series;
    this.message.hidden = true;
    delete document.body.dataset.empty;
    Object.assign(this.place, { kind: series.kind, layer: series.layer });
    if (other) { this.limits = null; this.place.unit = this.unitWithin(series); }
    this.words();
    this.transport.setSteps(this.steps);
    const index = step === null ? this.steps.length - 1 : nearest(this.steps, step);
    this.tell("series");
    const ranged = this.loadExtent({ grow: false });
    this.go(index, { pin: false });
    if (this.curves) this.transport.curves.set(this.curves.steps, this.curves.values, this.steps);
    this.transport.move(index);
    this.showPanels();
    this.sayNewer();
    await ranged;
  }

  unitWithin(series) {
    const count = series.spread ? lengthOf(series, series.spread) : 1;
    return this.place.unit !== null && this.place.unit < count ? this.place.unit : 0;
  }

  words() { return words(this); }
  showEmpty() { return showEmpty(this); }

  showPanels() {
    showAxes($("#axes"), {
      run: this.run, series: this.series, at: this.place.at, probe: this.probe,
      choose: (axis, index) => this.choose({ at: { [axis]: index } }),
    });
    this.scale.show(this.series, this.place.scale, this.limitsNow(), this.dark);
  }

  /** The next along an axis that is not spread (keys i and I). */
  turn(by) {
    const axis = otherAxes(this.series)[0];
    if (!axis) return;
    const length = lengthOf(this.series, axis);
    this.choose({ at: { [axis]: ((this.place.at[axis] ?? 0) + by + length) % length } });
  }

  /** Another layer or kind, in the order of the menu. */
  shift(name, by) {
    const all = name === "kind"
      ? [...new Set(this.run.series.map((each) => each.kind))]
      : [...document.querySelectorAll("#layers [data-layer]")].map((each) => each.dataset.layer);
    const next = all[all.indexOf(this.place[name]) + by];
    if (next !== undefined) this.choose({ [name]: next });
  }

  // ── steps ───────────────────────────────────────────────────────────────────────────────────

  goTo(step) { this.transport.pause(); this.go(nearest(this.steps, step)); }

  go(index, options) { return go(this, index, options); }
  follow() { return follow(this); }
  urlOf(index) { return addresses.tiles(this.run, this.series, this.steps[index], this.at); }

  failed(error) { return failed(this, error); }

  // ── colours ─────────────────────────────────────────────────────────────────────────────────

  loadExtent(options) { return loadExtent(this, options); }
  limitsNow() { return limitsNow(this); }

  rescale(patch) {
    if (patch.size !== undefined) { this.gallery.size = patch.size; this.gallery.arrange(); }
    if (patch.scale) { this.choose({ scale: patch.scale }); return; }
    if (!this.series) return;
    this.paint();
    this.showPanels();
  }

  // ── paint ───────────────────────────────────────────────────────────────────────────────────

  /** The picture that a tile of this series lies over, where it lies over the probe. */
  underOf() {
    if (this.series.over !== "probe" || !this.probe) return null;
    const chosen = this.place.at.probe ?? 0;
    const spread = this.series.spread === "probe";
    const { tiles, look } = this.probe;
    return (index) => ({ tiles, look, index: Math.min(spread ? index : chosen, tiles.count - 1) });
  }

  paint() {
    if (!this.frame || !this.series) return;
    const limits = this.limitsNow();
    this.look = lookOf(this.series, limits, {
      dark: this.dark, gamma: this.scale.gamma, opacity: this.scale.opacity,
    });
    this.gallery.size = this.scale.size;
    const first = this.gallery.tiles === null;
    this.gallery.show(this.frame, this.look, this.underOf());
    this.sayNotes(this.frame.notes);
    if (this.place.scale === "step") this.scale.show(this.series, "step", limits, this.dark);
    $("#stage").dataset.step = this.frame.step;
    $("#stage").dataset.url = this.shown;
    if (first || this.unitOf !== this.unitKey()) this.chooseUnit();
    this.unit.show(this.frame, this.look, this.underOf());
    this.tell("painted");
  }

  sayNotes(notes) { return sayNotes(this, notes); }

  unitKey() {
    return JSON.stringify([this.run.id, this.series.kind, this.series.layer, this.place.unit, this.at, this.steps.length]);
  }

  chooseUnit() {
    if (!this.series || !this.frame) return;
    const { unit } = this.place;
    this.gallery.choose(unit);
    if (this.unitOf === this.unitKey()) return;
    this.unitOf = this.unitKey();
    this.unit.choose({
      run: this.run, series: this.series, at: this.place.at, index: unit, look: this.look, under: this.underOf(),
    }).catch((error) => this.failed(error));
    this.unit.show(this.frame, this.look, this.underOf());
  }

  move(dx, dy) {
    const next = this.gallery.neighbour(dx, dy);
    if (next !== null) this.choose({ unit: next });
  }
}
