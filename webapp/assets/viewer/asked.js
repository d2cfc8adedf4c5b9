// The network that Live and What if ask: what it takes, its layers, whose weights it has; or why there
// is none. It is the server's own model, or that of the run which is shown.
import { json, Refused } from "./api.js";
import { el } from "./dom.js";
import { notAsked, whole } from "./words.js";

const AGAIN = 3000; // ms until a network that is not there yet is asked for again
const SOON = 400; // ms until it is said that one waits for it

/** "the weights of step 1,200, the newest": whose weights are asked; nothing where that is not known. */
export function weightWords(weights) {
  if (!weights || weights.step === null) return "";
  return `Weights of step ${whole(weights.step)}${weights.newest > weights.step ? "" : ", the newest"}`;
}

/** The steps that can be chosen: those that are kept, and the one that is asked now. */
export function stepChoices({ step, steps }) {
  return [...new Set(step === null ? steps : [...steps, step])].sort((a, b) => b - a);
}

export class AskedNetwork {
  /** `about`: the sentence of a page that can be used; `isShown()`: whether it is turned to; `body`: what
   *  can be used then; `described()`: the network is another one; `stop()`: nothing is asked any more. */
  constructor(viewer, { about, body, isShown, described, stop }) {
    Object.assign(this, { viewer, sentence: about, body, isShown, described, stop, told: null, of: null });
    this.words = el("p", { className: "quiet", role: "status" });
    this.cure = el("pre", {});
    this.layer = el("select", { "aria-label": "Layer" });
    body.hidden = true;
  }

  /** What a page puts up. */
  get parts() { return [this.words, this.cure, this.body]; }

  get names() { return this.told?.layers.map((each) => each.name) ?? []; }

  /** The run in an address, if there is one. */
  get run() { return this.viewer.run ? { run: this.viewer.run.run } : {}; }

  get key() { return this.viewer.run?.id ?? ""; }

  say(sentence) { this.words.textContent = sentence; }

  /** The page was turned to, or another run is shown: whether there is a network to ask. */
  async ready() {
    if (!this.isShown()) { this.stop(); return false; }
    const other = notAsked(this.viewer.run);
    if (other) { this.refuse(other); return false; }
    if (this.told && this.of === this.key) { this.open(); return true; }
    if (this.describing === this.key) return false;
    return this.describe();
  }

  /** Nothing can be asked: why, and what helps. */
  refuse(sentence, cure = "") {
    this.body.hidden = true;
    this.cure.textContent = cure;
    this.say(sentence);
  }

  open() {
    if (!this.body.hidden) return;
    this.body.hidden = false;
    this.cure.textContent = "";
    this.say(this.sentence);
  }

  /** Whether nothing is known yet of the network of the run that is shown. */
  get isFresh() { return !this.told || this.of !== this.key; }

  /** Learn what there is; one who comes to a page asks with the newest weights. */
  async describe(query = this.isFresh ? { weights: "newest" } : {}) {
    const { key } = this;
    this.describing = key;
    const waiting = setTimeout(() => { if (this.body.hidden) this.say("The network is being opened…"); }, SOON);
    const told = await json("live", { ...this.run, ...query }).catch((error) => {
      if (!(error instanceof Refused)) throw error;
      return { why: error.message, again: true };
    });
    clearTimeout(waiting);
    if (this.describing === key) this.describing = null;
    if (key !== this.key || notAsked(this.viewer.run)) return false;
    if (told.why) {
      this.told = null;
      this.refuse(`${told.why.charAt(0).toUpperCase()}${told.why.slice(1)}${told.cure ? ":" : "."}`, told.cure);
      if (told.again) setTimeout(() => { if (!this.told) this.again(); }, AGAIN);
      return false;
    }
    const fresh = this.isFresh;
    Object.assign(this, { told, of: key });
    if (fresh) {
      this.layer.replaceChildren(...told.layers.map(({ name, units }) =>
        el("option", { value: name }, `${name} · ${whole(units)}`)));
      this.described(told);
    }
    this.open();
    return true;
  }

  /** What is told with a response of the weights it was computed with. */
  take(weights) { if (this.told && weights) this.told.weights = weights; }
}
