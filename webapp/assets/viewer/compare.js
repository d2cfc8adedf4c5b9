// The Compare page: the slider's step (A) beside another one (B), and A − B where that means something.
//
// B can be another step, run, probe image or plugin; it follows the slider as one chooses. The two
// are shown side by side, one over the other with a line to move between them, or by turns.
import { addresses, json } from "./api.js";
import { stepLimits } from "./colours.js";
import { WHEN, besideIndex, besideSeries, describeSide, parseBeside, usualBeside, whyNot } from "./comparison.js";
import { $, check, el, radios } from "./dom.js";
import { Overlaid } from "./overlaid.js";
import { lookOf } from "./painter.js";
import { Pairs } from "./pairs.js";
import { Pictures } from "./pictures.js";
import { atOf, hasScale, isDistribution, isOverTime, lengthOf, stepsOf } from "./series.js";
import { difference } from "./tiles.js";
import { headed, ofRank, pictureOf, probeNoun, rankOf, short, tileName, title } from "./words.js";

const VIEWS = {
  side: ["Side by side", "A, B and their difference"],
  swipe: ["Swipe", "B lies over A, up to a line that you move"],
  blink: ["Blink", "A and B by turns, so that the eye catches what moved"],
};
const BLINK = 700; // ms that each side is shown

export class Compare {
  constructor(viewer) {
    this.viewer = viewer;
    this.runs = new Map(); // manifests of other runs
    this.pairs = new Pairs(viewer);
    this.sides = ["a", "b", "d"].map((name) => this.side(name));
    this.buildControls();
    const [a, b, d] = this.sides;
    a.head.append(el("b", {}, "A"), this.pin, a.words);
    b.head.append(el("b", {}, "B"), b.words);
    d.head.append(d.name = el("b", {}, "A − B"), d.words);
    this.overlaid = new Overlaid(d.root);
    this.page = $("#compare-page");
    this.page.replaceChildren(el("h1", { className: "visually-hidden" }, "Compare"),
      el("div", { className: "views" }, this.views,
        el("span", { className: "chosen-b", role: "group", "aria-label": "What B is" },
          el("span", { className: "quiet" }, "B:"), this.run, this.when, this.number, this.image, this.kind, this.rank, this.pairs.choice),
        this.line, this.pairs.words),
      el("div", { className: "sides" }, ...this.sides.map((side) => side.root)));
    viewer.on((_, what) => {
      if (viewer.place.page !== "compare" || !viewer.series) { this.blink(false); return; }
      if (["painted", "page", "series", "place", "theme", "version", "order"].includes(what)) this.show();
    });
  }

  buildControls() {
    const { viewer } = this;
    const select = (label, changed) => {
      const made = el("select", { "aria-label": label });
      made.addEventListener("change", () => changed(made.value));
      return made;
    };
    this.run = select("Run to compare with", (name) =>
      viewer.choose({ with: name === viewer.run.run ? null : name, beside: null }));
    this.when = select("Which step of it", (when) => viewer.choose({ beside: this.written(when) }));
    this.image = select("Probe image to compare with", (index) =>
      viewer.choose({ besideat: index === "" ? {} : { probe: Number(index) } }));
    this.kind = select("Plugin to compare with", (kind) =>
      viewer.choose({ besidekind: kind === viewer.series.kind ? null : kind }));
    this.rank = select("Worker to compare with", (rank) => {
      const kind = ofRank(viewer.place.besidekind ?? viewer.series.kind, Number(rank));
      viewer.choose({ besidekind: kind === viewer.series.kind ? null : kind });
    });
    this.number = el("input", { type: "text", inputMode: "numeric", "aria-label": "Step to compare with" });
    this.number.addEventListener("change", () => this.typed());
    this.pin = el("button", {
      type: "button", className: "plain", title: "Compare with the step that is shown now (c)",
      onclick: () => viewer.choose({ beside: String(viewer.step), with: null }),
    }, "Pin this step");
    this.views = radios("view", VIEWS, (view) => viewer.choose({ view }), el("legend", {}, "Show"));
    this.line = el("input", { type: "range", min: 0, max: 100, value: 50, "aria-label": "Where A ends and B begins" });
    this.line.addEventListener("input", () => this.page.style.setProperty("--cut", `${this.line.value}%`));
  }

