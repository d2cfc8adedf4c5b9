// What if: units switched off, scaled or held, and what becomes of scores, predictions and maps.
//
//   click on a unit ──► changes in the address ──► POST whatif ──► bars before | after, gallery
//   probe images, or a picture of one's own (source.js) ──► what the network is asked with
import { file, json, Refused, whatIf } from "./api.js";
import { AskedNetwork, stepChoices, weightWords } from "./asked.js";
import { howOf, put, read, words, write } from "./changes.js";
import { stepLimits } from "./colours.js";
import { $, el, radios, check, sized } from "./dom.js";
import { Gallery } from "./gallery.js";
import { lookOf, paintTile } from "./painter.js";
import { PictureSource } from "./source.js";
import { plural, whole } from "./words.js";

const THUMB = 48;
const KINDS = new Map([false, true].map((signed) => [signed, { signed, draw: "map" }]));
const HOWS = { off: "off", "*": "scaled by", "<": "at most", "=": "set to" };
const SHOWN = { after: ["With the changes"], difference: ["What changed"] };
const ABOUT = "Click a unit to switch it off, and again to have it back. Scores, predictions and "
  + "activations are those of the network with all changes at once.";
const percent = (share) => `${(100 * share).toFixed(1)} %`;

export class WhatIf {
  constructor(viewer) {
    Object.assign(this, { viewer, unit: null, earlier: [], wanted: 0, told: null });
    this.build();
    viewer.on((_, what) => {
      if (["page", "place", "run"].includes(what)) this.turned();
      if (what === "version") this.lookForNewer();
      if (what === "theme" && this.told) this.paint();
    });
    this.turned();
  }

  get isShown() { return this.viewer.place.page === "whatif"; }
  get changes() { return read(this.viewer.place.changes); }
  get image() { return this.viewer.place.at.probe ?? 0; }
  get layer() { return this.asked.layer; }
  get ownPicture() { return this.pictures.picture !== null; }

  // ── what is on the page ─────────────────────────────────────────────────────────────────────

  build() {
    const page = $("#whatif-page");
    this.pictures = new PictureSource({
      say: (sentence) => this.say(sentence), changed: () => this.ask(), isShown: () => this.isShown, page,
    });
    const body = el("div", { className: "live-body" });
    this.asked = new AskedNetwork(this.viewer, {
      about: ABOUT, body, isShown: () => this.isShown, stop: () => this.pictures.stop(),
      described: (told) => this.described(told),
    });
    this.asked.again = () => this.turned();
    body.append(this.left(), this.right());
    page.replaceChildren(el("h1", {}, "What if"), ...this.asked.parts);
  }

  left() {
    this.weighed = el("span", {});
    this.stepChoice = el("select", { "aria-label": "Step of the weights" });
    this.stepChoice.addEventListener("change", () => this.weigh(this.stepChoice.value));
    this.follow = el("input", { type: "checkbox" });
    this.follow.addEventListener("change", () => { if (this.follow.checked) this.weigh("newest"); });
    this.newer = el("button", { type: "button", className: "plain", onclick: () => this.weigh("newest") });
    this.weights = el("div", { className: "whatif-weights", id: "whatif-weights" },
      el("span", {}, this.weighed, this.stepChoice), this.newer,
      this.following = el("label", {}, this.follow, " follow the newest"));
    this.probe = el("div", { className: "probe-row", role: "group", "aria-label": "Probe images" });
    this.accuracy = el("p", { className: "whatif-accuracy", id: "whatif-accuracy" });
    this.list = el("ul", { className: "whatif-list", "aria-label": "Changed units" });
    const plain = (text, onclick) => el("button", { type: "button", className: "plain", onclick }, text);
    this.undo = plain("Undo", () => this.goBack());
    this.reset = plain("All as it is", () => this.change([]));
    this.judge = plain("Accuracy on the folder", () => this.measure());
    this.save = plain("Save as a checkpoint", () => this.keep());
    const own = el("details", {}, el("summary", {}, "A picture of your own"), ...this.pictures.parts,
      plain("Back to the probe", () => { this.pictures.stop(); this.pictures.picture = null; this.ask(); }));
    return el("div", { className: "live-asked" }, this.weights, el("h3", { role: "heading", "aria-level": 2 }, "Probe images"), this.probe, own,
      el("h3", { role: "heading", "aria-level": 2 }, "Changed units"), this.list,
      el("div", { className: "live-buttons" }, this.undo, this.reset), this.accuracy,
      el("div", { className: "live-buttons" }, this.judge, this.save));
  }

