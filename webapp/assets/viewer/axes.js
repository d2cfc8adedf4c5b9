// The axes that a gallery does not spread: which probe image, which input channel.
import { el, sized } from "./dom.js";
import { paintTile } from "./painter.js";
import { lengthOf, otherAxes } from "./series.js";
import { headed, probeNoun, tileLabel, tileName } from "./words.js";

const HEADINGS = { input: "Input channel", class: "Class" };
const THUMB = 36;

function headingOf(run, axis) {
  return headed(axis === "probe" ? probeNoun(run) : HEADINGS[axis] ?? axis);
}

/** Fill `root` with one choice per axis; `choose(axis, index)` says what was chosen. */
export function showAxes(root, { run, series, at, probe, choose }) {
  const key = JSON.stringify([run.id, series.kind, series.layer, at, Boolean(probe)]);
  if (root.dataset.key === key) return;
  root.dataset.key = key;
  root.replaceChildren(...otherAxes(series).map((axis) => {
    const chosen = Math.min(at[axis] ?? 0, lengthOf(series, axis) - 1);
    const heading = headingOf(run, axis);
    const label = axis === "probe" ? tileLabel(run, series, axis, chosen) : "";
    const control = axis === "probe" && probe
      ? thumbs({ run, series, axis, chosen, probe, choose }) : numbers({ run, series, axis, chosen, choose });
    return el("div", { role: "group", "aria-label": heading },
      el("h2", {}, heading, label ? el("span", { className: "aside" }, label) : null), control);
  }));
}

function thumbs({ run, series, axis, chosen, probe, choose }) {
  const count = Math.min(probe.tiles.count, lengthOf(series, axis));
  const row = el("div", { className: "thumbs" }, ...Array.from({ length: count }, (_, index) => {
    const canvas = el("canvas", { "aria-hidden": "true" });
    const context = sized(canvas, THUMB, THUMB);
    paintTile(context, probe.tiles, index, probe.look, 0, 0, THUMB, THUMB);
    return el("button", {
      type: "button", className: "thumb", "aria-pressed": String(index === chosen),
      tabIndex: index === chosen ? 0 : -1,
      title: tileName(run, series, axis, index), "aria-label": tileName(run, series, axis, index),
      onclick: () => choose(axis, index),
    }, canvas);
  }));
  row.addEventListener("keydown", (event) => rove(row, event));
  return row;
}

const AWAY = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 };

/** One stop for the tabulator; the arrows go from picture to picture. */
function rove(row, event) {
  const all = [...row.children];
  const here = all.indexOf(document.activeElement);
  const by = AWAY[event.key];
  const next = event.key === "Home" ? 0 : event.key === "End" ? all.length - 1 : here + by;
  if (here < 0 || !(next in all)) return;
  event.preventDefault();
  event.stopPropagation();
  all[here].tabIndex = -1;
  all[next].tabIndex = 0;
  all[next].focus();
}

function numbers({ run, series, axis, chosen, choose }) {
  const length = lengthOf(series, axis);
  const select = el("select", { "aria-label": headingOf(run, axis), disabled: length < 2 },
    ...Array.from({ length }, (_, index) =>
      el("option", { value: index }, tileName(run, series, axis, index))));
  select.value = chosen;
  select.addEventListener("change", () => choose(axis, Number(select.value)));
  return select;
}
