// Zoom and pan of what is on a canvas: the wheel, two fingers or + and − zoom, dragging pans.
//
// The arithmetic is without a page, so that tests run it as it is.

const MOST = 64;

/** The whole picture, as large as its canvas. */
export const WHOLE = { scale: 1, x: 0, y: 0 };

/** Zoomed by a factor about a point of the canvas, which stays where it is. */
export function zoomed(view, factor, px, py, width, height) {
  const scale = Math.min(MOST, Math.max(1, view.scale * factor));
  const by = scale / view.scale;
  return within({ scale, x: px - (px - view.x) * by, y: py - (py - view.y) * by }, width, height);
}

export const panned = (view, dx, dy, width, height) =>
  within({ ...view, x: view.x + dx, y: view.y + dy }, width, height);

/** No further than the picture's edges. */
function within({ scale, x, y }, width, height) {
  const clamp = (value, room) => Math.min(0, Math.max(room * (1 - scale), value));
  return { scale, x: clamp(x, width), y: clamp(y, height) };
}

/** A canvas whose picture can be zoomed; `redraw()` paints it, and calls `apply` first; `isOn()` says
 *  whether there is something to zoom now. */
export class Zoomable {
  constructor(canvas, redraw, isOn = () => true) {
    Object.assign(this, { canvas, redraw, isOn, view: WHOLE, fingers: new Map() });
    canvas.classList.add("zoomable");
    canvas.addEventListener("wheel", (event) => {
      // What is seen whole already lets the page scroll.
      if (!this.isOn() || (this.isWhole && event.deltaY > 0)) return;
      event.preventDefault();
      const { x, y } = this.point(event);
      this.zoom(Math.exp(-event.deltaY / 300), x, y);
    }, { passive: false });
    canvas.addEventListener("pointerdown", (event) => this.press(event));
    canvas.addEventListener("pointermove", (event) => this.drag(event));
    for (const end of ["pointerup", "pointercancel", "lostpointercapture"]) {
      canvas.addEventListener(end, (event) => this.fingers.delete(event.pointerId));
    }
    canvas.addEventListener("dblclick", () => this.reset());
  }

  get isWhole() { return this.view.scale === 1; }

  /** Where an event is on the canvas, in CSS pixels. */
  point(event) {
    const box = this.canvas.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }

  /** The point of the whole picture, from 0 to its size, that is under an event. */
  under(event) {
    const { x, y } = this.point(event);
    return { x: (x - this.view.x) / this.view.scale, y: (y - this.view.y) / this.view.scale };
  }

  press(event) {
    if (!this.isOn()) return;
    this.fingers.set(event.pointerId, this.point(event));
    if (!this.isWhole || this.fingers.size > 1) this.canvas.setPointerCapture(event.pointerId);
  }

  drag(event) {
    const before = this.fingers.get(event.pointerId);
    if (!before) return;
    const now = this.point(event);
    const other = [...this.fingers].find(([id]) => id !== event.pointerId)?.[1];
    this.fingers.set(event.pointerId, now);
    if (other) {
      const apart = (one) => Math.max(1, Math.hypot(one.x - other.x, one.y - other.y));
      this.zoom(apart(now) / apart(before), (now.x + other.x) / 2, (now.y + other.y) / 2);
    } else if (!this.isWhole) this.set(panned(this.view, now.x - before.x, now.y - before.y, ...this.size));
  }

  get size() { return [this.canvas.clientWidth, this.canvas.clientHeight]; }

  zoom(factor, x = this.size[0] / 2, y = this.size[1] / 2) { this.set(zoomed(this.view, factor, x, y, ...this.size)); }
  reset() { this.set(WHOLE); }

  set(view) {
    this.view = view;
    this.canvas.dataset.zoom = view.scale.toFixed(2);
    this.redraw();
  }

  /** Let a context paint as the view says. */
  apply(context) {
    const { scale, x, y } = this.view;
    context.transform(scale, 0, 0, scale, x, y);
  }
}
