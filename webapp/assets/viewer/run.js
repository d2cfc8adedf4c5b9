// A run: opened, looked at again for new steps, with its probe and curves.
import { addresses, json, tiles as fetchTiles } from "./api.js";
import { resolve } from "./series.js";
import { nearest } from "./curves.js";
import { lookOf } from "./painter.js";

/** Open a run. A place that names a series or step keeps it where the run has it. */
export async function openRun(viewer, name) {
  const run = await json("run", { run: name });
  const other = viewer.run?.id !== run.id;
  viewer.run = run;
  viewer.place.run = name;
  if (other) {
    Object.assign(viewer, { series: null, shown: null, wanted: null, probe: null });
    viewer.gallery.clear();
    loadProbe(viewer);
  }
  await viewer.showSeries();
  await loadCurves(viewer);
  viewer.tell("run");
}

/** Look for new steps. */
export async function refresh(viewer) {
  if (!viewer.run) return;
  const run = await json("run", { run: viewer.run.run });
  if (run.id !== viewer.run.id) { await openRun(viewer, run.run); return; }
  const same = run.version === viewer.run.version && run.faults.length === viewer.run.faults.length;
  if (same) { viewer.tell("time"); return; }
  const before = viewer.steps.length;
  const { series: old } = viewer;
  viewer.run = run;
  if (!old) { await viewer.showSeries(); }
  else {
    viewer.series = resolve(run, viewer.place);
    newSteps(viewer, before);
  }
  await loadCurves(viewer);
  viewer.tell("version");
}

function newSteps(viewer, before) {
  const shown = viewer.gallery.tiles?.step;
  viewer.transport.setSteps(viewer.steps);
  if (viewer.following && viewer.steps.length > before) viewer.go(viewer.steps.length - 1, { pin: false });
  else if (shown !== undefined) viewer.transport.move(nearest(viewer.steps, shown));
  viewer.sayNewer();
  viewer.loadExtent({ grow: true });
  if (viewer.place.unit !== null) viewer.chooseUnit();
}

async function loadProbe(viewer) {
  const { run } = viewer;
  if (!run.probe?.pictures) return;
  const tiles = await fetchTiles(addresses.probe(run));
  if (viewer.run?.id !== run.id) return;
  const series = { signed: false, draw: "image" };
  viewer.probe = { tiles, look: lookOf(series, [0, 1], { dark: viewer.dark }) };
  if (viewer.series) { viewer.showPanels(); viewer.paint(); }
}

async function loadCurves(viewer) {
  const { steps, values } = await json("curves", { run: viewer.run.run });
  viewer.curves = { steps, values };
  viewer.transport.curves.set(steps, values, viewer.steps);
  viewer.transport.move(viewer.transport.index);
}
