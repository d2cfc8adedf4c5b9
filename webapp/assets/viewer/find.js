// Find a layer: of a deep network's many, those whose name has the letters that are typed.
import { $, el } from "./dom.js";

const MANY = 8; // layers that need no finding

export class Find {
  constructor() {
    this.input = el("input", {
      type: "search", placeholder: "Find a layer", "aria-label": "Find a layer", "aria-controls": "layers",
      autocomplete: "off", spellcheck: false,
    });
    this.none = el("p", { className: "quiet", hidden: true }, "No layer has this in its name.");
    $("#find").replaceChildren(this.input);
    $("#layers").after(this.none);
    this.input.addEventListener("input", () => this.sift());
    this.input.addEventListener("keydown", (event) => this.pressed(event));
    // Dash fills the list anew with every choice.
    new MutationObserver(() => { this.sift(); this.reveal(); }).observe($("#layers"), { childList: true });
  }

  get entries() { return [...document.querySelectorAll("#layers .entry")]; }

  /** Where there are too few layers to find one, nothing is focused: space goes on to play. */
  focus() {
    if (!this.input.hidden) this.input.select();
  }

  sift() {
    const { entries } = this;
    this.input.hidden = entries.length <= MANY;
    const sought = this.input.hidden ? "" : this.input.value.trim().toLowerCase();
    for (const entry of entries) entry.hidden = !entry.dataset.layer.toLowerCase().includes(sought);
    this.none.hidden = !entries.length || entries.some((entry) => !entry.hidden);
  }

  /** The chosen layer is in sight, also in a long list. */
  reveal() {
    const chosen = $("#layers [aria-pressed=true]");
    if (!chosen) return;
    const list = $("#layers");
    const above = chosen.offsetTop;
    const isSeen = above >= list.scrollTop && above + chosen.offsetHeight <= list.scrollTop + list.clientHeight;
    if (!isSeen) list.scrollTop = above - list.clientHeight / 2;
  }

  /** Enter opens the first that is found, Escape shows all again. */
  pressed(event) {
    if (event.key === "Enter") this.entries.find((entry) => !entry.hidden)?.click();
    else if (event.key !== "Escape") return;
    this.input.value = "";
    this.sift();
    this.input.blur();
    event.stopPropagation();
  }
}
