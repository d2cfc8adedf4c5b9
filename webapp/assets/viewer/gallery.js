// The gallery: all tiles of one frame on one canvas, only as much of it as is in sight.
//
//   ┌ scroller ───────────────┐
//   │ canvas (sticky)         │   repainted on scroll: a tall canvas would cost memory for
//   │ ┌ spacer, full height ┐ │   tiles that nobody sees
import { el, ink, sized } from "./dom.js";
import { limitsOf, MARK_WORDS, paintBar, paintTile } from "./painter.js";
import { short } from "./words.js";

const GAP = 4;
const LABEL = 17;
const SMALLEST = 36;
const LARGEST = 2000; // a few tiles fill the stage
const BAR_HEIGHT = 320;

export class Gallery {
  /** `on`: select(index), open(index), hover(words); `label(index)` names a tile. */
  constructor(root, { name, label, on = {} }) {
    this.on = on;
    this.label = label;
    this.chosen = null;
    this.size = "fit";
    this.tiles = null;
    this.order = null; // which tile is where; null: by number
    this.canvas = el("canvas", { "aria-hidden": "true" });
    this.ring = el("div", { className: "ring", hidden: true });
    this.spacer = el("div", { className: "spacer" }, this.ring);
    this.list = el("div", { className: "visually-hidden" });
    this.scroller = el("div", {
      className: "gallery", tabIndex: 0, role: "listbox", "aria-label": name,
    }, this.canvas, this.spacer, this.list);
    root.append(this.scroller);
    this.listen();
  }

  listen() {
    const { scroller } = this;
    scroller.addEventListener("scroll", () => this.paint(), { passive: true });
    new ResizeObserver(() => this.arrange()).observe(scroller);
    scroller.addEventListener("pointermove", (event) => this.hover(event));
    scroller.addEventListener("pointerleave", () => this.on.hover?.(""));
    scroller.addEventListener("wheel", (event) => {
      if (!event.ctrlKey || !this.on.resize) return; // the wheel alone scrolls
      event.preventDefault();
      this.on.resize(event.deltaY < 0 ? 1 : -1);
    }, { passive: false });
    scroller.addEventListener("click", (event) => {
      const found = this.at(event);
      if (found !== null) this.on.select?.(found.index);
    });
    scroller.addEventListener("dblclick", (event) => {
      const found = this.at(event);
      if (found !== null) this.on.open?.(found.index);
    });
  }

  /** Show a frame. Its grid is in `data-grid`, in CSS pixels. `under(index)` gives the picture that a tile lies over, or null. */
  show(tiles, look, under = null) {
    const other = !this.tiles || tiles.count !== this.tiles.count
      || String(tiles.picture) !== String(this.tiles.picture) || look.series !== this.look?.series;
    Object.assign(this, { tiles, look, under });
    if (other) this.arrange();
    else this.paint();
  }

  clear() {
    this.tiles = null;
    this.spacer.style.height = "0";
    this.ring.hidden = true;
    sized(this.canvas, 1, 1);
    this.list.replaceChildren();
  }

  get isBars() { return this.tiles?.picture.length === 0; }

  /** Find the place of every tile, then paint. */
  arrange() {
    if (!this.tiles || !this.scroller.clientWidth) return;
    const { clientWidth: width, clientHeight: height } = this.scroller;
    this.grid = this.isBars ? barGrid(this.tiles.count, width - 2, height) : this.tileGrid(width, height);
    const { columns, cell, tall, pitchX, pitchY } = this.grid;
    this.scroller.dataset.grid = JSON.stringify({ columns, cell, tall, pitchX, pitchY });
    this.spacer.style.height = `${Math.ceil(this.grid.rows * this.grid.pitchY)}px`;
    this.describe();
    this.paint();
  }

