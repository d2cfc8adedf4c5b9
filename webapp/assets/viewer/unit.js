// The chosen unit: large, over the whole training, and in numbers.
import { columns, formed, Refused } from "./api.js";
import { button, el, ink, sized } from "./dom.js";
import { Film } from "./film.js";
import { drawOverTime, extremesOver } from "./overtime.js";
import { css, entryOf } from "./colours.js";
import { limitsOf, MARK_WORDS, paintTile } from "./painter.js";
import { columnOf, isDistribution, isOverTime, placeName, stepsOf, tileAt } from "./series.js";
import { TextFilm } from "./textfilm.js";
import { surroundings } from "./textlayout.js";
import { short, title, valueWords, whole } from "./words.js";
import { WHOLE, Zoomable } from "./zoom.js";

const LARGEST = 264;
const REST = 120; // ms without a move, until numbers are asked for

export class UnitPanel {
  /** `lookOfText(look)`: how a text is coloured; `filmed(isText)`: the film has come. */
  constructor(root, { go, open, cache, lookOfText, filmed }) {
    Object.assign(this, { cache, lookOfText, filmed });
    this.root = root;
    this.heading = el("h2", {});
    this.canvas = el("canvas", { id: "large", role: "img" });
    this.value = el("p", { className: "value" });
    this.words = el("p", { className: "facts" });
    this.beside = el("div", { className: "beside" });
    this.filmBox = el("div", {});
    this.spark = el("canvas", { className: "spark", role: "img", "aria-label": "Largest value over the steps" });
    this.sparkWords = el("h3", {}, "Largest |value| over training");
    this.numbers = el("div", { className: "numbers" });
    this.formed = el("p", { className: "formed" });
    const tools = button("open", "Open this unit (Enter)", open, { id: "open-unit" });
    root.replaceChildren(
      el("div", { className: "head" }, this.heading, tools),
      this.canvas, this.beside, this.value, this.words,
      el("h3", {}, "Over training"), this.filmBox,
      this.sparkWords, this.spark, this.formed, this.numbers,
    );
    this.pictureFilm = new Film(this.filmBox, { go, height: 48 });
    this.textFilm = new TextFilm(this.filmBox, { go });
    this.film = this.pictureFilm;
    new ResizeObserver(() => { if (this.tiles && this.series) { this.draw(); this.drawSpark(); } }).observe(root);
    this.zoom = new Zoomable(this.canvas, () => this.draw(), () => !this.isOverTime);
    this.canvas.addEventListener("pointermove", (event) => this.hover(event));
    this.canvas.addEventListener("pointerleave", () => { this.value.textContent = ""; });
  }

  /** Another unit or series: its film strip is another one. */
  async choose({ run, series, at, index, look, under, texts, time }) {
    Object.assign(this, { run, series, index, look, under, time, tokens: texts?.(index) ?? null });
    this.chooseFilm();
    const drawn = JSON.stringify([run.id, series.kind, series.layer]);
    if (drawn !== this.drawn) { this.drawn = drawn; this.zoom.view = WHOLE; }
    this.where = tileAt(series, at, index);
    this.root.classList.toggle("statistics", isDistribution(series));
    this.heading.textContent = placeName(run, series, index);
    this.numbers.replaceChildren();
    this.beside.replaceChildren();
    this.asked = null;
    await this.film.show(this.cache, run, series, stepsOf(run, series), this.where, look,
      this.isOverTime ? this.tokens : under?.(index));
    this.filmed?.(this.isOverTime);
    this.film.mark(this.tiles?.step);
    this.drawSpark();
    this.formed.textContent = "";
    clearTimeout(this.formedDue);
    this.formedDue = setTimeout(() => this.askFormed(), REST);
  }

  /** By which step most of what the unit changed in this run was done. */
  async askFormed() {
    const { run, series, where } = this;
    if (!this.room || stepsOf(run, series).length < 3) return;
    try {
      const { half, most } = await formed(run, series, where);
      if (this.where !== where || half[0] === null) return;
      this.formed.textContent = `Formed: half of its change was done by step ${whole(half[0])}, nine tenths by step ${whole(most[0])}`;
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      this.formed.textContent = ""; // what is wrong with the run is said elsewhere
    }
  }