  side(name) {
    const [head, words] = [el("div", { className: "side-head" }), el("span", { className: "quiet" })];
    const root = el("section", { className: `compared ${name}` }, head);
    const gallery = new Pictures(root, {
      name: { a: "A: the slider's step", b: "B: what it is compared with", d: "A minus B" }[name],
      label: (index) => this.viewer.labelOf(index),
      on: {
        select: (index) => this.viewer.choose({ unit: index }),
        hover: (said) => { words.textContent = this.pairs.said(name, said) || words.dataset.words || ""; },
        read: (said) => { words.textContent = said || words.dataset.words || ""; },
        time: (time) => this.viewer.choose({ time }),
        name: (index) => (name === "b" && this.pairs.label(index)) || this.viewer.nameOf(index),
        film: (index) => this.filmOf(name, index),
        go: (step) => this.goTo(name, step),
      },
    });
    gallery.scrollers.forEach((scroller, which) => scroller.addEventListener("scroll", () => {
      for (const other of this.sides) {
        if (other.gallery === gallery) continue;
        const { scrollTop, scrollLeft } = scroller;
        Object.assign(other.gallery.scrollers[which], { scrollTop, scrollLeft });
      }
    }));
    return { root, head, words, gallery };
  }

  /** A tile over the steps, of the run and series of that side. */
  filmOf(name, index) {
    return name === "b" && this.shownB ? this.viewer.filmOf(index, this.shownB) : this.viewer.filmOf(index);
  }

  /** A click on bands: the slider goes to a step of A, B stays with it. */
  goTo(name, step) {
    if (name === "b") this.viewer.choose({ beside: String(step) });
    else this.viewer.goTo(step);
  }

  get beside() {
    const { place } = this.viewer;
    return parseBeside(place.beside) ?? usualBeside(place);
  }

  /** What an address says of a choice in the menu. */
  written(when) {
    if (when === "fixed") return String(this.shownB?.tiles.step ?? this.viewer.step);
    return when === "offset" ? "-1" : when;
  }

  typed() {
    const sign = this.beside.when === "offset" ? (/^\s*[-−]/.test(this.number.value) ? "-" : "+") : "";
    const digits = this.number.value.replaceAll(/[^0-9]/g, "");
    if (digits) this.viewer.choose({ beside: `${sign}${digits}` });
    this.number.blur();
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
    const { found, words } = besideSeries(run, place, series);
    const { beside } = this;
    this.fill(run, found, beside);
    if (!found) { this.nothing(words); return; }
    const steps = stepsOf(run, found);
    const step = steps[besideIndex(beside, viewer.step, steps)];
    const at = { ...place.at, ...place.besideat };
    const url = addresses.tiles(run, found, step, atOf(found, at));
    this.wanted = url;
    const tiles = await viewer.cache.get(url);
    if (this.wanted !== url || viewer.frame !== frame) return;
    const shown = await this.pairs.pair({ run, series: found, at, tiles }, frame.step);
    if (this.wanted !== url || viewer.frame !== frame) return;
    this.shownB = shown;
    this.paint({ run: viewer.run, series, at: place.at, tiles: frame }, this.shownB, words);
  }

  paint(a, b, missing) {
    const { viewer } = this;
    const [sideA, sideB] = this.sides;
    const own = viewer.limitsNow() === null;
    const lookA = own ? lookOf(a.series, null, viewer.look) : viewer.look;
    const reason = missing || whyNot(a, b);
    for (const { gallery } of this.sides) gallery.size = viewer.scale.size;
    for (const { gallery } of this.sides) gallery.sort(reason ? null : viewer.gallery.order);
    sideA.gallery.show(a.tiles, lookA, viewer.underOf(a.at), viewer.textsOf(a.at),
      (look) => viewer.lookOfText(look));
    const lookB = this.lookOfB(a, b, lookA);
    sideB.gallery.show(b.tiles, lookB, viewer.underOf(b.at, b), viewer.textsOf(b.at, b),
      (look) => (lookB === lookA ? viewer.lookOfText(look) : look));
    this.say(sideA, `${describeSide(a, false)} (the slider)`);
    this.say(sideB, [describeSide(b, a.run.run !== b.run.run), missing].filter(Boolean).join(" · "));
    const spreads = !reason && isDistribution(a.series);
    this.overlay(spreads);
    if (reason) this.nothing(`Not subtracted: ${reason}.`);
    else if (!spreads) this.subtract(a, b);
    for (const { gallery } of this.sides) {
      gallery.chooseTime(viewer.place.time);
      gallery.choose(viewer.place.unit, { scroll: false });
    }
    this.arrangeViews(spreads ? "side" : viewer.place.view);
  }

  /** B on A's colours, where both are of one plugin and layer; else on its own. */
  lookOfB(a, b, lookA) {
    if (pictureOf(a.series.kind) === pictureOf(b.series.kind) && a.series.layer === b.series.layer) return lookA;
    const limits = hasScale(b.series) ? stepLimits(b.tiles, b.series.signed) : b.series.value_range;
    return lookOf(b.series, limits, this.viewer.look);
  }

