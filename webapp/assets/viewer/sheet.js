// The Film page: all units over all steps, a row per unit and a column per recorded step.
//
//   step        0     200    400   …      a click picks the unit and the step
//   unit 0     ▒▒     ▒▓     ▓▓           the line under a picture: half of what the unit changed
//   unit 1     ▒▒     ▓▓     ▓▓           in the run was done by then
//
// Only what is in sight is fetched and painted. The rows have the order of the gallery. Of distributions
// there are no units: their rows are layers (layersfilm.js).
import { addresses, formed, Refused } from "./api.js";
import { nearest } from "./curves.js";
import { $, el, ink, sized } from "./dom.js";
import { sampledSteps } from "./film.js";
import { LayersFilm } from "./layersfilm.js";
import { paintBar, paintTile } from "./painter.js";
import { isDistribution, isOverTime } from "./series.js";
import { paintStrips } from "./strips.js";
import { layerName, plural, title, whole } from "./words.js";

const MOST = 60;
const GAP = 4;
const HEAD = 20;
const LABEL = 92;
const SIZES = { 32: 32, 64: 64, 112: 112, 200: 200 };
const AT_ONCE = 3;

export class Sheet {
  constructor(viewer) {
    Object.assign(this, { viewer, frames: new Map(), steps: [], asked: new Set(), half: null, key: null });
    this.heading = el("h1", {});
    this.said = el("p", { className: "quiet", role: "status" });
    this.canvas = el("canvas", { "aria-hidden": "true" });
    this.ring = el("div", { className: "ring", hidden: true });
    this.spacer = el("div", { className: "spacer" }, this.ring);
    this.scroller = el("div", {
      className: "sheet", tabIndex: 0, role: "group", "aria-label": "Units down, training steps across",
    }, this.canvas, this.spacer);
    $("#sheet-page").replaceChildren(el("div", { className: "stage-head" }, this.heading), this.said, this.scroller);
    this.layers = new LayersFilm($("#sheet-page"), viewer, {
      read: (words) => { if (!this.layers.box.hidden) this.said.textContent = words || this.layers.words; },
    });
    this.scroller.addEventListener("scroll", () => this.draw(), { passive: true });
    this.scroller.addEventListener("click", (event) => this.pick(event));
    new ResizeObserver(() => this.draw()).observe(this.scroller);
    viewer.movers.set("sheet", (dx, dy) => this.move(dx, dy));
    viewer.on((_, what) => {
      if (viewer.place.page !== "sheet" || !viewer.series || !viewer.look) return;
      if (["painted", "page", "series", "place", "theme", "order", "version"].includes(what)) this.show();
    });
  }

  get count() { return this.viewer.frame?.count ?? 0; }

  show() {
    const { viewer } = this;
    const { run, series, at } = viewer;
    this.scroller.hidden = isDistribution(series);
    if (this.scroller.hidden) { this.showLayers(); return; }
    this.layers.hide();
    const key = JSON.stringify([run.id, series.kind, series.layer, at]);
    if (key !== this.key) {
      Object.assign(this, { key, half: null });
      this.frames.clear();
      this.findFormed(key);
    }
    this.steps = sampledSteps(viewer.steps, MOST);
    this.heading.textContent = `${layerName(run, series.layer)} · ${title(series.kind)} · ${plural(this.count, viewer.noun)} × ${plural(this.steps.length, "step")}`;
    this.draw();
    this.mark();
  }

  showLayers() {
    const { viewer, layers } = this;
    layers.show();
    this.heading.textContent = `${title(viewer.series.kind)} · ${plural(layers.rows.length, "layer")} × ${plural(viewer.steps.length, "step")}`;
    this.said.textContent = layers.words;
  }

  /** By which step half of each unit's change was done: asked for once. */
  async findFormed(key) {
    const { viewer } = this;
    try {
      const { half } = await formed(viewer.run, viewer.series, viewer.at);
      if (key === this.key) { this.half = half; this.draw(); this.mark(); }
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      viewer.failed(error);
    }
  }

