// The Unit page: everything that the run knows of one unit at this step.
import { addresses, extent } from "./api.js";
import { stepLimits } from "./colours.js";
import { lowerBound } from "./curves.js";
import { Distribution } from "./distribution.js";
import { $, button, el, ink, sized } from "./dom.js";
import { Film } from "./film.js";
import { lookOf, paintBar, paintTile } from "./painter.js";
import { hasScale, isDistribution, isOverTime, otherAxes, placeName, stepsOf, tileAt, unitSeries } from "./series.js";
import { paintStrips } from "./strips.js";
import { TextFilm } from "./textfilm.js";
import { rankOf, short, tileLabel, title, whole } from "./words.js";
import { Zoomable } from "./zoom.js";

const TALL = 84;
const CROWD = 8; // pictures, beyond which they are drawn smaller
const MOST = 32;

export class UnitPage {
  constructor(viewer) {
    this.viewer = viewer;
    this.heading = el("h1", {});
    this.filmTitle = el("h3", { role: "heading", "aria-level": 2 });
    this.filmBox = el("div", {});
    this.wholeTitle = el("h3", { role: "heading", "aria-level": 2 });
    this.wholeHelp = el("p", { className: "quiet" });
    this.cardBox = el("div", { className: "cards" });
    const by = (n) => () => this.turn(n);
    $("#unit-page").replaceChildren(el("div", { className: "inner" },
      el("div", { className: "head" }, button("previous", "Unit before (←)", by(-1)), this.heading,
        button("next", "Next unit (→)", by(1))),
      el("h2", { className: "visually-hidden" }, "All that was recorded of it"), this.cardBox,
      this.wholeBox = el("section", { className: "card" }, this.wholeTitle, this.wholeHelp),
      this.filmCard = el("section", { className: "card" }, this.filmTitle, this.filmBox)));
    const go = (step) => viewer.goTo(step);
    this.distribution = new Distribution(this.wholeBox, { on: { go, film: (index) => viewer.filmOf(index) } });
    this.pictureFilm = new Film(this.filmBox, { go, height: 72, wall: true });
    this.textFilm = new TextFilm(this.filmBox, { go, wall: true });
    this.film = this.pictureFilm;
    viewer.on((_, what) => {
      if (viewer.place.page !== "unit" || !viewer.series || !viewer.look) return;
      if (["painted", "page", "series", "place", "theme"].includes(what)) this.show();
    });
  }

  get isUnits() { return this.viewer.series.spread === "unit"; }

  turn(by) {
    const { viewer } = this;
    const count = viewer.frame?.count ?? 1;
    viewer.choose({ unit: (viewer.place.unit + by + count) % count });
  }

  show() {
    const { viewer } = this;
    const { run, series, place: { unit } } = viewer;
    const step = viewer.frame?.step;
    this.heading.textContent = `${placeName(run, series, unit)} · step ${whole(step ?? 0)}`;
    const which = JSON.stringify([run.id, series.kind, series.layer, unit, viewer.at, viewer.steps.length]);
    if (which !== this.which) { this.which = which; this.build(); }
    if (this.isWhole) { if (viewer.frame) this.distribution.show(viewer.frame, viewer.look); return; }
    this.textFilm.setTime(viewer.place.time);
    this.film.setLook(isOverTime(series) ? viewer.lookOfText(viewer.look) : viewer.look, viewer.underOf()?.(unit));
    this.film.mark(step);
    for (const card of this.cards) card.show(step);
  }

  build() {
    const { viewer } = this;
    const { run, series, place: { unit, at } } = viewer;
    this.isWhole = isDistribution(series);
    for (const each of [this.cardBox, this.filmCard]) each.hidden = this.isWhole;
    this.wholeBox.hidden = !this.isWhole;
    this.distribution.clear();
    if (this.isWhole) {
      this.cards = [];
      this.wholeTitle.textContent = `${title(series.kind)} over training`;
      this.wholeHelp.textContent = series.picture_help || series.help.split("\n")[0];
      return;
    }
    this.filmTitle.textContent = `${title(series.kind)} over training`;
    const overTime = isOverTime(series);
    this.film = overTime ? this.textFilm : this.pictureFilm;
    for (const each of [this.pictureFilm, this.textFilm]) each.scroller.hidden = each !== this.film;
    this.film.show(viewer.cache, run, series, viewer.steps, tileAt(series, at, unit), viewer.look,
      overTime ? viewer.textsOf()?.(unit) ?? null : viewer.underOf()?.(unit)).then(() => this.film.mark(viewer.frame?.step), (error) => viewer.failed(error));
    const shown = this.isUnits
      ? unitSeries(run, series) : [series];
    this.cards = shown.map((each) => new Card(viewer, each, unit));
    this.cardBox.replaceChildren(...this.cards.map((card) => card.root));
  }
}

/** One series of the unit: a single picture, or one per probe image or input channel. */
class Card {
  constructor(viewer, series, unit) {
    Object.assign(this, { viewer, series, unit });
    this.axis = otherAxes(series)[0] ?? null;
    this.value = el("b", { className: "big" });
    this.canvas = el("canvas", { role: "img", "aria-label": `${title(series.kind)} of this unit` });
    this.zoom = new Zoomable(this.canvas, () => { if (this.tiles) this.draw(this.tiles); });
    this.aside = el("span", { className: "aside" });
    const rank = rankOf(series.kind) ? `, rank ${rankOf(series.kind)}` : "";
    const name = series.part && series.title ? `${title(series.label)} · ${series.title}${rank}` : title(series.kind);
    this.root = el("section", { className: "card" },
      el("h3", { role: "heading", "aria-level": 2 }, el("button", { type: "button", className: "link", "data-kind": series.kind }, name), this.aside),
      el("p", { className: "quiet" }, series.picture_help || series.help.split("\n")[0]), this.value, this.canvas);
    this.watchWidth();
  }