  get isOverTime() { return isOverTime(this.series); }

  chooseFilm() {
    this.film = this.isOverTime ? this.textFilm : this.pictureFilm;
    for (const each of [this.pictureFilm, this.textFilm]) each.scroller.hidden = each !== this.film;
    this.textFilm.setTime(this.time);
  }

  /** Another token: the film shows what is around it. */
  chooseTime(time) {
    this.time = time;
    if (!this.series || !this.isOverTime || !this.tiles) return;
    this.textFilm.setTime(time);
    this.draw();
  }

  /** How many tokens or time steps count: a text may be shorter than the longest. */
  get times() { return Math.min(this.tokens?.length ?? Infinity, this.tiles.width); }

  /** Another step, or other colours. */
  show(tiles, look, under) {
    Object.assign(this, { tiles, look, under });
    if (this.index === undefined || this.index >= tiles.count) return;
    this.draw();
    this.film.mark(tiles.step);
    if (this.film.tiles) this.film.setLook(this.isOverTime ? this.lookOfText(look) : look, under?.(this.index));
    this.drawSpark();
    clearTimeout(this.due);
    this.due = setTimeout(() => this.ask(), REST);
  }

  /** The panel's width for pictures; 0 where the page has no such panel. */
  get room() { return Math.max(0, this.root.clientWidth - 28); }

  draw() {
    const { tiles, index } = this;
    if (!this.room) return;
    const bars = tiles.picture.length === 0;
    if (this.isOverTime) this.drawLine();
    else this.drawPicture(bars);
    this.canvas.setAttribute("aria-label", `${this.heading.textContent} at step ${tiles.step}`);
    const mark = tiles.mark(index);
    const range = bars ? short(tiles.low[index])
      : `values ${short(tiles.low[index])} to ${short(tiles.high[index])}`;
    const isPlain = mark === "dead" || mark === "missing" || Boolean(this.series.value_range);
    this.words.replaceChildren(
      isPlain ? "" : el("span", {}, range),
      mark ? el("span", { className: `badge-mark ${mark}` }, MARK_WORDS[mark]) : "",
      ...(this.isOverTime && !mark ? this.peaks() : []),
    );
  }

  drawLine() {
    const { tiles, index, time, times } = this;
    this.canvas.hidden = false;
    drawOverTime(this.canvas, tiles, index, times, time, Math.min(LARGEST, this.room));
  }

  /** Where in the text the unit is highest and lowest, in words. */
  peaks() {
    const { tiles, index, tokens } = this;
    const { lowest, highest } = extremesOver(tiles, index, this.times);
    return [["highest", highest], ["lowest", lowest]].filter(([, at]) => at !== null).map(([name, at]) =>
      el("span", { className: "peak" }, `${name} at ${tokens ? surroundings(tokens, at) : `time step ${at}`}`));
  }

  drawPicture(bars) {
    const { tiles, index, look } = this;
    const side = Math.min(LARGEST, this.room);
    this.canvas.hidden = bars;
    if (!bars) {
      const scale = Math.min(side / tiles.width, side / tiles.height);
      const times = scale >= 1 ? Math.floor(scale) : scale;
      const [width, height] = [tiles.width * times, tiles.height * times];
      const context = sized(this.canvas, width, height);
      context.clearRect(0, 0, width, height);
      this.zoom.apply(context);
      paintTile(context, tiles, index, look, 0, 0, width, height, this.under?.(index));
    }
  }

  hover(event) {
    const { tiles, index } = this;
    if (!tiles || !tiles.picture.length || this.isOverTime) return;
    const at = this.zoom.under(event);
    const box = this.canvas.getBoundingClientRect();
    const x = Math.min(tiles.width - 1, Math.max(0, Math.floor((at.x / box.width) * tiles.width)));
    const y = Math.min(tiles.height - 1, Math.max(0, Math.floor((at.y / box.height) * tiles.height)));
    const offset = (y * tiles.width + x) * tiles.channels;
    const values = Array.from({ length: tiles.channels }, (_, c) => short(tiles.value(index, offset + c)));
    this.value.textContent = `y ${y}, x ${x}: ${values.join(", ")}`;
  }

