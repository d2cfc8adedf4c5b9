// Hyper-parameters against results: one vertical axis for each that differs, one line per run.
// The table below says the same in words.
import { short } from "./words.js";

const FEWEST = 3; // runs: two are told apart by the table
const RESULTS = ["loss", "accuracy"];
const [GAP, HEIGHT, TOP, BOTTOM, SIDE] = [150, 220, 46, 24, 60];

/** The axes that tell the runs apart, results last; none where no hyper-parameter of three runs differs.
 *  Each has a name, its ends as words, and for each run a place from 0 to 1, null where it has none. */
export function axes(results) {
  const names = [...new Set(results.flatMap((each) => Object.keys(each.hyper)))];
  const varied = names.map((name) => axis(name, results.map((each) => each.hyper[name]))).filter(Boolean);
  const ends = RESULTS.map((name) => axis(name, results.map((each) => each.last[name]))).filter(Boolean);
  return varied.length && ends.length ? [...varied, ...ends] : [];
}

/** None where fewer than three runs have a value, or all the same. */
function axis(name, values) {
  const known = values.filter((value) => value !== undefined && value !== null);
  const different = [...new Set(known)];
  if (known.length < FEWEST || different.length < 2) return null;
  const isNumber = known.every((value) => typeof value === "number");
  return { name, ...(isNumber ? amounts(values, different) : words(values, different)) };
}

/** Amounts that span a factor of twenty, as rates do, stand on a logarithmic axis. */
function amounts(values, different) {
  const [low, high] = [Math.min(...different), Math.max(...different)];
  const isLog = low > 0 && high / low >= 20;
  const of = (value) => (isLog ? Math.log(value) : value);
  const place = (value) => (typeof value === "number" ? (of(value) - of(low)) / (of(high) - of(low)) : null);
  return { places: values.map(place), ends: [short(low), short(high)] };
}

function words(values, different) {
  const ordered = different.map(String).sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
  const place = (value) => (value === undefined || value === null ? null
    : ordered.indexOf(String(value)) / (ordered.length - 1));
  return { places: values.map(place), ends: [ordered[0], ordered.at(-1)] };
}

function svg(name, attributes, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

/** The drawing of runs, {name, hyper, last}; null where there is nothing to compare.
 *  `point` is told the run under the pointer, or null. */
export function drawing(runs, point) {
  const found = axes(runs);
  if (!found.length) return null;
  const x = (at) => SIDE + at * GAP;
  const y = (place) => HEIGHT - BOTTOM - place * (HEIGHT - TOP - BOTTOM);
  const size = [2 * SIDE + (found.length - 1) * GAP, HEIGHT];
  const lines = runs.map((run, i) => {
    const points = found.flatMap((each, at) => (each.places[i] === null ? [] : [`${x(at)},${y(each.places[i])}`]));
    const line = svg("polyline", { points: points.join(" "), "data-line": run.name }, svg("title", {}, run.name));
    line.addEventListener("pointerenter", () => point(run.name));
    line.addEventListener("pointerleave", () => point(null));
    return line;
  });
  const scales = found.map(({ name, ends }, at) => svg("g", {},
    svg("line", { x1: x(at), x2: x(at), y1: y(0), y2: y(1) }),
    svg("text", { x: x(at), y: 16, class: "name" }, clipped(name), svg("title", {}, name)),
    svg("text", { x: x(at), y: y(1) - 8 }, clipped(ends[1])),
    svg("text", { x: x(at), y: y(0) + 16 }, clipped(ends[0]))));
  const label = `${runs.length} runs by ${found.map((each) => each.name).join(", ")}; the table below has the numbers`;
  return svg("svg", { viewBox: `0 0 ${size.join(" ")}`, width: size[0], height: size[1], role: "img", "aria-label": label },
    ...lines, ...scales);
}

const clipped = (words) => (words.length > 20 ? `${words.slice(0, 19)}…` : words);