  subtract(a, b) {
    const { viewer } = this;
    const side = this.sides[2];
    const change = difference(a.tiles, b.tiles);
    // Of equal sides nothing is left: any range then shows zero in its own colour.
    const limits = stepLimits(change, true).map((end, i) => end || [-1, 1][i]);
    const signed = { ...a.series, signed: true, draw: isOverTime(a.series) ? a.series.draw : "map" };
    this.signedOf = this.signedOf?.key === a.series ? this.signedOf : { key: a.series, signed };
    side.root.classList.remove("empty");
    side.gallery.show(change, lookOf(this.signedOf.signed, limits, { dark: viewer.dark }),
      null, viewer.textsOf(a.at));
    this.say(side, `from −${short(limits[1])} (red) to +${short(limits[1])} (blue)`);
  }

  /** Of two distributions there is no difference of pictures: one is laid over the other. */
  overlay(spreads) {
    const [a, b, d] = this.sides.map(({ gallery }) => gallery.distribution);
    Object.assign(a, { beside: spreads ? b : null });
    Object.assign(b, { beside: spreads ? a : null });
    this.page.classList.toggle("spreads", spreads);
    this.views.hidden = spreads;
    this.sides[2].name.textContent = spreads ? "B over A" : "A − B";
    if (!spreads) { this.overlaid.clear(); return; }
    d.clear();
    this.sides[2].root.classList.remove("empty");
    this.say(this.sides[2], "A filled, B as a line");
    this.overlaid.show(a, b);
  }

  say(side, words) {
    side.words.dataset.words = words;
    side.words.textContent = words;
    side.words.title = words;
  }

  /** There is no difference to show, and why. */
  nothing(sentence) {
    const side = this.sides[2];
    this.say(side, sentence);
    side.root.classList.add("empty");
    side.gallery.clear();
    this.overlaid.clear();
  }

  /** Swipe and blink lay one side over the other, which needs pictures of one size. */
  arrangeViews(view) {
    check(this.views, view);
    this.page.dataset.view = view;
    this.line.hidden = view !== "swipe";
    this.page.style.setProperty("--cut", `${this.line.value}%`);
    this.blink(view === "blink");
    for (const { gallery } of this.sides) gallery.arrange();
  }

  /** Show A and B by turns; the page says which it is for those who want less motion, too. */
  blink(on) {
    if (on === Boolean(this.blinking)) return;
    clearInterval(this.blinking);
    this.blinking = on ? setInterval(() => this.page.classList.toggle("turned"), BLINK) : null;
    if (!on) this.page.classList.remove("turned");
  }

  fill(run, series, beside) {
    const { viewer } = this;
    const names = [...document.querySelectorAll("#run option")].map((each) => each.value);
    fillSelect(this.run, names, (name) => name, run.run);
    fillSelect(this.when, Object.keys(WHEN), (when) => WHEN[when], beside.when);
    const typed = beside.when === "fixed" || beside.when === "offset";
    this.number.hidden = !typed;
    if (typed && document.activeElement !== this.number) {
      this.number.value = beside.when === "fixed" ? beside.step : `${beside.by > 0 ? "+" : ""}${beside.by}`;
    }
    const all = [...new Set(run.series.filter((each) => each.layer === viewer.series.layer).map((each) => each.kind))];
    const chosen = series?.kind ?? "";
    const ranks = all.filter((kind) => pictureOf(kind) === pictureOf(chosen)).map(rankOf).sort((a, b) => a - b);
    fillSelect(this.rank, ranks, (rank) => `rank ${rank}`, rankOf(chosen));
    this.rank.hidden = ranks.length < 2;
    // One entry per picture: of the rank that is shown, where that has it.
    const kinds = all.filter((kind) => kind === ofRank(kind, rankOf(chosen)) || !all.includes(ofRank(kind, rankOf(chosen))));
    fillSelect(this.kind, kinds, title, chosen);
    this.kind.hidden = kinds.length < 2;
    const images = series?.tile_axes.includes("probe") && series.spread !== "probe" ? lengthOf(series, "probe") : 0;
    const indices = ["", ...Array.from({ length: images }, (_, index) => index)];
    fillSelect(this.image, indices, (index) => (index === "" ? `same ${probeNoun(run, true)}` : tileName(run, series, "probe", index)),
      viewer.place.besideat.probe ?? "");
    this.image.setAttribute("aria-label", `${headed(probeNoun(run))} to compare with`);
    this.image.hidden = images < 2;
  }
}

function fillSelect(select, values, words, chosen) {
  if (String([...select.options].map((each) => each.value)) !== String(values)) {
    select.replaceChildren(...values.map((value) => el("option", { value }, words(value))));
  }
  select.value = chosen;
}
