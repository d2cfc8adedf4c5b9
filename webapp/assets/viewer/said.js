// What is said about the page as a whole: a banner above it, a notice that passes, the badge of the run.
import { $, button, el } from "./dom.js";
import { badge } from "./live.js";

const PASSES = 2500; // ms that a notice stays
const LOST = "New steps cannot be looked for: ";

/** Say a sentence above the page until it is closed; "" takes it away. */
export function banner(sentence, kind = "trouble") {
  const box = $("#banner");
  box.hidden = !sentence;
  box.className = kind;
  box.replaceChildren(el("span", {}, sentence), button("close", "Close", () => { box.hidden = true; }));
}

/** That the server is not to be reached; null: that it is again. */
export function sayConnection(error) {
  if (error) banner(`${LOST}${error.message}. What was read is still shown; the page goes on by itself.`);
  else if ($("#banner").textContent.startsWith(LOST)) banner("");
}

let faultsSaid = "";

/** What of a run is not sound: once, until it is something else. */
export function sayFaults({ faults }) {
  const said = faults.length ? `${faults[0]}${faults.length > 1 ? ` (and ${faults.length - 1} more)` : ""}` : "";
  if (said === faultsSaid) return;
  faultsSaid = said;
  banner(said && `Part of this run is not sound: ${said}`);
}

/** Whether a run is being recorded, and how much there is of it. */
export function sayLive(run) {
  const { live, words, about = "" } = badge(run);
  const box = $("#live");
  if (box.dataset.words === words) return;
  box.dataset.words = words;
  box.title = about;
  box.classList.toggle("on", live);
  box.replaceChildren(el("span", { className: "dot", "aria-hidden": "true" }), words);
}

let noticeDue = 0;

/** Say something for a moment. */
export function notice(words) {
  const box = $("#notice") ?? document.body.appendChild(el("div", { id: "notice", role: "status" }));
  box.textContent = words;
  box.hidden = false;
  clearTimeout(noticeDue);
  noticeDue = setTimeout(() => { box.hidden = true; }, PASSES);
}