  tileGrid(width, height) {
    const { count, width: w, height: h } = this.tiles;
    const hasLabel = this.label && Array.from({ length: count }, (_, i) => this.label(i)).some(Boolean);
    const columnsFor = (cell) => Math.max(1, Math.floor((width - 14 + GAP) / (cell + GAP)));
    const rowHeight = (cell) => (cell * h) / w + GAP + (hasLabel && cell >= 44 ? LABEL : 0);
    let cell = Number(this.size);
    if (this.size === "fit") {
      cell = Math.min(LARGEST, width - 14);
      const tooTall = (c) => Math.ceil(count / columnsFor(c)) * rowHeight(c) > height;
      while (cell > SMALLEST && tooTall(cell)) cell -= 1;
    }
    cell = snapped(cell, w);
    let columns = Math.min(count, columnsFor(cell));
    columns = Math.ceil(count / Math.ceil(count / columns)); // rows of equal length, if they can be
    const tall = (cell * h) / w;
    const label = hasLabel && cell >= 44 ? LABEL : 0;
    return {
      columns, rows: Math.ceil(count / columns), cell, tall, label,
      pitchX: cell + GAP, pitchY: tall + GAP + label,
    };
  }

  /** Show tile order[0] first, and so on; null: by number. An order of another length waits for its tiles. */
  sort(order) {
    if (order === this.order) return;
    this.order = order;
    this.spots = null;
    if (order) order.forEach((index, spot) => { (this.spots ??= [])[index] = spot; });
    this.list.replaceChildren();
    this.arrange();
  }

  get isSorted() { return this.order !== null && this.order.length === this.tiles?.count; }
  indexAt(spot) { return this.isSorted ? this.order[spot] : spot; }
  spotOf(index) { return this.isSorted ? this.spots[index] : index; }

  /** Where tile `index` is in the spacer, in CSS pixels. */
  place(index) {
    const { columns, pitchX, pitchY, cell, tall } = this.grid;
    const spot = this.spotOf(index);
    return {
      x: (spot % columns) * pitchX, y: Math.floor(spot / columns) * pitchY, width: cell, height: tall,
    };
  }

  paint() {
    if (!this.tiles || !this.grid) return;
    const { clientWidth, clientHeight, scrollTop } = this.scroller;
    const context = sized(this.canvas, clientWidth, clientHeight);
    this.scroller.style.setProperty("--canvas-height", `${clientHeight}px`);
    context.clearRect(0, 0, clientWidth, clientHeight);
    const { columns, pitchY } = this.grid;
    const first = Math.floor(scrollTop / pitchY) * columns;
    const last = Math.min(this.tiles.count, (Math.floor((scrollTop + clientHeight) / pitchY) + 1) * columns);
    const style = { text: ink("--quiet"), font: getComputedStyle(this.scroller).fontFamily };
    if (this.isBars) this.paintBars(context, scrollTop, style);
    else for (let i = first; i < last; i += 1) this.paintOne(context, this.indexAt(i), scrollTop, style);
    this.moveRing();
  }

  paintOne(context, index, scrollTop, style) {
    const { x, y, width, height } = this.place(index);
    const under = this.under ? this.under(index) : null;
    paintTile(context, this.tiles, index, this.look, x, y - scrollTop, width, height, under);
    if (this.grid.label) {
      context.font = `11px ${style.font}`;
      context.fillStyle = style.text;
      context.textAlign = "left";
      context.textBaseline = "top";
      context.fillText(this.label(index), x, y - scrollTop + height + 3, width);
    }
  }

  paintBars(context, scrollTop, style) {
    const limits = this.look.limits ?? [Math.min(...this.tiles.low), Math.max(...this.tiles.low)];
    const colours = { positive: ink("--positive"), negative: ink("--negative") };
    const { cell, tall } = this.grid;
    for (let i = 0; i < this.tiles.count; i += 1) {
      const { x, y } = this.place(i);
      paintBar(context, this.tiles.low[i], limits, x, y - scrollTop + 4, cell, tall - 8, colours);
      if (cell < 14) continue;
      context.font = `11px ${style.font}`;
      context.fillStyle = style.text;
      context.textAlign = "center";
      context.textBaseline = "top";
      context.fillText(this.label?.(i) || i, x + cell / 2, y - scrollTop + tall + 3, cell + 6);
    }
  }

