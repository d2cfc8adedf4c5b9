// The Zoom page: the chosen unit as large as there is room, pixel by pixel; the slider goes on.
import { Distribution } from "./distribution.js";
import { $, button, el, ink, sized } from "./dom.js";
import { paintTile } from "./painter.js";
import { isDistribution, isOverTime, placeName } from "./series.js";
import { paintStrips } from "./strips.js";
import { short, whole } from "./words.js";
import { Zoomable } from "./zoom.js";

const BY = 1.5;

export class ZoomPage {
  constructor(viewer) {
    this.viewer = viewer;
    this.heading = el("h1", {});
    this.readout = el("span", { className: "readout" });
    this.canvas = el("canvas", { role: "img" });
    this.box = el("div", { className: "zoom-box", tabIndex: 0, role: "group", "aria-label": "The unit, enlarged" }, this.canvas);
    this.page = $("#zoom-page");
    this.page.replaceChildren(
      el("div", { className: "stage-head" },
        button("previous", "Unit before (←)", () => this.turn(-1)), this.heading,
        button("next", "Next unit (→)", () => this.turn(1)),
        button("less", "Smaller (−)", () => this.zoom.zoom(1 / BY)), button("more", "Larger (+)", () => this.zoom.zoom(BY)),
        button("open", "The whole picture (0)", () => this.zoom.reset()), this.readout),
      this.box);
    this.zoom = new Zoomable(this.canvas, () => this.draw());
    this.canvas.addEventListener("pointermove", (event) => this.hover(event));
    this.canvas.addEventListener("pointerleave", () => { this.readout.textContent = ""; });
    new ResizeObserver(() => this.draw()).observe(this.box);
    viewer.on((_, what) => {
      if (viewer.place.page !== "zoom" || !viewer.series || !viewer.look) return;
      if (["painted", "page", "series", "place", "theme"].includes(what)) this.draw();
    });
  }

  turn(by) {
    const { viewer } = this;
    const count = viewer.frame?.count ?? 1;
    viewer.choose({ unit: (viewer.place.unit + by + count) % count });
  }

  /** How large the whole picture is, in CSS pixels. */
  get room() {
    const { clientWidth, clientHeight } = this.box;
    const { width, height } = this.viewer.frame;
    if (isOverTime(this.viewer.series)) return [clientWidth, Math.min(clientHeight, 160)];
    const times = Math.min(clientWidth / width, clientHeight / height);
    return [width * times, height * times];
  }

  draw() {
    const { viewer } = this;
    const { frame, series, place: { unit, page } } = viewer;
    if (page !== "zoom" || !frame || !series || !this.box.clientWidth || unit >= frame.count) return;
    this.heading.textContent = `${placeName(viewer.run, series, unit)} · step ${whole(frame.step)}`;
    this.canvas.setAttribute("aria-label", this.heading.textContent);
    if (this.showSpread()) return;
    this.canvas.hidden = frame.picture.length === 0;
    if (this.canvas.hidden) { this.readout.textContent = `a single number: ${short(frame.low[unit])}`; return; }
    const [width, height] = this.room;
    const context = sized(this.canvas, width, height);
    context.clearRect(0, 0, width, height);
    this.zoom.apply(context);
    this.paint(context, width, height);
    this.page.dataset.step = frame.step;
  }

  /** A distribution has no pixels: it is drawn as everywhere. Whether it is one. */
  showSpread() {
    const { viewer } = this;
    const { frame, look, series } = viewer;
    if (!isDistribution(series)) { this.distribution?.clear(); return false; }
    this.canvas.hidden = true;
    this.distribution ??= new Distribution(this.box, {
      on: { go: (step) => viewer.goTo(step), film: (index) => viewer.filmOf(index) },
    });
    this.page.dataset.step = frame.step;
    this.distribution.show(frame, look);
    return true;
  }

  paint(context, width, height) {
    const { viewer } = this;
    const { frame, look, place: { unit } } = viewer;
    if (isOverTime(viewer.series)) {
      paintStrips(context, frame, [unit], [0, frame.width], look, { x: 0, y: 0, width, height });
    } else paintTile(context, frame, unit, look, 0, 0, width, height, viewer.underOf()?.(unit));
    this.grid(context, width, height);
  }

  /** Where a pixel is large, its edges: else equal neighbours run into one another. */
  grid(context, width, height) {
    const { frame } = this.viewer;
    const cell = (width / frame.width) * this.zoom.view.scale;
    if (cell < 24) return;
    context.strokeStyle = ink("--rule");
    context.lineWidth = 1 / this.zoom.view.scale;
    context.globalAlpha = 0.5;
    context.beginPath();
    for (let x = 1; x < frame.width; x += 1) { context.moveTo((x * width) / frame.width, 0); context.lineTo((x * width) / frame.width, height); }
    for (let y = 1; y < frame.height; y += 1) { context.moveTo(0, (y * height) / frame.height); context.lineTo(width, (y * height) / frame.height); }
    context.stroke();
    context.globalAlpha = 1;
  }

  hover(event) {
    const { frame, place: { unit } } = this.viewer;
    if (!frame?.picture.length) return;
    const [width, height] = this.room;
    const at = this.zoom.under(event);
    const x = Math.min(frame.width - 1, Math.max(0, Math.floor((at.x / width) * frame.width)));
    const y = Math.min(frame.height - 1, Math.max(0, Math.floor((at.y / height) * frame.height)));
    const offset = (y * frame.width + x) * frame.channels;
    const values = Array.from({ length: frame.channels }, (_, c) => short(frame.value(unit, offset + c)));
    this.readout.textContent = `y ${y}, x ${x}: ${values.join(", ")}`;
  }
}
