// The film strip: one unit over the steps.
import { addresses } from "./api.js";
import { lowerBound } from "./curves.js";
import { el, ink, sized } from "./dom.js";
import { paintBar, paintTile } from "./painter.js";

const MOST = 60;
const GAP = 3;

/** At most 60 of the steps, evenly spread, first and last among them. */
export function sampledSteps(steps, most = MOST) {
  if (steps.length <= most) return [...steps];
  const last = steps.length - 1;
  return Array.from({ length: most }, (_, i) => steps[Math.round((i * last) / (most - 1))]);
}

export class Film {
  /** `go(step)`: a picture was clicked. `wall` breaks lines; else the strip scrolls. */
  constructor(root, { go, height = 52, wall = false }) {
    Object.assign(this, { go, height, wall, tiles: null, url: null });
    this.canvas = el("canvas", { role: "img", "aria-label": "Film strip: this unit at each step" });
    // The step is marked beside the canvas, not on it: a strip painted anew with every move of the
    // slider costs more than the gallery itself.
    this.ring = el("div", { className: "ring", hidden: true });
    this.scroller = el("div", {
      className: wall ? "film wall" : "film", tabIndex: 0, role: "group", "aria-label": "This unit at each step",
    }, this.canvas, this.ring);
    root.append(this.scroller);
    this.canvas.addEventListener("click", (event) => {
      const found = this.frameAt(event);
      if (found !== null) go(this.steps[found]);
    });
    this.canvas.addEventListener("pointermove", (event) => {
      const found = this.frameAt(event);
      this.canvas.title = found === null ? "" : `step ${this.steps[found]}`;
    });
    new ResizeObserver(() => this.draw()).observe(this.scroller);
  }

  /** Fetch and show a tile's film. */
  async show(cache, run, series, steps, at, look, under) {
    const film = sampledSteps(steps);
    const url = addresses.strip(run, series, film, at);
    this.wanted = url;
    const tiles = await cache.get(url);
    if (this.wanted !== url) return;
    Object.assign(this, { tiles, look, steps: film, series, under });
    this.draw();
    this.follow();
  }

  setLook(look, under) {
    const same = isSame(this.look, look) && isSame(this.under, under, ["tiles", "index"]);
    Object.assign(this, { look, under });
    if (!same) this.draw();
  }

  /** Mark the step that is shown. */
  mark(step) {
    if (this.step === step) return;
    this.step = step;
    this.moveRing();
    this.follow();
  }

  moveRing() {
    const { current: i } = this;
    this.ring.hidden = i < 0 || !this.grid;
    if (this.ring.hidden) return;
    const [x, y] = this.placeOf(i);
    Object.assign(this.ring.style, {
      transform: `translate(${x}px, ${y}px)`, width: `${this.grid.width}px`, height: `${this.grid.height}px`,
    });
  }

  placeOf(i) {
    const { columns, pitchX, pitchY } = this.grid;
    return [2 + (i % columns) * pitchX, 2 + Math.floor(i / columns) * pitchY];
  }

  get current() {
    if (!this.steps || this.step === undefined) return -1;
    const after = lowerBound(this.steps, this.step);
    return this.steps[after] === this.step ? after : after - 1;
  }

  /** Bring the step that is shown into sight. */
  follow() {
    if (this.wall || !this.grid) return;
    const x = this.current * this.grid.pitchX;
    const { clientWidth } = this.scroller;
    this.scroller.scrollLeft = x - clientWidth / 2 + this.grid.width / 2;
  }

  arrange() {
    const { tiles } = this;
    const height = this.height;
    const width = tiles.picture.length ? Math.max(6, (height * tiles.width) / tiles.height) : 10;
    const columns = this.wall
      ? Math.max(1, Math.floor((this.scroller.clientWidth - 8 + GAP) / (width + GAP))) : tiles.count;
    const label = this.wall ? 14 : 0;
    this.grid = { width, height, columns, pitchX: width + GAP, pitchY: height + GAP + label };
  }

  draw() {
    const { tiles } = this;
    if (!tiles || !this.scroller.clientWidth) return;
    this.arrange();
    const { width, height, columns, pitchX, pitchY } = this.grid;
    const rows = Math.ceil(tiles.count / columns);
    const context = sized(this.canvas, columns * pitchX - GAP + 4, rows * pitchY + 2);
    context.clearRect(0, 0, columns * pitchX + 4, rows * pitchY + 2);
    const bars = { positive: ink("--positive"), negative: ink("--negative") };
    const limits = this.look.limits ?? extremes(tiles);
    for (let i = 0; i < tiles.count; i += 1) {
      const [x, y] = this.placeOf(i);
      if (tiles.picture.length) paintTile(context, tiles, i, this.look, x, y, width, height, this.under);
      else paintBar(context, tiles.low[i], limits, x, y, width, height, bars);
      if (this.wall) this.label(context, i, x, y + height + 2, width);
    }
    this.moveRing();
    this.scroller.dataset.pictures = tiles.count;
  }

  label(context, i, x, y, width) {
    context.font = `10px ${getComputedStyle(this.scroller).fontFamily}`;
    context.fillStyle = ink("--quiet");
    context.textBaseline = "top";
    context.fillText(this.steps[i], x, y, width);
  }

  frameAt(event) {
    if (!this.tiles || !this.grid) return null;
    const box = this.canvas.getBoundingClientRect();
    const { columns, pitchX, pitchY } = this.grid;
    const column = Math.floor((event.clientX - box.left) / pitchX);
    const index = Math.floor((event.clientY - box.top) / pitchY) * columns + column;
    return column < columns && index >= 0 && index < this.tiles.count ? index : null;
  }
}

/** Whether two looks, or two things that a film lies over, paint the same. */
function isSame(a, b, names = ["series", "gamma", "opacity", "dark", "limits"]) {
  if (!a || !b) return !a === !b;
  return names.every((name) => a[name] === b[name] || (name === "limits" && String(a[name]) === String(b[name])));
}

function extremes(tiles) {
  let [low, high] = [0, 0];
  for (const value of tiles.low) { low = Math.min(low, value); high = Math.max(high, value); }
  return [low, high];
}
