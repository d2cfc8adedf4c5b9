// The viewer: what is shown, and how one gets from one thing to the next.
//
//   place (the URL) ──► run, series, step ──► frame from the cache ──► gallery, unit, transport
//        ▲                                                                     │
//        └──────────────────── choose(…), go(…), keys, clicks ◄────────────────┘
//
// The run (run.js), the step (step.js), the range of colours (range.js) and the words over the
// gallery (heading.js) are objects that own what they change; the viewer owns the place and the
// series, and brings them together.
//
// Dash is told what is shown (the store "choice") and answers with menus and tables.
import { addresses } from "./api.js";
import { sampledSteps } from "./film.js";
import { showAxes } from "./axes.js";
import { Attention } from "./attention.js";
import { Cache } from "./cache.js";
import { nearest } from "./curves.js";
import { $, el } from "./dom.js";
import { Events } from "./events.js";
import { Foretold } from "./foretold.js";
import { Judged } from "./judged.js";
import { Heading } from "./heading.js";
import { lookOf } from "./painter.js";
import { Pictures } from "./pictures.js";
import * as place from "./place.js";
import { ValueRange } from "./range.js";
import { OpenRun } from "./run.js";
import { Scale } from "./scale.js";
import { atOf, epochOf, hasScale, isOverTime, lengthOf, missingFrom, otherAxes, resolve, stepsOf, tileAt } from "./series.js";
import { Stepper } from "./step.js";
import { Transport } from "./transport.js";
import { UnitPanel } from "./unit.js";
import { probeNoun, tileName } from "./words.js";

export class Viewer {
  constructor() {
    this.cache = new Cache();
    this.place = place.read();
    this.series = null;
    this.listeners = [];
    this.movers = new Map(); // what arrow keys do on pages that see to it themselves
    this.opened = new OpenRun(this);
    this.stepper = new Stepper(this, { following: this.place.step === null });
    this.range = new ValueRange(this);
    this.heading = new Heading();
    this.judged = new Judged(this);
    this.build();
  }

  build() {
    const stage = $("#stage");
    stage.replaceChildren(...this.heading.parts);
    this.gallery = new Pictures(stage, {
      name: "Units", label: (index) => this.labelOf(index),
      on: {
        select: (index) => this.choose({ unit: index }),
        open: (index) => this.choose({ unit: index, page: "unit" }, { push: true }),
        hover: (words) => this.heading.read(words && `${this.noun} ${words}`),
        resize: (by) => this.scale.resize(by),
        read: (words) => this.heading.read(words),
        time: (time) => this.choose({ time }),
        name: (index) => this.nameOf(index),
        film: (index) => this.filmOf(index),
        go: (step) => this.goTo(step),
      },
    });
    this.foretold = new Foretold(this);
    this.gallery.sequence.more.append(this.foretold.root);
    new Attention(this, stage);
    this.transport = new Transport($("#transport"), {
      chooseUnit: (spot) => this.choose({ unit: this.gallery.indexAt(spot) }),
      go: (index) => this.go(index), follow: () => this.follow(), epochOf: (step) => epochOf(this.run, step),
    });
    this.events = new Events(this, this.transport.track);
    this.transport.where.append(this.events.list);
    this.transport.isPainted = () => this.wanted === this.shown;
    this.scale = new Scale($("#scale"), (patch) => this.rescale(patch));
    this.unit = new UnitPanel($("#unit"), {
      cache: this.cache,
      go: (step) => this.goTo(step),
      open: () => this.choose({ page: "unit" }, { push: true }),
      lookOfText: (look) => this.lookOfText(look),
      filmed: (isText) => { if (isText) this.paint(); this.events.lookForDamage(); },
    });
  }