  right() {
    this.layer.addEventListener("change", () => {
      this.unit = null;
      this.viewer.choose({ asked: this.layer.value });
    });
    this.how = el("select", { "aria-label": "What becomes of a unit that is clicked" },
      ...Object.entries(HOWS).map(([value, text]) => el("option", { value }, text)));
    this.amount = el("input", { type: "number", step: "any", value: "0.5", "aria-label": "By how much", hidden: true });
    this.how.addEventListener("change", () => { this.amount.hidden = this.how.value === "off"; });
    this.which = radios("show", SHOWN, (show) => this.viewer.choose({ show }));
    this.speed = el("span", { className: "quiet", id: "whatif-speed" });
    this.readout = el("span", { className: "quiet" });
    this.bars = el("ol", { className: "best pairs", "aria-label": "Classes, before and with the changes" });
    const shown = el("div", { className: "live-shown" },
      el("p", { className: "pair-legend", "aria-hidden": "true" }, el("i"), "as it is", el("b"), "with the changes"), this.bars,
      el("div", { className: "side-line" }, el("label", {}, "Layer ", this.layer),
        el("label", {}, "A click makes a unit ", this.how), this.amount, this.which),
      el("p", { className: "whatif-said quiet" }, this.speed, this.readout));
    this.gallery = new Gallery(shown, {
      name: "Units", label: (index) => this.labelOf(index),
      on: {
        select: (index) => this.toggle(index),
        hover: (said) => { this.readout.textContent = said && `unit ${said}`; },
      },
    });
    return shown;
  }

  /** The layer whose units are shown: another one may have been chosen, and not be there yet. */
  get shownLayer() { return this.told?.head.layer ?? this.layer.value; }

  labelOf(index) {
    const how = howOf(this.changes, this.shownLayer, index);
    return how ? `${index} · ${words(how)}` : String(index);
  }

  say(sentence) { this.asked.say(sentence); }

  // ── what is asked ───────────────────────────────────────────────────────────────────────────

  /** The page was turned to, or away from, or its place is another. */
  async turned() { if (await this.asked.ready()) await this.ask(); }

  /** The network is that of another run, or one that was not there before. */
  described(told) {
    this.unit = null;
    this.pictures.fit(told);
    this.judge.hidden = !told.images;
    this.save.hidden = !told.saves;
    this.showWeights();
  }

  /** Ask with the weights of another step, or the newest. */
  async weigh(step) {
    if (await this.asked.describe({ weights: step })) { this.showWeights(); await this.ask(); }
  }

  /** The run has new steps: so its weights may be newer, too. */
  async lookForNewer() {
    if (!this.isShown || !this.asked.told?.weights || !(await this.asked.describe())) return;
    const { weights } = this.asked.told;
    if (this.follow.checked && weights.newest > weights.step) await this.weigh("newest");
    else this.showWeights();
  }

  showWeights() {
    const weights = this.asked.told?.weights;
    for (const each of [this.stepChoice, this.newer, this.following]) each.hidden = !weights;
    if (!weights) { this.weighed.textContent = "Asked is the network that the page was started with."; return; }
    const choices = stepChoices(weights);
    this.stepChoice.replaceChildren(...choices.map((step) => el("option", { value: step },
      `${whole(step)}${step === weights.newest ? ", the newest" : ""}`)));
    this.stepChoice.value = weights.step;
    this.stepChoice.hidden = choices.length < 2;
    this.weighed.textContent = choices.length < 2 ? `${weightWords(weights)}.` : "Weights of step ";
    this.newer.hidden = !(weights.newest > weights.step);
    this.newer.textContent = `Take step ${whole(weights.newest ?? 0)}`;
  }

  /** The layer that the address names; else the one that is looked at, if the network has it. */
  chooseLayer() {
    const { names } = this.asked;
    const { asked, layer } = this.viewer.place;
    this.layer.value = [asked, layer, names[0]].find((name) => names.includes(name)) ?? "";
  }

  query() {
    return { changes: this.viewer.place.changes ?? "", ...this.asked.run };
  }

  async ask() {
    if (!this.viewer.run && !this.ownPicture) return; // it has the probe; it may be being opened
    this.chooseLayer();
    check(this.which, this.viewer.place.show);
    this.wanted += 1;
    const turn = this.wanted;
    const began = performance.now();
    const query = { ...this.query(), layer: this.layer.value, image: this.image, show: this.viewer.place.show };
    try {
      const told = await whatIf(query, this.ownPicture ? this.pictures.take() : null);
      if (turn !== this.wanted) return; // something else was asked since
      this.told = told;
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      this.say(error.message);
      this.isWrong = true;
      return;
    }
    if (this.isWrong) { this.say(ABOUT); this.isWrong = false; }
    this.paint();
    const { step, weights } = this.told.head;
    this.asked.take(weights);
    this.showWeights();
    this.speed.textContent = `answered in ${Math.round(performance.now() - began)} ms`
      + (weights || step === null ? "" : ` · weights of step ${whole(step)}`);
    document.body.dataset.changes = this.viewer.place.changes ?? "";
    document.body.dataset.asked = this.shownLayer;
  }

  // ── what is changed ─────────────────────────────────────────────────────────────────────────

