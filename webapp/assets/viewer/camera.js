// The Live page: a picture, from the camera or a file, and how a layer responds to it right now.
//
//   camera, file, paste, drop ──► square in the middle ──► canvas of the network's size
//   POST live ──► maps of the layer, likeliest classes ──► gallery, bars
import { respond, json, Refused } from "./api.js";
import { stepLimits } from "./colours.js";
import { $, el, sized } from "./dom.js";
import { Gallery } from "./gallery.js";
import { lookOf, paintTile } from "./painter.js";
import { whole } from "./words.js";

const LARGE = 224; // CSS pixels of the pictures beside the gallery
const AGAIN = 3000; // ms until a network that is not there yet is asked for again
const KINDS = new Map([false, true].map((signed) => [signed, { signed, draw: "map" }]));

export class Camera {
  constructor(viewer) {
    Object.assign(this, { viewer, about: null, source: null, stream: null, frozen: false, unit: null });
    this.build();
    viewer.on((_, what) => {
      if (what === "page") this.turned();
      if (what === "series" && this.about && !this.source) this.chooseLayer();
      if (what === "theme" && this.tiles) this.paint();
    });
    this.turned();
  }

  get isShown() { return this.viewer.place.page === "live"; }

  build() {
    this.words = el("p", { className: "quiet", role: "status" });
    this.cure = el("pre", {});
    this.video = el("video", { muted: true, playsInline: true, hidden: true });
    this.input = el("canvas", { className: "live-input", role: "img", "aria-label": "What the network is shown" });
    this.onOff = el("button", { type: "button", className: "plain", onclick: () => this.toggle() }, "Use the camera");
    this.freeze = el("button", { type: "button", className: "plain", hidden: true, onclick: () => this.setFrozen(!this.frozen) }, "Freeze");
    this.file = el("input", { type: "file", accept: "image/*", "aria-label": "A picture of your own" });
    this.file.addEventListener("change", () => this.open(this.file.files[0]));
    this.invert = el("input", { type: "checkbox" });
    this.invert.addEventListener("change", () => this.ask());
    this.layer = el("select", { "aria-label": "Layer" });
    this.layer.addEventListener("change", () => { this.unit = null; this.ask(); });
    this.best = el("ol", { className: "best", "aria-label": "Likeliest classes" });
    this.unitTitle = el("h3", {});
    this.unitCanvas = el("canvas", { "aria-hidden": "true" });
    this.readout = el("span", { className: "quiet" });
    this.speed = el("span", { className: "quiet", id: "live-speed" });
    const asked = el("div", { className: "live-asked" },
      this.input, el("div", { className: "live-buttons" }, this.onOff, this.freeze), this.file,
      el("label", {}, this.invert, " invert (dark ink on paper)"), this.best, this.unitTitle, this.unitCanvas);
    const shown = el("div", { className: "live-shown" },
      el("div", { className: "side-line" }, el("label", {}, "Layer ", this.layer), this.speed, this.readout));
    this.gallery = new Gallery(shown, {
      name: "Units", label: (index) => String(index),
      on: {
        select: (index) => { this.unit = index; this.paint(); },
        open: (index) => this.viewer.choose({ layer: this.layer.value, unit: index, page: "unit" }, { push: true }),
        hover: (said) => { this.readout.textContent = said && `unit ${said}`; },
      },
    });
    this.body = el("div", { className: "live-body", hidden: true }, asked, shown);
    const page = $("#live-page");
    page.replaceChildren(el("h1", {}, "Live"), this.words, this.cure, this.body);
    page.addEventListener("dragover", (event) => event.preventDefault());
    page.addEventListener("drop", (event) => {
      event.preventDefault();
      this.open(event.dataTransfer.files[0]);
    });
    document.addEventListener("paste", (event) => {
      if (this.isShown) this.open([...event.clipboardData.files][0]);
    });
  }

  /** The page was turned to, or away from. */
  async turned() {
    if (!this.isShown) { this.stop(); return; }
    if (!this.about) await this.describe();
  }

  async describe() {
    const told = await json("live").catch((error) => {
      if (!(error instanceof Refused)) throw error;
      return { why: error.message, again: true };
    });
    if (told.why) {
      this.say(`${told.why.charAt(0).toUpperCase()}${told.why.slice(1)}${told.cure ? ":" : "."}`);
      this.cure.textContent = told.cure ?? "";
      if (told.again) setTimeout(() => this.turned(), AGAIN);
      return;
    }
    this.about = told;
    this.cure.textContent = "";
    const { layers, width, height } = told;
    this.layer.replaceChildren(...layers.map(({ name, units }) =>
      el("option", { value: name }, `${name} · ${whole(units)}`)));
    this.chooseLayer();
    Object.assign(this.input, { width, height });
    this.input.style.aspectRatio = `${width} / ${height}`;
    this.body.hidden = false;
    this.say("Use the camera, or drop, paste or open a picture: every unit of the layer responds as it comes.");
  }