  get run() { return this.opened.manifest; }
  get probe() { return this.opened.probe; }
  get curves() { return this.opened.curves; }
  get following() { return this.stepper.following; }
  get wanted() { return this.stepper.wanted; }
  get shown() { return this.stepper.shown; }
  get frame() { return this.stepper.frame; }
  get troubled() { return this.stepper.troubled; }
  get noun() { return this.series?.spread === "probe" ? probeNoun(this.run, true) : this.series?.spread ?? "tile"; }
  get dark() { return document.documentElement.dataset.bsTheme === "dark"; }
  get steps() { return this.series ? stepsOf(this.run, this.series) : []; }
  get step() { return this.steps[this.transport.index]; }
  get at() { return atOf(this.series, this.place.at); }

  /** Call when what is shown has changed: listener(viewer, what). */
  on(listener) { this.listeners.push(listener); }
  tell(what, words) { for (const listener of this.listeners) listener(this, what, words); }

  nameOf(index) { return tileName(this.run, this.series, this.series.spread ?? "tile", index); }

  labelOf(index) {
    if (!this.series) return "";
    const sorted = this.order?.label(index) ?? "";
    const noted = this.series.spread === "unit" ? this.notes?.label(index) : "";
    const pointed = this.series.spread === "unit" && this.pointed?.layer === this.series.layer
      && this.pointed.units.includes(index) ? "⚠" : "";
    return [pointed, noted, this.judged.label(index), sorted].filter(Boolean).join(" · ");
  }

  // ── runs ────────────────────────────────────────────────────────────────────────────────────

  openRun(...asked) { return this.opened.open(...asked); }
  refresh() { return this.opened.refresh(); }
  sayNewer() { this.stepper.sayNewer(); }

  /** Another run is open: nothing is shown of the one before. */
  leave() {
    this.series = null;
    this.stepper.reset();
    this.gallery.clear();
  }

  /** The same series, as the run has it now. */
  renewSeries(series) { this.series = series; }

  // ── series ──────────────────────────────────────────────────────────────────────────────────

  /** Change what is shown: kind, layer, unit, an axis, the scale, the page. */
  choose(patch, { push = false } = {}) {
    const before = this.place;
    this.place = { ...before, ...patch, at: { ...before.at, ...patch.at } };
    const moved = place.search(this.place) !== place.search(before);
    place.write(this.addressed(), { push: moved && (push || this.isOther(before)) });
    if (this.place.kind !== before.kind || this.place.layer !== before.layer || patch.at) this.showSeries();
    else if (patch.unit !== undefined) this.chooseUnit();
    if (patch.time !== undefined) this.chooseTime();
    if (patch.scale) this.rescale({});
    if (this.place.page !== before.page) this.tell("page");
    this.tell("place");
  }

  /** Another place altogether: an address that one went back to, another run. */
  setPlace(next) { this.place = next; }

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
    Object.assign(this.place, { kind: series.kind, layer: series.layer });
    if (other) { this.range.reset(); this.place.unit = this.unitWithin(series); }
    this.heading.name(series, this.run);
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

  showEmpty() {
    this.gallery.clear();
    this.series = null;
    this.heading.showEmpty(this.run);
    this.tell("series");
  }

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

  go(index, options) { this.stepper.go(index, options); }
  follow() { this.stepper.follow(); }
  urlOf(index) { return addresses.tiles(this.run, this.series, this.steps[index], this.at); }

  failed(error) { this.stepper.failed(error); }

  // ── colours ─────────────────────────────────────────────────────────────────────────────────

  loadExtent(options) { return this.range.load(options); }
  limitsNow() { return this.range.now(); }

  rescale(patch) {
    if (patch.size !== undefined) { this.gallery.size = patch.size; this.gallery.arrange(); }
    if (patch.scale) { this.choose({ scale: patch.scale }); return; }
    if (!this.series) return;
    this.paint();
    this.showPanels();
  }

  // ── sequences ───────────────────────────────────────────────────────────────────────────────

  /** The tokens that a tile of a series over time lies under: those of its text. */
  textsOf(at = this.place.at, { series, run } = this) {
    const { texts } = this.opened;
    if (!texts || !isOverTime(series) || run.probe?.digest !== this.run.probe?.digest) return null;
    return (index) => texts[Math.min(series.spread === "probe" ? index : at.probe ?? 0, texts.length - 1)] ?? null;
  }