  get grid() {
    const { frame, series, scale } = this.viewer;
    const fitting = (this.scroller.clientWidth - LABEL) / Math.max(1, this.steps.length) - GAP;
    const wide = scale.size === "fit" ? Math.min(112, Math.max(36, Math.floor(fitting))) : SIZES[scale.size] ?? 64;
    const times = isOverTime(series) || !frame.picture.length ? 1 : frame.height / frame.width;
    const cell = isOverTime(series) ? wide * 2 : wide;
    const tall = isOverTime(series) ? 16 : Math.max(14, wide * times);
    return { cell, tall, pitchX: cell + GAP, pitchY: tall + GAP };
  }

  draw() {
    const { viewer, scroller } = this;
    const { clientWidth: width, clientHeight: height, scrollLeft, scrollTop } = scroller;
    if (viewer.place.page !== "sheet" || !viewer.frame || !width) return;
    const { pitchX, pitchY } = this.grid;
    this.spacer.style.width = `${LABEL + this.steps.length * pitchX}px`;
    this.spacer.style.height = `${HEAD + this.count * pitchY}px`;
    scroller.style.setProperty("--canvas-height", `${height}px`);
    const context = sized(this.canvas, width, height);
    context.clearRect(0, 0, width, height);
    const columns = range(scrollLeft, width - LABEL, pitchX, this.steps.length);
    const rows = range(scrollTop, height - HEAD, pitchY, this.count);
    for (const column of columns) this.drawColumn(context, column, rows);
    this.drawLabels(context, columns, rows, width, height);
    scroller.dataset.painted = columns.filter((column) => this.frames.has(this.urlOf(column))).length;
    this.fetch(columns.map((column) => this.urlOf(column)));
  }

  urlOf(column) { return addresses.tiles(this.viewer.run, this.viewer.series, this.steps[column], this.viewer.at); }

  /** Where a cell is on the canvas. */
  cellAt(column, row) {
    const { pitchX, pitchY } = this.grid;
    return [LABEL + column * pitchX - this.scroller.scrollLeft, HEAD + row * pitchY - this.scroller.scrollTop];
  }

  drawColumn(context, column, rows) {
    const { viewer } = this;
    const tiles = this.frames.get(this.urlOf(column));
    const { cell, tall } = this.grid;
    const under = viewer.underOf();
    for (const row of rows) {
      const [x, y] = this.cellAt(column, row);
      const index = viewer.gallery.indexAt(row);
      if (tiles && index < tiles.count) this.paint(context, tiles, index, { x, y, width: cell, height: tall }, under);
      else { context.fillStyle = ink("--panel"); context.fillRect(x, y, cell, tall); }
      if (this.half?.[index] !== null && this.half && this.columnOf(this.half[index]) === column) {
        context.fillStyle = ink("--accent");
        context.fillRect(x, y + tall + 1, cell, 2);
      }
    }
  }

  paint(context, tiles, index, { x, y, width, height }, under) {
    const { look, series } = this.viewer;
    if (isOverTime(series)) paintStrips(context, tiles, [index], [0, tiles.width], look, { x, y, width, height });
    else if (tiles.picture.length) paintTile(context, tiles, index, look, x, y, width, height, under?.(index));
    else {
      paintBar(context, tiles.low[index], look.limits ?? [Math.min(...tiles.low), Math.max(...tiles.low)], x, y, width, height,
        { positive: ink("--positive"), negative: ink("--negative") });
    }
  }

  /** Steps above and units at the left stay in sight. */
  drawLabels(context, columns, rows, width, height) {
    const { viewer } = this;
    const { cell, tall } = this.grid;
    context.clearRect(0, 0, width, HEAD);
    context.clearRect(0, 0, LABEL, height);
    context.font = `11px ${getComputedStyle(this.scroller).fontFamily}`;
    context.fillStyle = ink("--quiet");
    context.textBaseline = "middle";
    context.textAlign = "left";
    for (const column of columns) {
      const [x] = this.cellAt(column, 0);
      if (x >= LABEL - GAP) context.fillText(whole(this.steps[column]), x, HEAD / 2, cell);
    }
    for (const row of rows) {
      const [, y] = this.cellAt(0, row);
      const index = viewer.gallery.indexAt(row);
      if (y < HEAD) continue;
      const half = this.half?.[index];
      const said = half === undefined || half === null ? "" : ` · ½ ${whole(half)}`;
      context.fillText(`${index}${said}`, 2, y + tall / 2, LABEL - 8);
    }
  }

