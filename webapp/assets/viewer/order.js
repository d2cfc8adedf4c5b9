// The order of the gallery: by number, strongest first, by what changed, or by when a unit formed.
//
// The order is found once and kept while the slider moves: a unit that jumped about with every
// step could not be watched. "Sort again" finds it anew at the step that is shown. The number that
// a unit was sorted by stands under its picture.
import { change, columns, formed, Refused } from "./api.js";
import { $, check, el, radios } from "./dom.js";
import { stepAt } from "./prediction.js";
import { columnOf, lengthOf, stepsOf } from "./series.js";
import { short, whole } from "./words.js";

const ORDERS = {
  number: ["By number", "Units stand where the network has them."],
  strongest: ["Strongest first",
    "By the objective, where the plugin notes one, else by the largest value of each picture, "
    + "whatever its sign. The order stays while the slider moves."],
  changed: ["Changed most", "By how far each picture is from that of the first recorded step."],
  recent: ["Changed last", "By how far each picture is from that of the recorded step before."],
  formed: ["Formed first", "By the step at which half of all that a unit changed in this run was done. "
    + "The number under each picture is that step."],
  cost: ["Costs most", "By how much the loss rises without the unit, as ablation recorded it at this step "
    + "or the last one before."],
};

/** Which orders have the smallest number first. */
const ASCENDING = new Set(["formed"]);

export class Order {
  constructor(viewer) {
    this.viewer = viewer;
    this.key = null; // of what the units are in order: run, series, axes
    this.step = null; // the step that they are in order of
    this.values = null; // the number of each unit that it is sorted by
    this.radios = radios("order", ORDERS, (order) => viewer.choose({ order }), el("legend", {}, "Order"));
    this.words = el("span", { className: "quiet" });
    this.again = el("button", {
      type: "button", className: "plain", title: "Sort by the step that is shown now (o)",
      onclick: () => this.sortAgain(),
    }, "Sort again");
    $("#order").replaceChildren(this.radios, el("div", { className: "sorted" }, this.words, this.again));
    viewer.on((_, what) => {
      if (["painted", "place", "series", "step"].includes(what)) this.follow();
    });
  }

  get isOn() { return this.viewer.place.order !== "number"; }

  /** What is written under a unit: the number that it was sorted by. */
  label(index) {
    const value = this.isOn ? this.values?.[index] : undefined;
    if (value === undefined) return "";
    if (value === null || Number.isNaN(value)) return "–";
    return this.viewer.place.order === "formed" ? `step ${whole(value)}` : short(value);
  }

  /** Key o: strongest first; and again, at another step. */
  sortAgain() {
    this.key = null;
    if (this.isOn) this.follow();
    else this.viewer.choose({ order: "strongest" });
  }

  follow() {
    const { viewer } = this;
    const { series, frame } = viewer;
    $("#order").hidden = !series?.spread || lengthOf(series, series.spread) < 2;
    if (!series || !frame) return;
    const cost = this.radios.querySelector("[value=cost]").parentElement;
    cost.hidden = !ablationOf(viewer.run, series);
    if (!this.isOn) this.put(null, null);
    else if (viewer.shown === viewer.wanted) this.sort();
    this.show();
  }

  /** Put the units in order, unless they are. */
  async sort() {
    const { viewer } = this;
    const { run, series, frame, at, place: { order } } = viewer;
    const key = JSON.stringify([run.id, series.kind, series.layer, at, order]);
    if (this.key === key) return;
    this.key = key;
    try {
      const values = await VALUES[order](viewer, run, series, frame, at);
      if (this.key !== key || !this.isOn) return;
      this.values = values;
      const signed = ASCENDING.has(order) ? values.map((value) => (value === null ? null : -value)) : values;
      this.put(strongestFirst(signed), frame.step);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      viewer.failed(error);
    }
    this.show();
  }

  put(order, step) {
    if (order === null) { this.key = null; this.values = null; }
    if (order === null && this.step === null) return;
    this.step = step;
    this.viewer.gallery.sort(order);
    this.viewer.tell("order");
  }

  show() {
    check(this.radios, this.viewer.place.order);
    const known = this.isOn && this.step !== null;
    const isOfRun = this.viewer.place.order === "formed";
    this.words.textContent = known && !isOfRun ? `as of step ${this.step}` : "";
    this.again.hidden = !known || isOfRun || this.step === this.viewer.step;
    if (known) $("#order").dataset.step = this.step;
    else delete $("#order").dataset.step;
  }
}

/** The numbers to sort by, one per unit. */
const VALUES = {
  strongest: (_, run, series, frame, at) => strengths(run, series, frame, at),
  changed: async (viewer, run, series, frame, at) =>
    (await change(run, series, frame.step, viewer.steps[0], at)).change,
  recent: async (viewer, run, series, frame, at) => {
    const before = Math.max(0, viewer.steps.indexOf(frame.step) - 1);
    return (await change(run, series, frame.step, viewer.steps[before], at)).change;
  },
  cost: async (viewer, run, series, frame) => {
    const found = ablationOf(run, series);
    const step = found && stepAt(stepsOf(run, found), frame.step);
    const cost = found ? (await columns(run, found, step, ["*"])).cost : [];
    return Array.from({ length: frame.count }, (_, unit) => cost[unit] ?? null); // it may know some alone
  },
  formed: async (_, run, series, frame, at) => (await formed(run, series, at)).half,
};

/** The series that says what each unit of this layer costs, where the run has one. */
const ablationOf = (run, series) => run.series.find((each) =>
  each.label === "ablation" && !each.part && each.layer === series.layer && series.spread === "unit");

async function strengths(run, series, frame, at) {
  const name = columnOf(series, "strength"); // says it better than the picture does
  if (!name) return Array.from({ length: frame.count }, (_, i) => reach(frame, i));
  return (await columns(run, series, frame.step, at))[name];
}

function reach(frame, index) {
  return frame.missing[index] ? null : Math.max(Math.abs(frame.low[index]), Math.abs(frame.high[index]));
}

/** Indices, the largest value first; of equals the lower number; what has no value is last. */
export function strongestFirst(values) {
  const rank = values.map((value) => (Number.isFinite(value) ? value : -Infinity));
  return rank.map((_, i) => i).sort((a, b) => (rank[b] === rank[a] ? a - b : rank[b] - rank[a]));
}