  /** The largest value of each picture of the film. */
  drawSpark() {
    const { tiles } = this.film;
    if (!tiles || !this.room) return;
    const peaks = Array.from({ length: tiles.count }, (_, i) =>
      Math.max(Math.abs(tiles.low[i]), Math.abs(tiles.high[i])));
    const hasRange = Boolean(this.series.value_range);
    this.spark.hidden = hasRange;
    this.sparkWords.hidden = hasRange;
    if (!hasRange) drawLine(this.spark, peaks, this.film.current, true);
  }

  async ask() {
    const { run, series, where, tiles } = this;
    if (!Object.keys(series.columns).length) return;
    const asked = JSON.stringify([series.kind, series.layer, where, tiles.step]);
    if (this.asked === asked) return;
    this.asked = asked;
    const found = await columns(run, series, tiles.step, where);
    if (this.asked !== asked) return;
    this.found = found;
    this.numbers.replaceChildren(...Object.entries(found).flatMap(([name, value]) => numberRow(run, series, name, value)));
    this.drawBeside();
  }

  /** What the unit gives at no place of its map, such as at a class token: squares in its colours. */
  drawBeside() {
    const { series, tiles, index, look } = this;
    const name = columnOf(series, "beside");
    const values = [this.found?.[name] ?? []].flat();
    const [low, high] = limitsOf(look, tiles, index);
    this.beside.replaceChildren(...values.map((value, place) => {
      const known = value !== null;
      const entry = known ? look.table[entryOf(value, low, high, series.signed, look.gamma)] : 0;
      const square = el("i", { className: known ? "swatch" : "swatch unknown", "aria-hidden": "true" });
      if (known) square.style.background = css(entry);
      return el("span", { title: series.column_help[name] ?? "" }, square,
        `${values.length === 1 ? "class token" : `token ${place}`} `, el("b", {}, known ? short(value) : "not finite"));
    }));
  }
}

/** A number beside its name; many numbers as a line. */
function numberRow(run, series, name, value) {
  if (name === "unit" || value === null) return []; // the heading says it; not known
  if (series.column_roles[name] === "beside") return []; // drawn beside the map
  const help = series.column_help[name] ?? "";
  const few = Array.isArray(value) ? value : [value];
  if (few.length <= 4) {
    const words = few.map((each) => valueWords(run, series, name, each)).join(", ");
    return [el("div", { className: "number", title: help }, el("span", {}, title(name)), el("b", {}, words))];
  }
  const canvas = el("canvas", { className: "spark", role: "img", "aria-label": `${title(name)} as a line` });
  const known = value.filter((each) => each !== null);
  queueMicrotask(() => drawLine(canvas, value, -1));
  return [
    el("h3", { title: help }, title(name), el("span", { className: "aside" }, `ends at ${short(known.at(-1))}`)), canvas,
  ];
}

/** A line through values, with a dot at one of them. */
export function drawLine(canvas, values, current, fromZero = false) {
  const [width, height] = [LARGEST, 44];
  const context = sized(canvas, width, height);
  context.clearRect(0, 0, width, height);
  let [low, high] = fromZero ? [0, 0] : [Infinity, -Infinity];
  for (const value of values) {
    if (value === null || !Number.isFinite(value)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  const x = (i) => 3 + (i / Math.max(1, values.length - 1)) * (width - 6);
  const y = (value) => height - 4 - ((value - low) / (high - low || 1)) * (height - 8);
  context.strokeStyle = ink("--curve-1");
  context.lineWidth = 1.5;
  context.beginPath();
  values.forEach((value, i) => value !== null && context.lineTo(x(i), y(value)));
  context.stroke();
  if (current < 0 || !Number.isFinite(values[current])) return;
  context.fillStyle = ink("--accent");
  context.beginPath();
  context.arc(x(current), y(values[current]), 3.5, 0, 7);
  context.fill();
}
