// Units of A beside their counterparts of B: which of B is shown at each place of A.
import { match } from "./api.js";
import { el } from "./dom.js";
import { reordered } from "./tiles.js";
import { plural, short } from "./words.js";

const BY = {
  "": "units by number",
  activation: "matched by what they do",
  weights: "matched by their kernels",
};

export class Pairs {
  constructor(viewer) {
    this.viewer = viewer;
    this.known = new Map(); // answers by what was asked
    this.found = null; // the pairs that are shown
    this.choice = el("select", { "aria-label": "Which unit of B stands beside which of A" },
      ...Object.entries(BY).map(([value, words]) => el("option", { value }, words)));
    this.choice.addEventListener("change", () => viewer.choose({ match: this.choice.value || null }));
    this.words = el("span", { className: "quiet", id: "pairs", role: "status" });
  }

  /** Whether A and B are units of one layer, so that there is something to match. */
  fits(series, found) {
    return series.spread === "unit" && found?.spread === "unit" && series.layer === found.layer;
  }

  /** B's tiles in A's order, where units are matched. */
  async pair(b, stepA) {
    const { viewer: { place, run, series } } = this;
    const isOn = place.match !== null && this.fits(series, b.series);
    this.choice.hidden = !this.fits(series, b.series);
    this.choice.value = place.match ?? "";
    this.found = null;
    if (!isOn) { this.words.textContent = ""; return b; }
    const query = {
      run: run.run, layer: series.layer, step: stepA, with: b.run.run, withstep: b.tiles.step, by: place.match,
    };
    const key = JSON.stringify([run.id, b.run.id, query]);
    try {
      if (!this.known.has(key)) this.known.set(key, await match(query));
      this.found = this.known.get(key);
    } catch (error) {
      this.words.textContent = `Not matched: ${error.message}`;
      return b;
    }
    this.say();
    return { ...b, tiles: reordered(b.tiles, this.found.partner) };
  }

  say() {
    const { partner, unmatched } = this.found;
    const lone = partner.flatMap((other, unit) => (other === null ? [unit] : []));
    const named = (units, whose) => (units.length
      ? `without a counterpart: ${units.slice(0, 12).join(", ")}${units.length > 12 ? " …" : ""} of ${whose}` : "");
    this.words.textContent = [`${plural(partner.length - lone.length, "pair")}`, named(lone, "A"), named(unmatched, "B")]
      .filter(Boolean).join(" · ");
  }

  /** What B shows beside a unit of A: its own number and how alike it is. */
  label(unit) {
    if (!this.found) return null;
    const other = this.found.partner[unit];
    const r = short(this.found.correlation[unit]);
    return other === null ? `no counterpart of unit ${unit} (likest r ${r})` : `unit ${other} beside ${unit}, r ${r}`;
  }

  /** What is said of the unit under the pointer, "3 · y 9, x 14 · 0.29": of B by its own number. */
  said(name, words) {
    const [unit, ...rest] = words.split(" · ");
    const own = name === "b" && words ? this.label(Number(unit)) : null;
    return own ? [own, ...rest].join(" · ") : words;
  }
}
