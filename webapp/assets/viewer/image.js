// The Image page: everything about one probe image. What the network says to it, over the training;
// what that rests on; and which units respond to it most.
import { addresses, columns } from "./api.js";
import { stepLimits } from "./colours.js";
import { $, el, ink, sized } from "./dom.js";
import { lookOf, paintTile } from "./painter.js";
import { confusion, predictions, scoreSeries, shownClasses, stepAt, verdicts, wrongFirst } from "./prediction.js";
import { atOf, columnOf, hasScale, lengthOf, stepsOf } from "./series.js";
import { layerName, plural, short, tileLabel, title, whole } from "./words.js";
import { Zoomable } from "./zoom.js";

const LARGE = 196;
const SMALL = 96;
const THUMB = 44;
const UNITS = 6; // strongest units shown of each layer
const LOOKS = 24; // steps looked at for the curves of the scores
const SIGNS = { right: "✓", wrong: "✗", unknown: "" };
const LINES = ["--curve-1", "--curve-2", "--curve-3", "--quiet"];
const DASHES = [[], [5, 3], [1, 3], [7, 2, 1, 2]];

export class ImagePage {
  constructor(viewer) {
    this.viewer = viewer;
    this.list = el("div", { className: "image-list", role: "group", "aria-label": "Probe images, wrong ones first" });
    this.heading = el("h1", {});
    this.verdict = el("p", { className: "verdict" });
    this.picture = el("canvas", { role: "img", "aria-label": "The probe image" });
    this.zoom = new Zoomable(this.picture, () => this.drawPicture());
    this.curves = el("canvas", { role: "img", "aria-label": "Scores over training" });
    this.legend = el("div", { className: "scores-legend" });
    this.confused = el("p", { className: "quiet" });
    this.saliency = el("div", { className: "image-row" });
    this.units = el("div", {});
    this.body = el("div", {},
      el("div", { className: "image-row" }, this.picture,
        el("div", { className: "image-scores" }, el("h2", {}, "Scores over training"), this.curves, this.legend)),
      el("h2", {}, "What its score rests on"), this.saliency,
      el("h2", {}, "Units that respond to it most"), this.units);
    $("#image-page").replaceChildren(
      el("div", { className: "image-body" }, this.side = el("div", { className: "image-side" }, this.confused, this.list),
        el("div", { className: "image-main" }, this.heading, this.verdict, this.body)));
    viewer.on((_, what) => {
      if (viewer.place.page !== "image" || !viewer.run || !viewer.series) return;
      if (["painted", "page", "series", "place", "theme", "version"].includes(what)) this.later();
    });
  }

  get image() { return Math.min(this.viewer.place.at.probe ?? 0, (this.viewer.run.probe?.count ?? 1) - 1); }

  /** While the slider moves only the step where it rests is asked for. */
  later() {
    clearTimeout(this.due);
    this.due = setTimeout(() => this.show().catch((error) => this.viewer.failed(error)), 60);
  }

  async show() {
    const { viewer } = this;
    const { run, probe } = viewer;
    const key = JSON.stringify([run.id, run.version, viewer.step, this.image, viewer.dark]);
    this.wanted = key;
    const without = !run.probe ? "This run was recorded without probe images."
      : run.probe.noun !== "image" ? `This run was recorded on ${run.probe.noun}s, not on images: the Gallery shows them.` : "";
    for (const each of [this.side, this.verdict, this.body]) each.hidden = Boolean(without);
    if (without) { this.heading.textContent = without; return; }
    const judged = await this.judge();
    if (this.wanted !== key) return;
    this.showHeading(judged);
    this.showList(judged);
    this.drawPicture();
    await Promise.all([this.showCurves(key, judged), this.showSaliency(key), this.showUnits(key)]);
  }

  drawPicture() {
    const { probe } = this.viewer;
    if (probe) paint(this.picture, probe.tiles, this.image, probe.look, LARGE, null, this.zoom);
    this.picture.hidden = !probe;
  }

  /** What the network says to every image at this step. */
  async judge() {
    const { run, step, cache } = this.viewer;
    const series = scoreSeries(run);
    if (!series) return { series: null, predicted: [], verdicts: [] };
    const tiles = await cache.get(addresses.tiles(run, series, stepAt(stepsOf(run, series), step), ["*", "*"]));
    const predicted = predictions([...tiles.low], lengthOf(series, "unit"));
    return { series, predicted, verdicts: verdicts(predicted, run.probe.labels) };
  }

