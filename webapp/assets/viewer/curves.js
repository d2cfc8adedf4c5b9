// Loss and metrics over the slider: each recorded step has one place, on both.
import { el, ink, sized } from "./dom.js";
import { short } from "./words.js";

const COLOURS = ["--curve-1", "--curve-2", "--curve-3"];
const MOST = 3;

export class Curves {
  /** `pick(position)`: someone clicked or dragged; position from 0 (first step) to 1 (last). */
  constructor(root, pick) {
    this.canvas = el("canvas", { "aria-hidden": "true" });
    this.legend = el("div", { className: "legend" });
    this.cursor = el("div", { className: "cursor" });
    this.root = el("div", { className: "curves" }, this.canvas, this.cursor);
    root.append(this.legend, this.root);
    Object.assign(this, { steps: [], names: [], values: {}, positions: [], at: 0 });
    new ResizeObserver(() => this.draw()).observe(this.root);
    const picked = (event) => {
      const box = this.root.getBoundingClientRect();
      pick(Math.min(1, Math.max(0, (event.clientX - box.left) / box.width)));
    };
    this.root.addEventListener("pointerdown", (event) => {
      this.root.setPointerCapture(event.pointerId);
      picked(event);
    });
    this.root.addEventListener("pointermove", (event) => event.buttons & 1 && picked(event));
  }

  /** The numbers of the run; `recorded` are the steps of the slider. */
  set(steps, values, recorded) {
    this.steps = steps;
    this.values = values;
    this.names = chosenNames(values);
    this.positions = steps.map((step) => positionOf(step, recorded));
    this.draw();
  }

  /** Put the cursor on a step. */
  move(position, step) {
    this.at = step;
    this.cursor.style.left = `${position * 100}%`;
    this.say();
  }

  say() {
    const row = nearest(this.steps, this.at);
    this.legend.replaceChildren(...this.names.map((name, number) => {
      const chip = el("span", {}, `${name} ${short(known(this.values[name], row))}`);
      chip.style.color = `var(${COLOURS[number]})`;
      return chip;
    }));
  }

  draw() {
    const { clientWidth: width, clientHeight: height } = this.root;
    if (!width) return;
    const context = sized(this.canvas, width, height);
    context.clearRect(0, 0, width, height);
    this.names.forEach((name, number) => {
      context.strokeStyle = ink(COLOURS[number]);
      context.setLineDash([[], [5, 3], [1, 3]][number]);
      this.line(context, this.values[name], width, height);
    });
    this.say();
  }

  line(context, values, width, height) {
    const real = values.filter((value) => value !== null);
    if (!real.length) return;
    let [low, high] = [Infinity, -Infinity];
    for (const value of real) { low = Math.min(low, value); high = Math.max(high, value); }
    const span = high - low || 1;
    context.lineWidth = 1.5;
    context.beginPath();
    values.forEach((value, i) => {
      const position = this.positions[i];
      if (value === null || position === null) return;
      context.lineTo(position * width, height - 3 - ((value - low) / span) * (height - 8));
    });
    context.stroke();
    if (real.length === 1) this.dot(context, values, width, height);
  }

  /** One report alone makes no line. */
  dot(context, values, width, height) {
    const row = values.findIndex((value) => value !== null);
    if (this.positions[row] === null) return;
    context.fillStyle = context.strokeStyle;
    context.beginPath();
    context.arc(this.positions[row] * width, height / 2, 3, 0, 7);
    context.fill();
  }
}

/** Loss and accuracy first, then what moves, such as a learning rate that decays; the recorder's own
 *  numbers and norms have the Training page. Of several workers the lowest ranks come first. */
export function chosenNames(values) {
  const kind = (name) => [/loss/i, /acc/i, /error|metric|perplexity/i].findIndex((each) => each.test(name));
  const rank = (name) => Number(/ \(rank (\d+)\)$/.exec(name)?.[1] ?? 0);
  const plain = Object.keys(values).filter((name) => !name.includes("/"));
  const shown = plain.filter((name) => kind(name) >= 0 || !isConstant(values[name]));
  const order = (name) => (kind(name) < 0 ? 9 : kind(name));
  return (shown.length ? shown : plain)
    .sort((a, b) => order(a) - order(b) || rank(a) - rank(b))
    .slice(0, MOST);
}

function isConstant(values) {
  const real = values.filter((value) => value !== null);
  return real.every((value) => value === real[0]);
}

/** Where a step lies among the recorded ones, from 0 to 1; null outside them. */
export function positionOf(step, recorded) {
  const last = recorded.length - 1;
  if (last < 0 || step < recorded[0] || step > recorded[last]) return null;
  if (last === 0) return 0;
  const after = lowerBound(recorded, step);
  if (recorded[after] === step) return after / last;
  const [before, beyond] = [recorded[after - 1], recorded[after]];
  return (after - 1 + (step - before) / (beyond - before)) / last;
}

/** The index of the first entry that is at least `value`. */
export function lowerBound(sorted, value) {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The index of the entry nearest to `value`; −1 of nothing. */
export function nearest(sorted, value) {
  const after = Math.min(lowerBound(sorted, value), sorted.length - 1);
  if (after <= 0) return after;
  return value - sorted[after - 1] <= sorted[after] - value ? after - 1 : after;
}

/** The value at a row, or the last one before it that was reported. */
function known(values, row) {
  for (let i = row; i >= 0; i -= 1) if (values[i] !== null && values[i] !== undefined) return values[i];
  return null;
}