  /** The layer that was looked at last; else the first that the run has. */
  chooseLayer() {
    const names = this.about.layers.map((each) => each.name);
    const { run, place } = this.viewer;
    const recorded = [place.layer, ...(run?.series ?? []).map((each) => each.layer)];
    this.layer.value = recorded.find((name) => names.includes(name)) ?? names[0] ?? "";
  }

  say(sentence) { this.words.textContent = sentence; }

  // ── pictures ────────────────────────────────────────────────────────────────────────────────

  async toggle() {
    if (this.stream) { this.stop(); return; }
    if (!navigator.mediaDevices) {
      this.say("The camera can be used on localhost or https alone; a picture can be opened here, too.");
      return;
    }
    try {
      this.stream = await navigator.mediaDevices.getUserMedia({ video: { width: { ideal: 640 } } });
    } catch (error) {
      this.say(`The camera cannot be used: ${error.message || error.name}. A picture can be opened instead.`);
      return;
    }
    this.video.srcObject = this.stream;
    await this.video.play();
    this.source = this.video;
    this.setFrozen(false);
    this.onOff.textContent = "Stop the camera";
    this.freeze.hidden = false;
    this.follow();
  }

  stop() {
    for (const track of this.stream?.getTracks() ?? []) track.stop();
    this.stream = null;
    this.onOff.textContent = "Use the camera";
    this.freeze.hidden = true;
  }

  setFrozen(frozen) {
    this.frozen = frozen;
    this.freeze.textContent = frozen ? "Go on" : "Freeze";
    this.freeze.setAttribute("aria-pressed", frozen);
  }

  async open(file) {
    if (!file) return;
    try {
      this.source = await createImageBitmap(file);
    } catch {
      this.say(`${file.name || "This"} is no picture that the browser can read.`);
      return;
    }
    this.stop();
    await this.ask();
  }

  /** The camera's pictures, one after the other, each when the last was answered. */
  async follow() {
    while (this.stream && this.isShown) {
      if (!this.frozen) await this.ask();
      await new Promise(requestAnimationFrame);
    }
  }

  /** The square in the middle, in the network's size; its bytes red, green, blue. */
  take() {
    const { input, source } = this;
    const [wide, tall] = [source.videoWidth ?? source.width, source.videoHeight ?? source.height];
    const scale = Math.min(wide / input.width, tall / input.height);
    const [w, h] = [input.width * scale, input.height * scale];
    const pen = input.getContext("2d", { willReadFrequently: true });
    pen.imageSmoothingQuality = "high";
    pen.drawImage(source, (wide - w) / 2, (tall - h) / 2, w, h, 0, 0, input.width, input.height);
    const image = pen.getImageData(0, 0, input.width, input.height);
    const { data } = image;
    const bytes = new Uint8Array((data.length / 4) * 3);
    const isGrey = this.about.channels === 1;
    for (let from = 0, to = 0; from < data.length; from += 4) {
      const grey = 0.299 * data[from] + 0.587 * data[from + 1] + 0.114 * data[from + 2];
      for (let channel = 0; channel < 3; channel += 1, to += 1) {
        if (isGrey) data[from + channel] = grey;
        if (this.invert.checked) data[from + channel] = 255 - data[from + channel];
        bytes[to] = data[from + channel];
      }
    }
    pen.putImageData(image, 0, 0); // what one sees is what the network is shown
    return bytes;
  }

  // ── responses ────────────────────────────────────────────────────────────────────────────────

  async ask() {
    if (!this.source || !this.about) return;
    const query = { layer: this.layer.value };
    if (this.viewer.run) query.run = this.viewer.run.run;
    const began = performance.now();
    try {
      const tiles = await respond(query, this.take());
      if (tiles.head.layer !== this.layer.value) return; // another one was chosen since
      this.tiles = tiles;
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      this.stop();
      this.say(error.message);
      return;
    }
    const { step } = this.tiles.head;
    const weights = step === null ? "" : ` · weights of step ${whole(step)}`;
    this.speed.textContent = `${Math.round(performance.now() - began)} ms${weights}`;
    this.paint();
  }

  paint() {
    const { tiles, viewer } = this;
    const series = KINDS.get(tiles.head.signed);
    const limits = viewer.place.scale === "unit" ? null : stepLimits(tiles, series.signed);
    const look = lookOf(series, limits, { dark: viewer.dark });
    this.gallery.show(tiles, look);
    this.gallery.choose(this.unit, { scroll: false });
    this.paintUnit(tiles, look);
    this.best.replaceChildren(...tiles.head.best.map(([name, share]) => el("li", {},
      el("span", {}, name), el("meter", { value: share, min: 0, max: 1 }), el("b", {}, `${(100 * share).toFixed(1)} %`))));
  }

  paintUnit(tiles, look) {
    const chosen = this.unit !== null && this.unit < tiles.count && tiles.picture.length > 0;
    this.unitTitle.hidden = !chosen;
    this.unitCanvas.hidden = !chosen;
    if (!chosen) return;
    this.unitTitle.textContent = `unit ${this.unit}`;
    const context = sized(this.unitCanvas, LARGE, (LARGE * tiles.height) / tiles.width);
    paintTile(context, tiles, this.unit, look, 0, 0, LARGE, (LARGE * tiles.height) / tiles.width);
  }
}