  className(index) { return this.viewer.run.classes[index] ?? String(index); }

  showHeading({ series, predicted, verdicts: judged }) {
    const { run, step } = this.viewer;
    const label = run.probe.labels?.[this.image];
    const own = run.probe.names[this.image] || `probe image ${this.image}`;
    this.heading.textContent = `${own} · step ${whole(step ?? 0)}`;
    const said = judged[this.image] ?? "unknown";
    const parts = [];
    if (label !== undefined && label !== null) parts.push(`It is ${this.className(label)}`);
    if (series && predicted[this.image] !== null) parts.push(`taken for ${this.className(predicted[this.image])} ${SIGNS[said]}`);
    if (!series) parts.push("Its scores were not recorded: record the plugin activation for the last layer, too");
    this.verdict.textContent = parts.join(", ");
    this.verdict.dataset.verdict = said;
    const pairs = confusion(predicted, run.probe.labels).slice(0, 4)
      .map((each) => `${this.className(each.label)} for ${this.className(each.predicted)}${each.count > 1 ? ` (${each.count})` : ""}`);
    const wrong = judged.filter((each) => each === "wrong").length;
    const judgedCount = judged.filter((each) => each !== "unknown").length;
    this.confused.textContent = judgedCount
      ? `${wrong ? plural(wrong, "image") : "None"} of ${judgedCount} taken wrongly${pairs.length ? `: ${pairs.join(", ")}` : ""}` : "";
  }

  showList({ verdicts: judged }) {
    const { viewer } = this;
    const { probe, run } = viewer;
    const order = judged.length ? wrongFirst(judged) : [...Array(run.probe.count).keys()];
    this.list.replaceChildren(...order.map((index) => {
      const canvas = el("canvas", { "aria-hidden": "true" });
      if (probe) paint(canvas, probe.tiles, index, probe.look, THUMB);
      const name = tileLabel(run, { layer: "" }, "probe", index) || String(index);
      const said = judged[index] ?? "unknown";
      const words = `probe image ${index}: ${name}${said === "unknown" ? "" : `, ${said}`}`;
      return el("button", {
        type: "button", className: `thumb ${said}`, title: words, "aria-label": words,
        "aria-pressed": String(index === this.image), onclick: () => viewer.choose({ at: { probe: index } }),
      }, canvas, el("span", { "aria-hidden": "true" }, `${name} ${SIGNS[said]}`));
    }));
  }

  /** The scores of the likeliest classes over the training, from a few of its steps. */
  async showCurves(key, { series }) {
    const { run, cache } = this.viewer;
    const box = this.curves.parentElement;
    box.hidden = !series;
    if (!series) return;
    const all = stepsOf(run, series);
    const stride = Math.max(1, Math.ceil(all.length / LOOKS));
    const steps = all.filter((_, i) => i % stride === 0 || i === all.length - 1);
    const at = [this.image, "*"];
    const rows = await Promise.all(steps.map(async (step) =>
      [...(await cache.get(addresses.tiles(run, series, step, at))).low]));
    if (this.wanted !== key) return;
    const shown = shownClasses(rows.at(-1), run.probe.labels?.[this.image]);
    drawLines(this.curves, steps, shown.map((i) => rows.map((row) => row[i])), this.viewer.step);
    this.legend.replaceChildren(...shown.map((i, number) => {
      const chip = el("span", {}, `${this.className(i)}: ${short(rows.at(-1)[i])}`);
      chip.style.color = `var(${LINES[number % LINES.length]})`;
      return chip;
    }));
  }

