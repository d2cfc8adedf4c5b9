// Units × time on a canvas: a row per unit, a column per token or time step, only what is in sight.
import { el, sized } from "./dom.js";
import { paintStrips } from "./strips.js";

const SIZES = { fit: 1, 32: 2, 64: 4, 112: 8, 200: 16 };
const LOWEST = 3;
const HIGHEST = 18;

export class Rows {
  /** `pick(spot, time)`: a cell was clicked; `hover(spot, time)`: the pointer is over it. */
  constructor(root, { pick, hover }) {
    this.canvas = el("canvas", { "aria-hidden": "true" });
    this.row = el("div", { className: "ring", hidden: true });
    this.column = el("div", { className: "time-line", hidden: true });
    this.spacer = el("div", { className: "spacer" }, this.row, this.column);
    this.list = el("div", { className: "visually-hidden" });
    this.scroller = el("div", {
      className: "rows", tabIndex: 0, role: "listbox", "aria-label": "Units over time",
    }, this.canvas, this.spacer, this.list);
    root.append(this.scroller);
    this.size = "fit";
    this.scroller.addEventListener("scroll", () => this.paint(), { passive: true });
    this.scroller.addEventListener("click", (event) => {
      const found = this.at(event);
      if (found) pick(found.spot, found.time);
    });
    this.scroller.addEventListener("pointermove", (event) => {
      const found = this.at(event);
      hover(found?.spot ?? null, found?.time ?? null);
    });
    this.scroller.addEventListener("pointerleave", () => hover(null, null));
    new ResizeObserver(() => this.arrange()).observe(this.scroller);
  }

  /** Show strips; `indexAt(spot)` says which tile is in which row, `times` how many of them count. */
  show(tiles, look, indexAt, times) {
    const other = !this.tiles || tiles.count !== this.tiles.count || times !== this.times;
    Object.assign(this, { tiles, look, indexAt, times });
    if (other) this.arrange();
    else this.paint();
  }

  arrange() {
    const { clientWidth: width, clientHeight: height } = this.scroller;
    if (!this.tiles || !width) return;
    const least = SIZES[this.size] ?? 1;
    this.cell = Math.max(least, Math.min(24, width / this.times));
    const lowest = Math.max(LOWEST, Math.min(HIGHEST, least));
    this.tall = Math.max(lowest, Math.min(HIGHEST, Math.floor(height / this.tiles.count)));
    this.scroller.dataset.grid = JSON.stringify({ cell: this.cell, tall: this.tall });
    this.scroller.style.maxHeight = `${this.tiles.count * this.tall + 18}px`; // and a bar to scroll with
    this.spacer.style.height = `${this.tiles.count * this.tall}px`;
    this.spacer.style.width = `${Math.floor(this.times * this.cell)}px`;
    this.paint();
    this.mark(this.spot ?? null, this.time ?? null, { reveal: false });
  }

  paint() {
    const { tiles, scroller, cell, tall } = this;
    if (!tiles || !cell) return;
    const { clientWidth: width, clientHeight: height, scrollTop, scrollLeft } = scroller;
    const context = sized(this.canvas, width, height);
    scroller.style.setProperty("--canvas-height", `${height}px`);
    context.clearRect(0, 0, width, height);
    const first = Math.floor(scrollTop / tall);
    const end = Math.min(tiles.count, Math.ceil((scrollTop + height) / tall));
    const [from, to] = [Math.floor(scrollLeft / cell), Math.min(this.times, Math.ceil((scrollLeft + width) / cell))];
    const indices = Array.from({ length: Math.max(0, end - first) }, (_, i) => this.indexAt(first + i));
    paintStrips(context, tiles, indices, [from, to], this.look, {
      x: from * cell - scrollLeft, y: first * tall - scrollTop, width: (to - from) * cell, height: indices.length * tall,
    });
  }

  at(event) {
    if (!this.tiles || !this.cell) return null;
    const box = this.canvas.getBoundingClientRect();
    const spot = Math.floor((event.clientY - box.top + this.scroller.scrollTop) / this.tall);
    const time = Math.floor((event.clientX - box.left + this.scroller.scrollLeft) / this.cell);
    return spot >= 0 && spot < this.tiles.count && time >= 0 && time < this.times ? { spot, time } : null;
  }

  /** Ring the row of the unit, and draw a line at the time. */
  mark(spot, time, { reveal = true } = {}) {
    Object.assign(this, { spot, time });
    this.row.hidden = spot === null || !this.cell || spot >= this.tiles.count;
    this.column.hidden = time === null || !this.cell || time >= this.times;
    if (!this.row.hidden) {
      Object.assign(this.row.style, {
        transform: `translate(0, ${spot * this.tall}px)`, width: `${Math.floor(this.times * this.cell)}px`, height: `${this.tall}px`,
      });
    }
    if (!this.column.hidden) {
      Object.assign(this.column.style, { transform: `translate(${time * this.cell}px, 0)`, width: `${Math.max(1, this.cell)}px` });
    }
    if (reveal) this.reveal();
  }

  reveal() {
    const { scroller, cell, tall, spot, time } = this;
    const { scrollTop, scrollLeft, clientHeight, clientWidth } = scroller;
    if (!this.row.hidden) {
      const y = spot * tall;
      if (y < scrollTop) scroller.scrollTop = y;
      else if (y + tall > scrollTop + clientHeight) scroller.scrollTop = y + tall - clientHeight;
    }
    if (!this.column.hidden) {
      const x = time * cell;
      if (x < scrollLeft || x + cell > scrollLeft + clientWidth) scroller.scrollLeft = x - clientWidth / 2;
    }
  }
}
