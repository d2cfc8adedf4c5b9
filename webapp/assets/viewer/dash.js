// Dash comes after the first picture: its scripts are ten times as long as all that is needed before.
//
// The frame of the page moves into the element that Dash renders into, where its events are heard,
// and what Dash has made moves into the frame. Nothing that is shown, chosen or scrolled is made anew.
import { $, appears, el } from "./dom.js";

const GRAPH = "dash_cytoscape"; // a third of all: only the Network page has a graph

/** Dash's scripts; `graph`: that which draws graphs. */
async function scripts() {
  if (document.readyState === "loading") await new Promise((done) => document.addEventListener("DOMContentLoaded", done));
  const all = [...$("#dash-scripts").content.querySelectorAll("script")];
  const graph = all.filter((each) => each.src.includes(GRAPH));
  return { graph, fetched: all.filter((each) => each.src && !graph.includes(each)), inline: all.filter((each) => !each.src) };
}

/** Have the scripts fetched already, where that delays nothing else. */
export async function expectDash() {
  const { fetched } = await scripts();
  document.head.append(...fetched.map((each) => el("link", { rel: "preload", as: "script", href: each.src })));
}

/** Load Dash, and resolve when its parts are in their places. */
export async function fetchDash() {
  const { fetched, inline } = await scripts();
  await Promise.all(fetched.map((each) => run(each)));
  for (const each of inline) run(each); // begins to render
  moveIn(await appears("#made", $("#dash")));
}

let graph = null;

/** Resolves when Dash can draw a graph. */
export function fetchGraph() {
  graph ??= scripts().then((found) => Promise.all(found.graph.map((each) => run(each))));
  return graph;
}

/** A script of a template runs as a copy that is put into the page; those with an address in their order. */
function run(script) {
  const copy = document.createElement("script");
  for (const { name, value } of script.attributes) copy.setAttribute(name, value);
  copy.textContent = script.textContent;
  copy.async = false;
  const loaded = new Promise((resolve, reject) => {
    copy.onload = resolve;
    copy.onerror = () => reject(new Error(`${script.src.split("/").at(-1)} cannot be loaded`));
  });
  document.body.append(copy);
  return loaded;
}

function moveIn(made) {
  const frame = $("#frame");
  const root = made.closest("#react-entry-point");
  const kept = focusAndScrolls(frame);
  if (root.moveBefore) root.moveBefore(frame, null); // keeps all that an element has
  else root.append(frame);
  for (const place of frame.querySelectorAll("[data-made]")) {
    place.replaceWith($(`#${place.dataset.made}`, made));
  }
  kept.restore();
}

/** What an element loses that is taken out of the page for a moment. */
function focusAndScrolls(frame) {
  const { activeElement } = document;
  const scrolled = [...frame.querySelectorAll("*")].filter((each) => each.scrollTop || each.scrollLeft)
    .map((each) => [each, each.scrollTop, each.scrollLeft]);
  return {
    restore() {
      for (const [each, top, left] of scrolled) Object.assign(each, { scrollTop: top, scrollLeft: left });
      if (frame.contains(activeElement) && activeElement !== document.activeElement) activeElement.focus({ preventScroll: true });
    },
  };
}
