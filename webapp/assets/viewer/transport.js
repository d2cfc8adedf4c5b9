// The transport: play, the slider over the recorded steps, the step's number.
import { button, el, icon, kept } from "./dom.js";
import { Curves, nearest } from "./curves.js";
import { epochWords, headed, plural, whole } from "./words.js";

const SPEEDS = [2, 5, 10, 20, 30, 60];
const STRIDES = [1, 2, 5, 10];
const EARLY = 4; // ms before it is due that a frame may come: a screen has no half frames

const MOST_TICKS = 6;
const APART = 0.12; // of the slider's length, at least

/** Which recorded steps are written under the slider: the first, the last, and round ones between. */
export function tickIndices(steps) {
  const last = steps.length - 1;
  if (last < 1) return last < 0 ? [] : [0];
  const chosen = [0, last];
  const isFree = (index) => chosen.every((other) => Math.abs(index - other) >= APART * last);
  const byRoundness = [...steps.keys()].sort((a, b) => roundness(steps[b]) - roundness(steps[a]) || a - b);
  for (const index of byRoundness) {
    if (chosen.length >= MOST_TICKS) break;
    if (isFree(index)) chosen.push(index);
  }
  return chosen.sort((a, b) => a - b);
}

/** 2500 ends in two zeros, 2000 in three: how many, and half of one for a 5 before them. */
function roundness(step) {
  if (step === 0) return 99;
  let zeros = 0;
  for (let rest = step; rest % 10 === 0; rest /= 10) zeros += 1;
  return zeros + ((step / 10 ** zeros) % 5 === 0 ? 0.5 : 0);
}

export class Transport {
  /** `go(index)`: show the recorded step of this index. `follow()`: go with the newest.
   * `chooseUnit(spot)`: the slider over the units was moved.
   * `epochOf(step)`: how many epochs were complete then; null where nobody told. */
  constructor(root, { go, follow, epochOf, chooseUnit }) {
    Object.assign(this, { go, epochOf, steps: [], index: 0, playing: false, isPainted: () => true });
    this.buttons();
    this.slider = el("input", {
      type: "range", min: 0, max: 0, step: 1, value: 0, id: "slider", "aria-label": "Training step",
    });
    this.slider.addEventListener("input", () => { this.pause(); go(Number(this.slider.value)); });
    this.number = el("input", {
      type: "text", inputMode: "numeric", id: "step", "aria-label": "Step", autocomplete: "off",
    });
    this.number.addEventListener("change", () => this.typed());
    this.count = el("span", { id: "step-count" });
    this.epoch = el("span", { id: "epoch", title: "Passes over the training data" });
    this.newer = el("button", {
      type: "button", id: "newer", hidden: true, title: "Show the newest step, and go with the training",
      onclick: follow,
    });
    this.ticks = el("div", { className: "ticks", "aria-hidden": "true" });
    const track = el("div", { className: "track" });
    this.curves = new Curves(track, (position) => {
      this.pause();
      go(Math.round(position * (this.steps.length - 1)));
    });
    track.append(this.slider, this.ticks);
    this.track = track;
    this.where = el("div", { className: "where" },
        el("label", { for: "step" }, "step"), this.number, this.count, this.epoch, this.newer,
        this.buildUnits(chooseUnit));
    root.replaceChildren(
      el("div", { className: "buttons" }, ...this.row, this.speed, this.strides),
      track,
      this.where,
    );
  }

  buttons() {
    const by = (n) => () => { this.pause(); this.go(this.bounded(this.index + n)); };
    this.toggle = button("play", "Play (space)", () => this.playing ? this.pause() : this.play(), { id: "play" });
    this.row = [
      button("first", "First step (Home)", () => { this.pause(); this.go(0); }, { id: "first" }),
      button("previous", "Previous step (,)", by(-1), { id: "previous" }),
      this.toggle,
      button("next", "Next step (.)", by(1), { id: "next" }),
      button("last", "Last step (End)", () => { this.pause(); this.go(this.steps.length - 1); }, { id: "last" }),
    ];
    this.speed = el("select", { id: "speed", "aria-label": "Speed", title: "Speed" },
      ...SPEEDS.map((fps) => el("option", { value: fps }, `${fps}/s`)));
    this.speed.value = kept.get("speed", "10");
    this.speed.addEventListener("change", () => kept.set("speed", this.speed.value));
    this.strides = el("select", { id: "stride", "aria-label": "Steps at a time", title: "Recorded steps at a time" },
      ...STRIDES.map((n) => el("option", { value: n }, `×${n}`)));
    this.strides.value = kept.get("stride", "1");
    this.strides.addEventListener("change", () => kept.set("stride", this.strides.value));
  }

