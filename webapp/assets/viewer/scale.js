// The colour scale: which values the two ends of the colours stand for, and the legend that says so.
import { check, el, kept, radios, sized } from "./dom.js";
import { css, table } from "./colours.js";
import { hasScale, isDistribution } from "./series.js";
import { short } from "./words.js";

const SCALES = {
  unit: ["Each unit", "Every picture uses all colours: shapes are seen, strengths cannot be compared."],
  step: ["This step", "One scale for all units of this step."],
  history: ["All steps", "One scale for all units and all steps: nothing flickers while the slider moves."],
};

const SIZES = { fit: "Fit", 32: "Small", 64: "Medium", 112: "Large", 200: "Huge" };

export class Scale {
  /** `change(patch)`: the scale, gamma, opacity or tile size was chosen. */
  constructor(root, change) {
    this.change = change;
    this.gamma = Number(kept.get("gamma", "1"));
    this.opacity = Number(kept.get("opacity", "0.9"));
    this.size = kept.get("size", "fit") in SIZES ? kept.get("size", "fit") : "fit";
    this.radios = radios("scale", SCALES, (scale) => change({ scale }), el("legend", {}, "Colour scale"));
    this.bar = el("canvas", { className: "colour-bar", role: "img", "aria-label": "Colours from low to high" });
    this.ends = el("div", { className: "ends" });
    this.legend = el("div", { className: "legend-box" }, this.bar, this.ends);
    this.plain = el("p", { className: "quiet" }, "These are pictures, shown as they are.");
    this.boost = this.range("Boost faint values (t)", "gamma", { min: 1, max: 4, step: 0.25 });
    this.over = this.range("Opacity over the image", "opacity", { min: 0, max: 1, step: 0.05 });
    this.sizes = el("select", { id: "tile-size" },
      ...Object.entries(SIZES).map(([value, words]) => el("option", { value }, words)));
    this.sizes.value = this.size;
    this.sizes.addEventListener("change", () => this.setSize(this.sizes.value));
    root.replaceChildren(this.radios, this.legend, this.plain, this.boost, this.over,
      el("label", { for: "tile-size", className: "heading" }, "Picture size"), this.sizes);
  }

  range(words, name, limits) {
    const input = el("input", { type: "range", value: this[name], id: name, ...limits });
    input.value = this[name];
    input.addEventListener("input", () => this.set(name, Number(input.value)));
    return el("div", { className: "field" }, el("label", { for: name }, words), input);
  }

  set(name, value) {
    this[name] = value;
    document.getElementById(name).value = value;
    kept.set(name, value);
    this.change({});
  }

  /** Larger pictures (1) or smaller ones (−1). */
  resize(by) {
    const all = [...this.sizes.options].map((each) => each.value);
    const at = all.indexOf("fit");
    const order = ["fit", ...all.filter((_, i) => i !== at)];
    const next = order[order.indexOf(this.size) + by];
    if (next === undefined) return;
    this.sizes.value = next;
    this.setSize(next);
  }

  setSize(size) {
    this.size = size;
    kept.set("size", size);
    this.change({ size });
  }

  /** Say what is in force. Limits are null where each unit has its own. */
  show(series, scale, limits, dark) {
    const scaled = hasScale(series);
    const coloured = scaled && series.picture_shape.length > 0 && !isDistribution(series);
    for (const each of [this.radios, this.legend, this.boost]) each.hidden = !coloured;
    this.plain.hidden = scaled;
    this.over.hidden = !series.over;
    check(this.radios, scale);
    if (coloured) this.drawLegend(series, limits, dark);
  }

  drawLegend(series, limits, dark) {
    const width = this.legend.clientWidth || 180;
    const context = sized(this.bar, width, 12);
    const colours = table(series, dark);
    const colour = series.colour;
    for (let x = 0; x < width; x += 1) {
      const entry = Math.round((255 * x) / (width - 1));
      context.fillStyle = colour ? `rgb(${entry} ${entry} ${entry})` : css(colours[entry]);
      context.fillRect(x, 0, 1, 12);
    }
    const [low, high] = limits ?? [null, null];
    const own = series.signed ? ["−own", "+own"] : ["own low", "own high"];
    const words = limits ? [short(low), series.signed ? `+${short(high)}` : short(high)] : own;
    if (series.signed) words.splice(1, 0, "0");
    this.ends.replaceChildren(...words.map((each) => el("span", {}, each)));
  }
}
