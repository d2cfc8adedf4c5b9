// The words over the gallery: what is shown, what the plugin noted, why there is nothing yet.
import { lengthOf } from "./series.js";
import { el } from "./dom.js";
import { isLive } from "./live.js";
import { title } from "./words.js";

export function words(viewer) {
  const { series } = viewer;
  const part = series.part && series.title ? `${title(series.label)} · ${series.title}` : title(series.kind);
  const count = series.spread ? lengthOf(series, series.spread) : 1;
  const [h, w] = series.picture_shape;
  const noun = series.spread === "probe" ? "probe image" : series.spread ?? "picture";
  const plural = count === 1 ? noun : noun === "class" ? "classes" : `${noun}s`;
  const size = w === undefined ? "" : ` of ${h}×${w}`;
  viewer.title.replaceChildren(el("b", {}, series.layer), ` · ${part} · ${count} ${plural}${size}`);
  viewer.caption.textContent = series.picture_help || series.help.split("\n")[0];
  document.title = `${series.layer} · ${part} – vizframe`;
}

export function showEmpty(viewer) {
  viewer.gallery.clear();
  viewer.series = null;
  document.body.dataset.empty = "true";
  viewer.title.textContent = viewer.run.name || viewer.run.run;
  viewer.caption.textContent = "";
  viewer.message.hidden = false;
  const live = isLive(viewer.run);
  viewer.message.replaceChildren(
    el("h2", {}, live ? "Waiting for the first step" : "This run is still empty"),
    el("p", {}, live
      ? "The training has started; its first pictures appear here by themselves."
      : "No step was recorded in it. If its training is running, pictures appear here by themselves."));
  viewer.tell("series");
}

/** What the plugin noted: one line, and all of it when opened. */
export function sayNotes(viewer, notes) {
  const text = notes.join("\n");
  if (viewer.noted === text) return;
  viewer.noted = text;
  viewer.notes.hidden = !notes.length;
  const rest = notes.length > 1 ? ` (and ${notes.length - 1} more)` : "";
  viewer.notesHead.textContent = `${notes[0] ?? ""}${rest}`;
  viewer.notesRest.replaceChildren(...notes.map((each) => el("li", {}, each)));
}
