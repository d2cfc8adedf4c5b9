// The start: the viewer paints what the address names, then Dash comes with menus, curves and tables.
import { loadColours } from "./colours.js";
import { json } from "./api.js";
import { expectDash, fetchDash, fetchGraph } from "./dash.js";
import { isFar, sayDistance } from "./distance.js";
import { $, button, el, kept } from "./dom.js";
import { Export } from "./export.js";
import { Find } from "./find.js";
import { Keys } from "./keys.js";
import { Order } from "./order.js";
import { Camera } from "./camera.js";
import { Compare } from "./compare.js";
import { ImagePage } from "./image.js";
import { watch } from "./live.js";
import { Notes } from "./notes.js";
import * as place from "./place.js";
import { Runs } from "./runs.js";
import { banner, notice, sayConnection, sayFaults, sayLive } from "./said.js";
import { Sheet } from "./sheet.js";
import { Training } from "./training.js";
import { UnitPage } from "./unitpage.js";
import { Viewer } from "./viewer.js";
import { WhatIf } from "./whatif.js";
import { ZoomPage } from "./zoompage.js";

const OF_SERIES = ["gallery", "unit", "zoom", "sheet", "compare"];
const WITH_TRANSPORT = [...OF_SERIES, "image", "training"];

// All that the first picture needs is asked for at once, in these words (webapp/index.py preloads it).
const asked = place.read().run;
const first = { runs: json("runs"), run: json("run", asked ? { run: asked } : {}), colours: loadColours() };
for (const each of Object.values(first)) each.catch(() => {}); // said where it is awaited
if (!isFar(performance.getEntriesByType("resource"))) expectDash();

const viewer = new Viewer();
window.vizframe = viewer; // for the console, tests and benchmarks
new UnitPage(viewer);
const zoomPage = new ZoomPage(viewer);
const order = new Order(viewer);
viewer.order = order;
new Compare(viewer);
new ImagePage(viewer);
new Sheet(viewer);
new Camera(viewer);
new WhatIf(viewer);
const notes = new Notes(viewer);
viewer.notes = notes;
const exporting = new Export(viewer);
let find = null; // looks for layers in the menu, which Dash makes

// ── Dash is told what is shown ────────────────────────────────────────────────────────────────

function tellDash() {
  const { run, series, place: { page } } = viewer;
  if (!window.dash_clientside?.set_props) return;
  const opened = { run: run?.run ?? null, id: run?.id, version: run?.version };
  sayOnce("choice", { ...opened, kind: series?.kind ?? null, layer: series?.layer ?? null });
  sayOnce("page", { ...opened, page, dark: viewer.dark, ...overlaid(page) });
  if (page === "network") fetchGraph().then(askGraph, report);
}

/** A network's layers do not change while it trains: its graph stays as it is, wherever one went. */
function askGraph() {
  const { run, dark, place: { page } } = viewer;
  // In a hidden page a graph has no size to fit.
  if (page === "network") sayOnce("graphed", { run: run?.run ?? null, id: run?.id, page, dark });
}

/** Runs that are ticked, and how their curves are laid over one another: only Training asks. */
function overlaid(page) {
  if (page !== "training") return {};
  const { runs, x, smooth } = viewer.place;
  return { overlay: (runs ?? "").split(",").filter(Boolean).map(decodeURIComponent), x, smooth };
}

const said = {};

function sayOnce(store, data) {
  const text = JSON.stringify(data);
  if (said[store] === text) return;
  said[store] = text;
  window.dash_clientside.set_props(store, { data });
}

window.dash_clientside = Object.assign(window.dash_clientside ?? {}, {
  vizframe: {
    openLayer(node) { if (node) openLayer(node.id); },
    goToStep(clicks) {
      const point = clicks?.find((each) => each)?.points?.[0];
      if (point && viewer.place.x === "step") viewer.goTo(point.x);
    },
  },
});