  /** Pictures fill the width that there is. */
  watchWidth() {
    new ResizeObserver(() => {
      if (this.tiles && this.root.clientWidth !== this.drawnAt) this.draw(this.tiles);
    }).observe(this.root);
  }

  get at() {
    const { series, unit, axis, viewer } = this;
    return series.tile_axes.map((each, i) => {
      if (each === axis) return "*";
      if (each === series.spread) return Math.min(unit, series.tile_shape[i] - 1);
      return Math.min(viewer.place.at[each] ?? 0, series.tile_shape[i] - 1);
    });
  }

  /** The newest frame that is not after the step. */
  async show(step) {
    const { viewer, series } = this;
    const steps = stepsOf(viewer.run, series);
    const after = lowerBound(steps, step);
    const index = steps[after] === step ? after : Math.max(0, after - 1);
    const url = addresses.tiles(viewer.run, series, steps[index], this.at);
    this.wanted = url;
    try {
      const tiles = await viewer.cache.get(url);
      if (this.wanted === url) this.draw(tiles);
      if (viewer.place.scale === "history") await this.findExtent();
    } catch (error) {
      if (this.wanted === url) this.aside.textContent = error.message;
    }
    if (steps[index] !== step) this.aside.textContent = `as of step ${whole(steps[index])}`;
  }

  draw(tiles) {
    const { viewer, series } = this;
    this.tiles = tiles;
    this.drawnAt = this.root.clientWidth;
    if (!this.drawnAt) return;
    const limits = this.limits(tiles);
    const look = lookOf(series, bars(tiles) ? limits ?? stepLimits(tiles, series.signed, 100) : limits, {
      dark: viewer.dark, gamma: viewer.scale.gamma,
    });
    if (isOverTime(series)) { this.drawStrips(tiles, look); return; }
    const count = Math.min(tiles.count, MOST);
    this.canvas.hidden = bars(tiles) && count === 1;
    if (this.canvas.hidden) { this.value.textContent = short(tiles.low[0]); return; }
    const tall = TALL * (count === 1 ? 2 : count > CROWD ? 0.72 : 1);
    const width = bars(tiles) ? 18 : (tall * tiles.width) / tiles.height;
    const room = this.root.clientWidth - 24;
    const columns = Math.max(1, Math.min(count, Math.floor((room + 4) / (width + 4))));
    const label = this.axis === "probe" ? 14 : 0;
    const rows = Math.ceil(count / columns);
    const context = sized(this.canvas, columns * (width + 4), rows * (tall + 4 + label));
    context.clearRect(0, 0, columns * (width + 4), rows * (tall + 4 + label));
    this.zoom.apply(context);
    for (let i = 0; i < count; i += 1) {
      const [x, y] = [(i % columns) * (width + 4), Math.floor(i / columns) * (tall + 4 + label)];
      if (bars(tiles)) paintBar(context, tiles.low[i], look.limits, x, y, width, tall, barInks());
      else paintTile(context, tiles, i, look, x, y, width, tall);
      if (label) this.label(context, i, x, y + tall + 2, width);
    }
    this.aside.textContent = tiles.count > count ? `${count} of ${tiles.count}` : "";
  }

  /** One line per text, as wide as there is room. */
  drawStrips(tiles, look) {
    const [width, tall] = [this.root.clientWidth - 24, 18];
    const count = Math.min(tiles.count, MOST);
    const context = sized(this.canvas, width, count * (tall + 4));
    context.clearRect(0, 0, width, count * (tall + 4));
    this.zoom.apply(context);
    for (let i = 0; i < count; i += 1) {
      paintStrips(context, tiles, [i], [0, tiles.width], look, { x: 0, y: i * (tall + 4), width, height: tall });
    }
  }

  /** As the colour scale is set: each picture's own, those of this unit and step, or of the history. */
  limits(tiles) {
    const { viewer, series } = this;
    if (!hasScale(series)) return series.value_range;
    const { scale } = viewer.place;
    if (scale === "unit" && !bars(tiles)) return null;
    if (scale === "history" && this.extent) return this.extent;
    return stepLimits(tiles, series.signed, 100);
  }

  /** The range of the whole history, fetched once. */
  async findExtent() {
    if (this.extent || !hasScale(this.series)) return;
    const { low, high } = await extent(this.viewer.run, this.series);
    this.extent = [low ?? 0, high ?? 0];
    if (this.tiles) this.draw(this.tiles);
  }

  label(context, index, x, y, width) {
    context.font = `10px ${getComputedStyle(this.root).fontFamily}`;
    context.fillStyle = ink("--quiet");
    context.textBaseline = "top";
    context.fillText(tileLabel(this.viewer.run, this.series, "probe", index) || index, x, y, width);
  }
}

const bars = (tiles) => tiles.picture.length === 0;

const barInks = () => ({ positive: ink("--positive"), negative: ink("--negative") });
