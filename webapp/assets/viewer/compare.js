// The Compare page: the slider's step (A) beside a pinned one (B), and A − B, on one colour scale.
import { addresses, json } from "./api.js";
import { stepLimits } from "./colours.js";
import { nearest } from "./curves.js";
import { $, el } from "./dom.js";
import { Gallery } from "./gallery.js";
import { lookOf } from "./painter.js";
import { atOf, find, stepsOf } from "./series.js";
import { difference } from "./tiles.js";
import { short, whole } from "./words.js";

export class Compare {
  constructor(viewer) {
    this.viewer = viewer;
    this.runs = new Map(); // manifests of other runs
    this.sides = ["a", "b", "d"].map((name) => this.side(name));
    const [a, b, d] = this.sides;
    this.run = el("select", { "aria-label": "Run to compare with" });
    this.run.addEventListener("change", () => viewer.choose({ with: this.run.value, beside: null }));
    this.step = el("select", { "aria-label": "Step to compare with" });
    this.step.addEventListener("change", () => viewer.choose({ beside: Number(this.step.value) }));
    const pin = el("button", {
      type: "button", className: "plain", title: "Compare with the step that is shown now (c)",
      onclick: () => viewer.choose({ beside: viewer.step, with: null }),
    }, "Pin this step");
    a.head.append(el("b", {}, "A"), a.words, pin);
    b.head.append(el("b", {}, "B"), this.run, this.step, b.words);
    d.head.append(el("b", {}, "A − B"), d.words);
    $("#compare-page").replaceChildren(...this.sides.map((side) => side.root));
    viewer.on((_, what) => {
      if (viewer.place.page !== "compare" || !viewer.series) return;
      if (["painted", "page", "series", "place", "theme", "version", "order"].includes(what)) this.show();
    });
  }

  side(name) {
    const [head, words] = [el("div", { className: "side-head" }), el("span", { className: "quiet" })];
    const root = el("section", { className: "compared" }, head);
    const gallery = new Gallery(root, {
      name: { a: "A: the slider's step", b: "B: the pinned step", d: "A minus B" }[name],
      label: (index) => this.viewer.labelOf(index),
      on: {
        select: (index) => this.viewer.choose({ unit: index }),
        hover: (said) => { words.textContent = said || words.dataset.words || ""; },
      },
    });
    gallery.scroller.addEventListener("scroll", () => {
      for (const other of this.sides) {
        if (other.gallery !== gallery) other.gallery.scroller.scrollTop = gallery.scroller.scrollTop;
      }
    });
    return { root, head, words, gallery };
  }

  async otherRun() {
    const { run, place } = this.viewer;
    const name = place.with ?? run.run;
    if (name === run.run) return run;
    if (!this.runs.has(name)) this.runs.set(name, await json("run", { run: name }));
    return this.runs.get(name);
  }

  async show() {
    try {
      await this.compare();
    } catch (error) {
      this.viewer.failed(error);
    }
  }

  async compare() {
    const { viewer } = this;
    const { frame, series, place } = viewer;
    if (!frame) return;
    const run = await this.otherRun();
    const other = find(run, series.kind, series.layer);
    if (!other) { this.nothing(`run ${run.run} has no ${series.kind} of ${series.layer}`); return; }
    const steps = stepsOf(run, other);
    const step = steps[place.beside === null ? 0 : nearest(steps, place.beside)];
    this.fill(run, steps, step);
    const url = addresses.tiles(run, other, step, atOf(other, place.at));
    this.wanted = url;
    const beside = await viewer.cache.get(url);
    if (this.wanted === url && viewer.frame === frame) this.paint(frame, beside);
  }

  paint(a, b) {
    const { viewer } = this;
    const { series, place: { unit } } = viewer;
    const [sideA, sideB, sideD] = this.sides;
    const look = viewer.limitsNow() ? viewer.look : lookOf(series, null, viewer.look);
    for (const { gallery } of this.sides) gallery.sort(viewer.gallery.order);
    sideA.gallery.show(a, look, viewer.underOf());
    sideB.gallery.show(b, look, viewer.underOf());
    const change = difference(a, b);
    // Of equal sides nothing is left: any range then shows zero in its own colour.
    const limits = stepLimits(change, true).map((end, i) => end || [-1, 1][i]);
    const signed = { ...series, signed: true, draw: "map" };
    this.signedOf = this.signedOf?.key === series ? this.signedOf : { key: series, signed };
    sideD.gallery.show(change, lookOf(this.signedOf.signed, limits, { dark: viewer.dark }));
    for (const { gallery } of this.sides) gallery.choose(unit, { scroll: false });
    this.say(sideA, `step ${whole(a.step)} (the slider)`);
    this.say(sideD, `from −${short(limits[1])} (red) to +${short(limits[1])} (blue)`);
  }

  say(side, words) {
    side.words.dataset.words = words;
    side.words.textContent = words;
  }

  nothing(sentence) {
    this.say(this.sides[2], sentence);
    this.sides[1].gallery.clear();
    this.sides[2].gallery.clear();
  }

  fill(run, steps, step) {
    const names = [...document.querySelectorAll("#run option")].map((each) => each.value);
    options(this.run, names, (name) => name);
    options(this.step, steps, (each) => `step ${whole(each)}`);
    this.run.value = run.run;
    this.step.value = step;
  }
}

function options(select, values, words) {
  if (String([...select.options].map((each) => each.value)) === String(values)) return;
  select.replaceChildren(...values.map((value) => el("option", { value }, words(value))));
}