function openLayer(layer, { step, units } = {}) {
  const recorded = viewer.run.series.filter((each) => each.layer === layer);
  if (!recorded.length) return;
  const same = recorded.find((each) => each.kind === viewer.place.kind) ?? recorded[0];
  const found = units ? recorded.find((each) => each.kind === "activation") ?? same : same;
  viewer.choose({ layer, kind: found.kind, page: "gallery" }, { push: true });
  if (step !== undefined) viewer.goTo(Number(step));
  if (units) viewer.point(layer, units.split(",").filter(Boolean).map(Number));
}

// ── pages ─────────────────────────────────────────────────────────────────────────────────────

function showPage() {
  const { place: { page: wanted }, run, series } = viewer;
  const page = run && !series && OF_SERIES.includes(wanted) ? "gallery" : wanted; // it says why
  for (const each of document.querySelectorAll(".page")) {
    const name = each.id === "stage" ? "gallery" : each.id.replace("-page", "");
    each.hidden = name !== page;
  }
  $('#pages [data-page="image"]').hidden = Boolean(run?.probe) && run.probe.noun !== "image";
  for (const link of document.querySelectorAll("[data-page]")) {
    if (link.dataset.page === page) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  showCurrent($("#pages"));
  document.body.dataset.showing = page;
  if (page === "network") $("#graph")?._cyreg?.cy.resize(); // it measures itself late, and clicks would miss
  const named = document.querySelector(`[data-page="${page}"]`)?.textContent;
  if (!OF_SERIES.includes(page) && named) document.title = `${named}${run ? ` · ${run.name || run.run}` : ""} – vizframe`;
  $("#transport").hidden = !WITH_TRANSPORT.includes(page) || !series;
}

/** Where the links to pages do not all fit, the one of this page is in sight. */
function showCurrent(links) {
  const current = links.querySelector("[aria-current]");
  if (current && links.scrollWidth > links.clientWidth) {
    links.scrollLeft = current.offsetLeft - links.offsetLeft - (links.clientWidth - current.offsetWidth) / 2;
  }
}

document.addEventListener("click", (event) => {
  if (!event.target.closest("#side, #menu")) $("#side").classList.remove("open");
  const found = event.target.closest("[data-page], [data-kind], [data-layer], [data-run], [data-open-layer], [data-go-step]");
  if (!found || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const { page, kind, layer, run, openLayer: open, goStep, step, units } = found.dataset;
  if (page) { event.preventDefault(); viewer.choose({ page }, { push: true }); }
  else if (kind) viewer.choose({ kind });
  else if (layer) viewer.choose({ layer });
  else if (open) openLayer(open, { step, units });
  else if (goStep) viewer.goTo(Number(goStep));
  else if (run) openRun(run, "gallery");
  $("#side").classList.remove("open");
});

// The graph remembers where it is, and missed clicks once the page above it had grown, by a banner say.
document.addEventListener("pointerdown", (event) => {
  const graph = event.target.closest?.("#graph");
  graph?._cyreg?.cy.renderer().invalidateContainerClientCoordsCache();
}, { capture: true });

window.addEventListener("popstate", async () => {
  place.forget();
  const next = place.read();
  const run = next.run ?? viewer.place.run;
  if (run) {
    await viewer.openRun(run, next, () => {
      viewer.stepper.setFollowing(next.step === null);
      runChoice.value = run;
    }).catch(report);
  } else viewer.setPlace(next);
  showPage();
  tellDash();
  viewer.tell("page");
});

// ── runs ──────────────────────────────────────────────────────────────────────────────────────

const runChoice = el("select", { id: "run", "aria-label": "Run" });
$("#run-choice").append(runChoice);
runChoice.addEventListener("change", () => openRun(runChoice.value));

async function listRuns(found = json("runs")) {
  const runs = await found;
  const names = runs.map((each) => each.run);
  if (String(names) !== String([...runChoice.options].map((each) => each.value))) {
    runChoice.replaceChildren(...names.map((name) => el("option", { value: name }, name)));
  }
  runChoice.hidden = !names.length;
  if (viewer.place.run) runChoice.value = viewer.place.run;
  return runs;
}

async function openRun(name, page = viewer.place.page) {
  try {
    await viewer.openRun(name, { step: null, page }, () => {
      viewer.stepper.setFollowing(true);
      runChoice.value = name;
      place.write(viewer.addressed(), { push: true });
      banner("");
    });
  } catch (error) {
    runChoice.value = viewer.place.run; // it stays
    report(error);
  }
  showPage();
  tellDash();
}

// ── what is said above the page ───────────────────────────────────────────────────────────────

function report(error) { banner(error.message); }

/** The server is not to be reached, or is again: what could not be shown meanwhile is asked for anew. */
function sayLost(error) {
  sayConnection(error);
  if (!error) viewer.stepper.retry();
}

// ── theme, link, keys ─────────────────────────────────────────────────────────────────────────

function turnTheme() {
  const theme = viewer.dark ? "light" : "dark";
  document.documentElement.dataset.bsTheme = theme;
  kept.set("theme", theme);
  viewer.rescale({});
  viewer.transport.curves.draw();
  tellDash();
  viewer.tell("theme");
}

/** The pictures alone, as large as the screen; again, or Esc, brings the rest back. */
function turnFull(full = !document.body.dataset.full) {
  if (full) {
    document.body.dataset.full = "true";
    document.documentElement.requestFullscreen?.().catch(() => {}); // refused: then as large as the window
  } else {
    delete document.body.dataset.full;
    if (document.fullscreenElement) document.exitFullscreen();
  }
}

document.addEventListener("fullscreenchange", () => {
  if (!document.fullscreenElement) turnFull(false); // the browser's own Esc
});

async function copyLink() {
  const link = new URL(place.search({ ...viewer.place }), location.href).href;
  await navigator.clipboard.writeText(link).then(
    () => notice("Link copied"), () => notice(link));
}

function sayEvent(by) {
  notice(viewer.events.go(by) || `There is no event ${by > 0 ? "after" : "before"} this step`);
}

function cycleScale() {
  const order = ["unit", "step", "history"];
  viewer.choose({ scale: order[(order.indexOf(viewer.place.scale) + 1) % 3] });
}

const by = (n) => () => viewer.transport.step(n);
const keys = new Keys({
  ",": by(-1), ".": by(1), "<": by(-10), ">": by(10),
  Home: () => viewer.go(0), End: () => viewer.follow(),
  " ": () => viewer.transport.toggle.click(),
  ArrowLeft: () => viewer.move(-1, 0), ArrowRight: () => viewer.move(1, 0),
  ArrowUp: () => viewer.move(0, -1), ArrowDown: () => viewer.move(0, 1),
  h: () => viewer.move(-1, 0), l: () => viewer.move(1, 0), k: () => viewer.move(0, -1), j: () => viewer.move(0, 1),
  s: () => viewer.choose({ page: "sheet" }, { push: true }),
  v: () => sayEvent(1), V: () => sayEvent(-1),
  z: () => viewer.choose({ page: "zoom" }, { push: true }),
  "+": () => zoomPage.zoom.zoom(1.5), "-": () => zoomPage.zoom.zoom(1 / 1.5), 0: () => zoomPage.zoom.reset(),
  f: () => turnFull(),
  Enter: () => viewer.choose({ page: "unit" }, { push: true }),
  Escape: () => (document.body.dataset.full ? turnFull(false)
    : viewer.choose({ page: "gallery" }, { push: true })),
  "[": () => viewer.shift("layer", -1), "]": () => viewer.shift("layer", 1),
  p: () => viewer.shift("kind", 1), P: () => viewer.shift("kind", -1),
  i: () => viewer.turn(1), I: () => viewer.turn(-1),
  r: cycleScale, t: () => viewer.scale.set("gamma", viewer.scale.gamma >= 3 ? 1 : viewer.scale.gamma + 1),
  c: () => viewer.choose({ page: "compare", beside: String(viewer.step) }, { push: true }),
  "/": () => find?.focus(),
  n: () => notes.open(), e: () => exporting.open(), o: () => order.sortAgain(), d: turnTheme, y: copyLink, "?": () => keys.help(),
});

$("#tools").append(
  button("menu", "Choose what to see", () => $("#side").classList.toggle("open"), { id: "menu" }),
  notes.button,
  exporting.button,
  button("link", "Copy the link to what is shown (y)", copyLink, { id: "link" }),
  button("full", "Pictures alone, on the whole screen (f)", () => turnFull(), { id: "full" }),
  button("keys", "Keys and colours (?)", () => keys.help(), { id: "keys" }),
  button("theme", "Dark or light (d)", turnTheme, { id: "theme" }),
);

// ── begin ─────────────────────────────────────────────────────────────────────────────────────

viewer.on((_, what, words) => {
  if (what === "missing") banner(words);
  if (["run", "version", "time"].includes(what)) { sayLive(viewer.run); sayFaults(viewer.run); }
  if (what === "grown" && isScaleInSight()) notice("The colour scale grew: values went beyond it");
  if (what === "trouble") banner(viewer.troubled);
  if (["page", "series"].includes(what)) showPage();
  if (["run", "version", "series", "page"].includes(what)) tellDash();
  if (what === "place" && viewer.place.page === "training") tellDash();
});

function isScaleInSight() {
  return ["gallery", "compare"].includes(viewer.place.page) && viewer.place.scale === "history";
}

function showNothing(runs) {
  viewer.place.page = "runs";
  showPage();
  if (!runs.length) document.body.dataset.showing = "runs";
  tellDash();
}

/** `found`: the list of runs and the run to be shown, on their way. */
async function begin(found) {
  const runs = await listRuns(found.runs);
  const { unknown } = viewer.place;
  if (unknown) banner(`There is no page “${unknown}”; this is the gallery. The pages are named above.`);
  showPage(); // before Dash fills it: a graph in a hidden page has no size to fit
  try {
    const run = await found.run;
    if (!run) { showNothing(runs); return; }
    await (found.colours ?? loadColours());
    await viewer.openRun(run.run, {}, () => { runChoice.value = run.run; }, run);
    place.write(viewer.addressed());
  } catch (error) {
    report(error);
    showNothing(runs);
    return;
  }
  showPage();
  tellDash();
}

/** Resolves when nothing is waited for that Dash's scripts would delay. */
function pictured() {
  if (!viewer.series || viewer.shown || !OF_SERIES.includes(viewer.place.page)) return null;
  return new Promise((resolve) => {
    viewer.on((_, what) => { if (["painted", "trouble"].includes(what)) resolve(); });
  });
}

/** What Dash makes is in the page from here on. */
async function bringDash() {
  await pictured();
  sayDistance();
  await fetchDash();
  new Runs(viewer);
  new Training(viewer);
  find = new Find();
  showPage();
  tellDash();
}

/** A run that is no longer there stays on the screen, and is said to be gone. */
function sayGone(error) {
  if (error.status !== 404) throw error;
  banner(`Run ${viewer.run.run} is no longer there: ${error.message}. What was read of it is still shown; `
    + "choose another run above.");
}

let looks = 0;

await begin(first);
await bringDash().catch((error) => banner(`Menus and curves are missing: ${error.message}. Load the page again.`));
document.body.dataset.ready = "true";
watch(async () => {
  looks += 1;
  if (!viewer.run) { await begin({ run: json("run", viewer.place.run ? { run: viewer.place.run } : {}) }); return; }
  await viewer.refresh().catch(sayGone);
  if (looks % 5 === 0) await listRuns();
}, sayLost);
