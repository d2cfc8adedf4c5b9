// The keyboard, and the page that explains it.
import { el, kept } from "./dom.js";

const HELP = [
  [", .", "one step back, one step on"],
  ["< >", "ten steps"],
  ["Home End", "first step; newest step, and follow the training"],
  ["v V", "next event, event before: epochs, jumps of the loss, findings, large changes, missing steps"],
  ["space", "play and pause"],
  ["← ↑ → ↓", "move among the units; of a text ← → among its tokens"],
  ["Enter", "open the unit"],
  ["z", "the unit as large as there is room; + − 0 zoom, as the wheel does; dragging pans"],
  ["s", "the film: all units over all steps"],
  ["f", "the pictures alone, on the whole screen"],
  ["Esc", "back to the gallery; the whole page again"],
  ["[ ]", "layer before, layer after"],
  ["p P", "next plugin, plugin before"],
  ["i I", "next probe image or text, the one before"],
  ["r", "colour scale: each unit, this step, all steps"],
  ["t", "boost faint values"],
  ["o", "strongest units first, as of this step"],
  ["c", "compare with this step"],
  ["/", "find a layer"],
  ["e", "export: a picture, a film, the run as one page"],
  ["n", "a note or a star on this unit, step or run; all notes"],
  ["d", "dark or light"],
  ["y", "copy the link to what is shown"],
  ["?", "this list"],
];

/** `actions`: name of a key → what it does. */
export class Keys {
  constructor(actions) {
    this.actions = actions;
    this.enabled = kept.get("keys", "on") === "on";
    const box = el("input", { type: "checkbox", id: "keys-on", checked: this.enabled });
    box.addEventListener("change", () => {
      this.enabled = box.checked;
      kept.set("keys", box.checked ? "on" : "off");
    });
    this.dialog = el("dialog", { id: "help", "aria-label": "Keys", tabIndex: -1 },
      el("h2", {}, "Keys"),
      el("table", {}, el("tbody", {}, ...HELP.map(([keys, words]) => el("tr", {},
        el("th", { scope: "row" }, ...keys.split(" ").map((key) => el("kbd", {}, key))),
        el("td", {}, words))))),
      el("label", {}, box, " these keys are switched on"),
      el("h2", {}, "Order"),
      el("p", {}, "Strongest first sorts the units by what they reach at the step that is shown, and keeps "
        + "that order while the slider moves; Sort again sorts them by the step that is shown then. Every unit "
        + "keeps its number."),
      el("h2", {}, "Colours"),
      el("p", {}, "Red is negative, blue is positive, zero is the colour of the page. Values without a sign "
        + "run from dark violet to yellow."),
      el("p", {}, "A corner in orange marks a unit that is zero everywhere, light blue one that is constant, "
        + "magenta one with values that are no numbers. Grey stripes: not recorded, or damaged on disk."),
      el("form", { method: "dialog" }, el("button", { className: "plain" }, "Close")),
    );
    document.body.append(this.dialog);
    document.addEventListener("keydown", (event) => this.pressed(event));
  }

  pressed(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const { target, key } = event;
    if (document.querySelector("dialog[open]")) return;
    if (target.matches("input:not([type=range]):not([type=radio]):not([type=checkbox]), select, textarea")) {
      if (key === "Escape") target.blur();
      return;
    }
    if (target.matches("input[type=range]") && /^(Arrow|Home|End|Page)/.test(key)) return;
    if (target.matches("input[type=radio]") && key.startsWith("Arrow")) return;
    if (target.matches("button, a, summary") && (key === "Enter" || key === " ")) return;
    if (!this.enabled && key.length === 1 && key !== "?") return;
    const action = this.actions[key];
    if (!action) return;
    event.preventDefault();
    action();
  }

  help() {
    this.dialog.showModal();
    this.dialog.focus(); // else its first control has the focus, below all the keys
    this.dialog.scrollTop = 0;
  }
}
