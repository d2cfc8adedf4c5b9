// A run: opened, looked at again for new steps, with its probe and curves.
import { addresses, json, tiles as fetchTiles } from "./api.js";
import { resolve } from "./series.js";
import { nearest } from "./curves.js";
import { lookOf } from "./painter.js";
import { curvesWithKnown, withKnown } from "./known.js";

/** The run that is open. It alone changes what is here. */
export class OpenRun {
  constructor(viewer) {
    this.viewer = viewer;
    this.manifest = null; // what the run holds, as the server tells it
    this.probe = null; // the probe's pictures, where they are some
    this.texts = null; // the tokens of each of the probe's texts, where it has some
    this.curves = null; // numbers over the steps
    this.wishes = 0; // how often one was asked for: the newest wish counts
  }

  /**
   * Open a run. A place that names a series or step keeps it where the run has it. Until the run is
   * there, everything is about the one before.
   *
   * @param patch what of the place changes with the run
   * @param entered called when the place is the new one, before anything of it is shown
   * @param known what the server says of the run, where it was asked already
   */
  async open(name, patch = {}, entered = () => {}, known = null) {
    this.wishes += 1;
    const wish = this.wishes;
    const here = name === this.manifest?.run ? this.manifest : known;
    const found = here ?? await json("run", { run: name });
    if (wish !== this.wishes) return;
    this.viewer.setPlace({ ...this.viewer.place, ...patch, run: name });
    entered();
    await this.enter(found);
  }

  async enter(found) {
    const { viewer } = this;
    const other = this.manifest?.id !== found.id;
    this.manifest = found;
    if (other) {
      this.probe = null;
      this.texts = null;
      viewer.leave();
      this.loadProbe();
      await this.loadTexts();
    }
    await Promise.all([viewer.showSeries(), this.loadCurves()]);
    viewer.tell("run");
  }

  /** Look for new steps. */
  async refresh() {
    const { viewer, manifest: old } = this;
    if (!old) return;
    const known = { since: old.steps.length, mark: old.mark };
    const found = withKnown(old, await json("run", { run: old.run, ...known }));
    if (this.manifest !== old) return; // another run was opened meanwhile
    if (found.id !== old.id) { await this.enter(found); return; }
    if (found.version === old.version && found.faults.length === old.faults.length) {
      viewer.tell("time");
      return;
    }
    const before = viewer.steps.length;
    this.manifest = found;
    if (!viewer.series) await viewer.showSeries();
    else this.takeNewSteps(before);
    await this.loadCurves();
    viewer.tell("version");
  }

  takeNewSteps(before) {
    const { viewer } = this;
    viewer.renewSeries(resolve(this.manifest, viewer.place));
    const shown = viewer.gallery.tiles?.step;
    viewer.transport.setSteps(viewer.steps);
    if (viewer.following && viewer.steps.length > before) viewer.go(viewer.steps.length - 1, { pin: false });
    else if (shown !== undefined) viewer.transport.move(nearest(viewer.steps, shown));
    viewer.sayNewer();
    viewer.loadExtent({ grow: true });
    if (viewer.place.unit !== null) viewer.chooseUnit();
  }

  async loadProbe() {
    const { viewer, manifest } = this;
    if (!manifest.probe?.pictures) return;
    const tiles = await fetchTiles(addresses.probe(manifest));
    if (this.manifest?.id !== manifest.id) return;
    const series = { signed: false, draw: "image" };
    this.probe = { tiles, look: lookOf(series, [0, 1], { dark: viewer.dark }) };
    if (viewer.series) { viewer.showPanels(); viewer.paint(); }
  }

  /** The tokens come before the first picture: without them there is none. */
  async loadTexts() {
    const { manifest } = this;
    if (!manifest.probe?.texts) return;
    const { texts } = await json("texts", { run: manifest.run, id: manifest.id });
    if (this.manifest?.id === manifest.id) this.texts = texts;
  }

  async loadCurves() {
    const { viewer } = this;
    const { id, run } = this.manifest;
    const old = this.curves?.id === id ? this.curves : { steps: [], values: {}, mark: "" };
    const known = old.steps.length ? { since: old.steps.length, mark: old.mark } : {};
    const found = curvesWithKnown(old, await json("curves", { run, ...known }));
    const { steps, values } = found;
    this.curves = { id, steps, values, mark: found.mark };
    viewer.transport.curves.set(steps, values, viewer.steps);
    viewer.transport.move(viewer.transport.index);
  }
}