  toggle(unit) {
    const layer = this.shownLayer;
    this.unit = unit;
    const how = this.how.value === "off" ? "off" : `${this.how.value}${Number(this.amount.value) || 0}`;
    this.change(put(this.changes, layer, unit, howOf(this.changes, layer, unit) ? null : how));
  }

  change(changes) {
    this.earlier.push(this.viewer.place.changes);
    this.viewer.choose({ changes: write(changes) }, { push: true });
  }

  goBack() {
    if (this.earlier.length) this.viewer.choose({ changes: this.earlier.pop() }, { push: true });
  }

  async measure() {
    await this.trying(this.judge, async () => {
      const { before, after, count } = await json("judged", this.query());
      this.say(`On ${plural(count, "picture")} of the folder: ${percent(after)} right, ${percent(before)} without changes.`);
    });
  }

  async keep() {
    await this.trying(this.save, async () => {
      const { name, blob } = await file("masked", this.query());
      const link = el("a", { href: URL.createObjectURL(blob), download: name });
      link.click();
      URL.revokeObjectURL(link.href);
      this.say(`Saved as ${name}: the network with these units ${this.changes.length ? "changed" : "as they are"}.`);
    });
  }

  /** What takes a while: its button rests, and what goes wrong is said. */
  async trying(button, task) {
    button.disabled = true;
    try {
      await task();
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      this.say(error.message);
    } finally {
      button.disabled = false;
    }
  }

  // ── what is shown ───────────────────────────────────────────────────────────────────────────

  paint() {
    const { told, viewer } = this;
    const series = KINDS.get(told.head.signed);
    const look = lookOf(series, stepLimits(told, series.signed), { dark: viewer.dark });
    this.gallery.show(told, look);
    this.gallery.choose(this.unit, { scroll: false });
    this.showBars(told.head.bars);
    this.showChanges();
    this.showProbe();
    this.showAccuracy(told.head);
  }

  showBars(bars) {
    this.bars.replaceChildren(...bars.map(([name, before, after]) => el("li", {}, el("span", {}, name),
      el("span", { className: "pair", "aria-hidden": "true" },
        el("i", { style: `width: ${100 * before}%` }), el("b", { style: `width: ${100 * after}%` })),
      el("span", {}, percent(before)), el("strong", {}, percent(after)))));
  }

  showChanges() {
    const { changes } = this;
    this.list.replaceChildren(...changes.map(({ layer, unit, how }) => el("li", {},
      el("span", {}, `${layer} · unit ${unit}: ${words(how)}`),
      el("button", {
        type: "button", className: "plain", "aria-label": `Unit ${unit} of ${layer} as it is`,
        onclick: () => this.change(put(changes, layer, unit, null)),
      }, "×"))));
    if (!changes.length) this.list.append(el("li", { className: "quiet" }, "none"));
    this.undo.disabled = !this.earlier.length;
    this.reset.disabled = !changes.length;
  }

  showProbe() {
    const { viewer: { probe, run }, told: { head } } = this;
    this.probe.hidden = !probe;
    if (!probe || this.ownPicture) return;
    const count = Math.min(probe.tiles.count, head.predicted[1].length);
    if (this.probe.childElementCount !== count || this.probe.dataset.run !== run.id) {
      this.probe.dataset.run = run.id;
      this.probe.replaceChildren(...Array.from({ length: count }, (_, index) => this.thumb(index)));
    }
    [...this.probe.children].forEach((button, index) => this.markThumb(button, index, head));
  }

  thumb(index) {
    const canvas = el("canvas", { "aria-hidden": "true" });
    const { tiles, look } = this.viewer.probe;
    const tall = (THUMB * tiles.height) / tiles.width;
    paintTile(sized(canvas, THUMB, tall), tiles, index, look, 0, 0, THUMB, tall);
    return el("button", {
      type: "button", className: "whatif-thumb", onclick: () => this.viewer.choose({ at: { probe: index } }),
    }, canvas, el("span", {}));
  }

  markThumb(button, index, { predicted: [before, after], right }) {
    const turned = before[index] !== after[index];
    const verdict = right ? (right[1][index] ? "✓ " : "✗ ") : "";
    button.lastChild.textContent = verdict + after[index];
    button.classList.toggle("turned", turned);
    button.setAttribute("aria-pressed", index === this.image);
    const words = turned ? `${before[index]} before, ${after[index]} now` : after[index];
    button.setAttribute("aria-label", `Probe image ${index}: ${words}${right ? (right[1][index] ? ", right" : ", wrong") : ""}`);
    button.title = words;
  }

  showAccuracy({ accuracy, turned, predicted }) {
    const count = predicted[0].length;
    const changed = this.ownPicture ? "" : `${whole(turned)} of ${plural(count, "prediction")} changed. `;
    const right = accuracy ? `Right on the probe: ${percent(accuracy[1])}, ${percent(accuracy[0])} without changes.` : "";
    this.accuracy.textContent = changed + right;
  }
}