  /** A text is coloured over the range of its unit: one that is faint beside others has colours, too.
   *  The range is that of all steps, so that it does not change with the slider. */
  lookOfText(look) {
    const { place: { scale }, series } = this;
    const limits = this.unitOf === this.unitKey() ? this.unit.textFilm.limits : null;
    return scale === "history" && hasScale(series) && !series.value_range && limits ? { ...look, limits } : look;
  }

  chooseTime() {
    this.gallery.chooseTime(this.place.time);
    this.unit.chooseTime(this.place.time);
    this.tell("time chosen");
  }

  // ── paint ───────────────────────────────────────────────────────────────────────────────────

  /** The picture that a tile of this series lies over, where it lies over the probe. */
  underOf(at = this.place.at, { series, run } = this) {
    if (series.over !== "probe" || !this.probe || run.id !== this.run.id) return null;
    const chosen = at.probe ?? 0;
    const spread = series.spread === "probe";
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
    this.gallery.chooseTime(this.place.time);
    this.gallery.show(this.frame, this.look, this.underOf(), this.textsOf(), (look) => this.lookOfText(look));
    this.heading.note(this.frame.notes);
    this.heading.count(this.frame, this.series);
    if (this.place.scale === "step") this.scale.show(this.series, "step", limits, this.dark);
    $("#stage").dataset.step = this.frame.step;
    $("#stage").dataset.url = this.shown;
    if (first || this.unitOf !== this.unitKey()) this.chooseUnit();
    this.unit.show(this.frame, this.look, this.underOf());
    this.choosePointed();
    this.tell("painted");
  }

  /** Mark the units that a finding means, and choose the first of them once the layer is painted. */
  point(layer, units) {
    this.pointed = { layer, units, isNew: true };
    this.paint();
  }

  choosePointed() {
    if (!this.pointed?.isNew || this.pointed.layer !== this.series.layer) return;
    this.pointed.isNew = false;
    if (this.pointed.units.length) this.choose({ unit: this.pointed.units[0] });
    this.gallery.arrange();
  }

  /** A tile at the steps of its film, `{steps, tiles}`; of another run and series where they are given. */
  async filmOf(index, { run, series, at } = { run: this.run, series: this.series, at: this.place.at }) {
    const steps = sampledSteps(stepsOf(run, series));
    const tiles = await this.cache.get(addresses.strip(run, series, steps, tileAt(series, at, index)));
    return { steps, tiles };
  }

  unitKey() {
    return JSON.stringify([this.run.id, this.series.kind, this.series.layer, this.place.unit, this.at, this.steps.length]);
  }

  chooseUnit() {
    if (!this.series || !this.frame) return;
    const { unit } = this.place;
    this.gallery.choose(unit);
    this.transport.setUnit(this.gallery.spotOf(unit), this.frame.count, this.nameOf(unit), this.noun);
    if (this.unitOf === this.unitKey()) return;
    this.unitOf = this.unitKey();
    this.unit.choose({
      run: this.run, series: this.series, at: this.place.at, index: unit, look: this.look, under: this.underOf(),
      texts: this.textsOf(), time: this.place.time,
    }).catch((error) => this.failed(error));
    this.unit.show(this.frame, this.look, this.underOf());
  }

  /** Where one unit is seen alone, the one before or after it. */
  unitBeside(by) {
    const spot = this.gallery.spotOf(this.place.unit) + by;
    return spot >= 0 && spot < this.frame.count ? { unit: this.gallery.indexAt(spot) } : null;
  }

  move(dx, dy) {
    const mover = this.movers.get(this.place.page);
    if (mover) { mover(dx, dy); return; }
    const alone = ["unit", "zoom"].includes(this.place.page) && dx && !isOverTime(this.series);
    const next = alone ? this.unitBeside(dx) : this.gallery.toward(dx, dy);
    if (next !== null) this.choose(next);
  }
}