  /** How many recorded steps play goes on at a time. */
  get stride() { return Number(this.strides.value); }

  /** A slider over the units, beside that over the steps. */
  buildUnits(choose) {
    this.unitSlider = el("input", { type: "range", min: 0, max: 0, step: 1, id: "unit-slider", "aria-label": "Unit" });
    this.unitSlider.addEventListener("input", () => choose(Number(this.unitSlider.value)));
    this.unitNoun = el("span", {}, "unit");
    this.units = el("label", { className: "units", title: "The chosen picture of the gallery" }, this.unitNoun, this.unitSlider);
    return this.units;
  }

  /** Which of how many units is chosen; `spot` is its place in the order of the gallery, `noun` what
   *  each of them is: a unit, a head, a probe image. */
  setUnit(spot, count, name, noun) {
    this.unitNoun.textContent = noun;
    this.unitSlider.setAttribute("aria-label", headed(noun));
    this.units.hidden = count < 2;
    this.unitSlider.max = count - 1;
    this.unitSlider.value = spot;
    this.unitSlider.setAttribute("aria-valuetext", name);
  }

  bounded(index) { return Math.min(this.steps.length - 1, Math.max(0, index)); }

  /** The steps that the series has. */
  setSteps(steps) {
    this.steps = steps;
    this.slider.max = Math.max(0, steps.length - 1);
    this.slider.disabled = steps.length < 2;
    this.drawTicks();
  }

  drawTicks() {
    const last = this.steps.length - 1;
    this.ticks.replaceChildren(...tickIndices(this.steps).map((i) => {
      const tick = el("span", {}, whole(this.steps[i]));
      tick.style.left = `${last ? (100 * i) / last : 0}%`;
      return tick;
    }));
  }

  /** Say which step is shown. */
  move(index) {
    this.index = index;
    const step = this.steps[index] ?? 0;
    this.slider.value = index;
    const epoch = this.epochOf(step);
    const during = epoch === null ? "" : `epoch ${epochWords(epoch)}`;
    this.slider.setAttribute("aria-valuetext", during ? `step ${step}, ${during}` : `step ${step}`);
    this.epoch.textContent = during;
    if (document.activeElement !== this.number) this.number.value = whole(step);
    this.count.textContent = this.steps.length ? `${whole(index + 1)} of ${whole(this.steps.length)}` : "";
    this.curves.move(this.steps.length > 1 ? index / (this.steps.length - 1) : 0, step);
  }

  /** How many steps came since the one shown was the newest. */
  setNewer(count, following) {
    this.newer.hidden = count === 0 && !following;
    this.newer.textContent = following ? "following" : `+${plural(count, "step")}`;
    this.newer.classList.toggle("following", following);
  }

  typed() {
    const step = Number(this.number.value.replaceAll(/[^0-9]/g, ""));
    this.pause();
    if (this.steps.length) this.go(nearest(this.steps, step));
    this.number.blur();
  }

  play() {
    if (this.steps.length < 2) return;
    this.playing = true;
    if (this.index >= this.steps.length - 1) this.go(0);
    this.face("pause", "Pause (space)");
    this.due = performance.now() + 1000 / Number(this.speed.value);
    requestAnimationFrame(() => this.tick());
  }

  /** The next step when it is due and the last one is painted: slower, but none is left out. */
  tick() {
    if (!this.playing) return;
    const now = performance.now();
    if (now >= this.due - EARLY && this.isPainted()) {
      if (this.index >= this.steps.length - 1) { this.pause(); return; }
      this.go(this.bounded(this.index + this.stride));
      this.due = Math.max(this.due + 1000 / Number(this.speed.value), now);
    }
    requestAnimationFrame(() => this.tick());
  }

  pause() {
    if (!this.playing) return;
    this.playing = false;
    this.face("play", "Play (space)");
  }

  face(name, words) {
    this.toggle.replaceChildren(icon(name));
    this.toggle.setAttribute("aria-label", words);
    this.toggle.title = words;
  }

  step(by) { this.pause(); this.go(this.bounded(this.index + by)); }
}