  async showSaliency(key) {
    const { viewer } = this;
    const { run, step, cache, probe } = viewer;
    const shown = run.series.filter((each) => each.over === "probe" && each.tile_axes.includes("probe"));
    const cards = await Promise.all(shown.map(async (series) => {
      const found = stepAt(stepsOf(run, series), step);
      const at = atOf(series, { ...viewer.place.at, probe: this.image }, null);
      const tiles = await cache.get(addresses.tiles(run, series, found, at));
      const limits = hasScale(series) ? stepLimits(tiles, series.signed, 100) : series.value_range;
      const canvas = el("canvas", { role: "img", "aria-label": `${title(series.kind)} of ${series.layer}` });
      const under = probe ? { tiles: probe.tiles, index: this.image, look: probe.look } : null;
      const look = lookOf(series, limits, { dark: viewer.dark, opacity: viewer.scale.opacity });
      paint(canvas, tiles, 0, look, SMALL, under);
      return el("figure", {}, canvas, el("figcaption", {}, series.title || title(series.kind),
        el("span", { className: "quiet" }, ` ${series.layer}`)));
    }));
    if (this.wanted !== key) return;
    this.saliency.replaceChildren(...(cards.length ? cards
      : [el("p", { className: "quiet" }, "No saliency was recorded: add the plugin saliency.")]));
  }

  /** Of every layer with maps, the units whose maximum on this image is largest. */
  async showUnits(key) {
    const { run } = this.viewer;
    const shown = run.series.filter((each) => each.label === "activation" && !each.part && each.picture_shape.length >= 2
      && String(each.tile_axes) === "probe,unit");
    const rows = await Promise.all(shown.map((series) => this.unitRow(series)));
    if (this.wanted !== key) return;
    this.units.replaceChildren(...(rows.length ? rows
      : [el("p", { className: "quiet" }, "No maps were recorded: add the plugin activation.")]));
  }

  async unitRow(series) {
    const { viewer } = this;
    const { run, step, cache } = viewer;
    const found = stepAt(stepsOf(run, series), step);
    const at = [this.image, "*"];
    const strength = columnOf(series, "strength"); // else the largest value that is drawn
    const [tiles, numbers] = await Promise.all([
      cache.get(addresses.tiles(run, series, found, at)), strength ? columns(run, series, found, at) : {}]);
    const values = numbers[strength] ?? [...tiles.high];
    const order = values.map((_, i) => i).sort((a, b) => (values[b] ?? -Infinity) - (values[a] ?? -Infinity)).slice(0, UNITS);
    const look = lookOf(series, stepLimits(tiles, series.signed, 100), { dark: viewer.dark });
    const row = order.map((unit) => {
      const canvas = el("canvas", { "aria-hidden": "true" });
      paint(canvas, tiles, unit, look, SMALL);
      return el("button", {
        type: "button", className: "unit-button", title: `unit ${unit} of ${series.layer}: ${short(values[unit])}`,
        onclick: () => viewer.choose({ kind: series.kind, layer: series.layer, unit, page: "unit" }, { push: true }),
      }, canvas, el("span", {}, `unit ${unit} · ${short(values[unit])}`));
    });
    return el("section", {}, el("h3", {}, layerName(run, series.layer)), el("div", { className: "image-row" }, ...row));
  }
}

/** One tile on a canvas of its own, `side` CSS pixels wide or high at most. */
function paint(canvas, tiles, index, look, side, under = null, zoom = null) {
  const scale = Math.min(side / tiles.width, side / tiles.height);
  const [width, height] = [tiles.width * scale, tiles.height * scale];
  const context = sized(canvas, width, height);
  context.clearRect(0, 0, width, height);
  zoom?.apply(context);
  paintTile(context, tiles, index, look, 0, 0, width, height, under);
}

function drawLines(canvas, steps, lines, current) {
  const [width, height] = [Math.max(240, canvas.parentElement.clientWidth - 8), 150];
  const context = sized(canvas, width, height);
  context.clearRect(0, 0, width, height);
  const known = lines.flat().filter(Number.isFinite);
  const [low, high] = [Math.min(...known), Math.max(...known)];
  const x = (step) => 4 + ((step - steps[0]) / (steps.at(-1) - steps[0] || 1)) * (width - 8);
  const y = (value) => height - 6 - ((value - low) / (high - low || 1)) * (height - 12);
  lines.forEach((values, number) => {
    context.strokeStyle = ink(LINES[number % LINES.length]);
    context.lineWidth = 1.6;
    context.setLineDash(DASHES[number % DASHES.length]);
    context.beginPath();
    values.forEach((value, i) => Number.isFinite(value) && context.lineTo(x(steps[i]), y(value)));
    context.stroke();
  });
  if (current === undefined) return;
  context.setLineDash([]);
  context.strokeStyle = ink("--accent");
  context.lineWidth = 1;
  context.beginPath();
  context.moveTo(x(current), 0);
  context.lineTo(x(current), height);
  context.stroke();
}