  /** The tile and pixel under the pointer, or null. */
  at(event) {
    if (!this.tiles || !this.grid) return null;
    const box = this.scroller.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top + this.scroller.scrollTop];
    const { columns, pitchX, pitchY, cell, tall } = this.grid;
    const [column, row] = [Math.floor(x / pitchX), Math.floor(y / pitchY)];
    const spot = row * columns + column;
    const [dx, dy] = [x - column * pitchX, y - row * pitchY];
    if (column < 0 || column >= columns || spot >= this.tiles.count || dy < 0) return null;
    if (dx > cell || dy > tall) return null;
    return {
      index: this.indexAt(spot),
      px: Math.min(this.tiles.width - 1, Math.floor((dx / cell) * this.tiles.width)),
      py: Math.min(this.tiles.height - 1, Math.floor((dy / tall) * this.tiles.height)),
    };
  }

  hover(event) {
    const found = this.at(event);
    this.on.hover?.(found === null ? "" : this.say(found));
  }

  say({ index, px, py }) {
    const { tiles } = this;
    const mark = tiles.mark(index);
    if (mark === "missing") return `${index}: ${MARK_WORDS.missing}`;
    const channels = this.isBars ? [0] : Array.from({ length: tiles.channels }, (_, c) => c);
    const offset = (py * tiles.width + px) * tiles.channels;
    const values = channels.map((c) => short(tiles.value(index, offset + c))).join(", ");
    const where = this.isBars ? "" : ` · y ${py}, x ${px}`;
    return `${index}${where} · ${values}${mark ? ` · ${MARK_WORDS[mark]}` : ""}`;
  }

  /** Choose a tile: the ring goes there, and the list says so. */
  choose(index, { scroll = true } = {}) {
    this.chosen = index;
    this.scroller.setAttribute("aria-activedescendant", index === null ? "" : `${this.id}-${index}`);
    for (const option of this.list.children) {
      option.setAttribute("aria-selected", String(Number(option.dataset.index) === index));
    }
    if (scroll && index !== null && this.grid) this.reveal(index);
    this.moveRing();
  }

  reveal(index) {
    const { y, height } = this.place(index);
    const { scrollTop, clientHeight } = this.scroller;
    if (y < scrollTop) this.scroller.scrollTop = y;
    else if (y + height + 20 > scrollTop + clientHeight) {
      this.scroller.scrollTop = y + height + 20 - clientHeight;
    }
  }

  moveRing() {
    this.ring.hidden = this.chosen === null || !this.grid || !this.tiles || this.chosen >= this.tiles.count;
    if (this.ring.hidden) return;
    const { x, y, width, height } = this.place(this.chosen);
    Object.assign(this.ring.style, {
      transform: `translate(${x}px, ${y}px)`, width: `${width}px`, height: `${height}px`,
    });
  }

  /** Arrow keys: the neighbour of the chosen tile, or null at an edge. */
  neighbour(dx, dy) {
    if (!this.tiles || !this.grid) return null;
    if (this.chosen === null) return this.indexAt(0);
    const spot = this.spotOf(this.chosen);
    const column = (spot % this.grid.columns) + dx;
    const next = spot + dx + dy * this.grid.columns;
    if (column < 0 || column >= this.grid.columns || next < 0 || next >= this.tiles.count) return null;
    return this.indexAt(next);
  }

  /** One hidden option per tile, for those who hear the page. */
  describe() {
    this.id ??= `gallery-${Math.random().toString(36).slice(2, 8)}`;
    if (this.list.children.length === this.tiles.count) return;
    const options = Array.from({ length: this.tiles.count }, (_, spot) => {
      const index = this.indexAt(spot);
      return el("div", {
        id: `${this.id}-${index}`, role: "option", "data-index": index,
        "aria-selected": String(index === this.chosen),
      }, this.on.name?.(index) ?? String(index));
    });
    this.list.replaceChildren(...options);
  }

  limits(index) { return limitsOf(this.look, this.tiles, index); }
}

/** Small enlargements take a whole number of screen pixels per pixel, so that all look alike, unless
 *  that would leave much of the room empty. */
function snapped(cell, native) {
  const ratio = window.devicePixelRatio || 1;
  const times = Math.floor((cell * ratio) / native);
  const whole = (times * native) / ratio;
  return times >= 1 && times <= 6 && whole > 0.7 * cell ? whole : Math.round(cell * ratio) / ratio;
}

function barGrid(count, width, height) {
  const pitchX = Math.min(64, width / count);
  const cell = Math.max(1, pitchX - Math.min(GAP, pitchX / 4));
  const tall = Math.max(120, Math.min(BAR_HEIGHT, height - 40));
  return { columns: count, rows: 1, cell, tall, label: LABEL, pitchX, pitchY: tall + LABEL + GAP };
}