  /** Fetch the columns in sight, a few at a time; those that are out of it by then are left. */
  fetch(urls) {
    const { viewer } = this;
    this.wanted = urls.filter((url) => !this.frames.has(url));
    while (this.asked.size < AT_ONCE) {
      const url = this.wanted.find((each) => !this.asked.has(each));
      if (!url) return;
      this.asked.add(url);
      const key = this.key;
      const found = viewer.cache.peek(url) ?? viewer.cache.fetch(url, false);
      Promise.resolve(found).then((tiles) => {
        if (key === this.key) this.frames.set(url, tiles);
      }, (error) => viewer.failed(error)).finally(() => {
        this.asked.delete(url);
        requestAnimationFrame(() => this.draw());
      });
    }
  }

  columnOf(step) { return nearest(this.steps, step); }

  pick(event) {
    const box = this.canvas.getBoundingClientRect();
    const { pitchX, pitchY } = this.grid;
    const column = Math.floor((event.clientX - box.left - LABEL + this.scroller.scrollLeft) / pitchX);
    const row = Math.floor((event.clientY - box.top - HEAD + this.scroller.scrollTop) / pitchY);
    if (row < 0 || row >= this.count || column >= this.steps.length) return;
    this.viewer.choose({ unit: this.viewer.gallery.indexAt(row) });
    if (column >= 0) this.viewer.goTo(this.steps[column]);
  }

  move(dx, dy) {
    const { viewer } = this;
    if (isDistribution(viewer.series)) {
      if (dy) this.layers.move(dy);
      if (dx) viewer.transport.step(dx);
      return;
    }
    const row = viewer.gallery.spotOf(viewer.place.unit) + dy;
    const column = this.columnOf(viewer.step) + dx;
    if (dy && row >= 0 && row < this.count) viewer.choose({ unit: viewer.gallery.indexAt(row) });
    if (dx && column in this.steps) viewer.goTo(this.steps[column]);
  }

  /** Ring the cell of the chosen unit and step, and say what it is. */
  mark() {
    const { viewer, scroller } = this;
    const { cell, tall, pitchX, pitchY } = this.grid;
    const { unit } = viewer.place;
    const [column, row] = [this.columnOf(viewer.step), viewer.gallery.spotOf(unit)];
    this.ring.hidden = unit === null || column < 0;
    Object.assign(this.ring.style, {
      transform: `translate(${LABEL + column * pitchX}px, ${HEAD + row * pitchY}px)`, width: `${cell}px`, height: `${tall}px`,
    });
    const half = this.half?.[unit];
    const by = half === undefined || half === null ? "" : `; half of its change was done by step ${whole(half)}`;
    this.said.textContent = `${viewer.nameOf(unit)} at step ${whole(this.steps[column] ?? 0)}${by}`;
    const [x, y] = [column * pitchX, row * pitchY];
    if (y < scroller.scrollTop || y + pitchY > scroller.scrollTop + scroller.clientHeight - HEAD) scroller.scrollTop = Math.max(0, y - scroller.clientHeight / 2);
    if (x < scroller.scrollLeft || x + pitchX > scroller.scrollLeft + scroller.clientWidth - LABEL) scroller.scrollLeft = Math.max(0, x - scroller.clientWidth / 2);
  }
}

/** Which cells of a pitch are in sight. */
function range(from, room, pitch, count) {
  const first = Math.max(0, Math.floor(from / pitch));
  const end = Math.min(count, Math.ceil((from + room) / pitch));
  return Array.from({ length: Math.max(0, end - first) }, (_, i) => first + i);
}
