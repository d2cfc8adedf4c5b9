// Where pictures come from: the camera, a file, what is pasted or dropped. Each becomes the square
// in its middle, on a canvas of the network's size.
import { el } from "./dom.js";

export class PictureSource {
  /** `say(sentence)`; `changed()` when there is another picture; `isShown()`: whether its page is. */
  constructor({ say, changed, isShown, page }) {
    Object.assign(this, { say, changed, isShown, channels: 1, picture: null, stream: null, frozen: false });
    this.video = el("video", { muted: true, playsInline: true, hidden: true });
    this.input = el("canvas", { className: "live-input", role: "img", "aria-label": "What the network is shown" });
    this.onOff = el("button", { type: "button", className: "plain", onclick: () => this.toggle() }, "Use the camera");
    this.freeze = el("button", { type: "button", className: "plain", hidden: true, onclick: () => this.setFrozen(!this.frozen) }, "Freeze");
    this.file = el("input", { type: "file", accept: "image/*", "aria-label": "A picture of your own" });
    this.file.addEventListener("change", () => this.open(this.file.files[0]));
    this.invert = el("input", { type: "checkbox" });
    this.invert.addEventListener("change", () => this.changed());
    page.addEventListener("dragover", (event) => event.preventDefault());
    page.addEventListener("drop", (event) => {
      event.preventDefault();
      this.open(event.dataTransfer.files[0]);
    });
    document.addEventListener("paste", (event) => {
      if (this.isShown()) this.open([...event.clipboardData.files][0]);
    });
  }

  /** What a page puts up. */
  get parts() {
    return [this.input, el("div", { className: "live-buttons" }, this.onOff, this.freeze), this.file,
      el("label", {}, this.invert, " invert (dark ink on paper)")];
  }

  /** What the network takes. */
  fit({ width, height, channels }) {
    this.channels = channels;
    Object.assign(this.input, { width, height });
    this.input.style.aspectRatio = `${width} / ${height}`;
  }

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
    this.picture = this.video;
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
      this.picture = await createImageBitmap(file);
    } catch {
      this.say(`${file.name || "This"} is no picture that the browser can read.`);
      return;
    }
    this.stop();
    await this.changed();
  }

  /** The camera's pictures, one after the other, each when the last was answered. */
  async follow() {
    while (this.stream && this.isShown()) {
      if (!this.frozen) await this.changed();
      await new Promise(requestAnimationFrame);
    }
  }

  /** The square in the middle, in the network's size; its bytes red, green, blue. */
  take() {
    const { input, picture } = this;
    const [wide, tall] = [picture.videoWidth ?? picture.width, picture.videoHeight ?? picture.height];
    const scale = Math.min(wide / input.width, tall / input.height);
    const [w, h] = [input.width * scale, input.height * scale];
    const pen = input.getContext("2d", { willReadFrequently: true });
    pen.imageSmoothingQuality = "high";
    pen.drawImage(picture, (wide - w) / 2, (tall - h) / 2, w, h, 0, 0, input.width, input.height);
    const image = pen.getImageData(0, 0, input.width, input.height);
    const bytes = this.bytesOf(image.data);
    pen.putImageData(image, 0, 0); // what one sees is what the network is shown
    return bytes;
  }

  bytesOf(data) {
    const bytes = new Uint8Array((data.length / 4) * 3);
    for (let from = 0, to = 0; from < data.length; from += 4) {
      const grey = 0.299 * data[from] + 0.587 * data[from + 1] + 0.114 * data[from + 2];
      for (let channel = 0; channel < 3; channel += 1, to += 1) {
        if (this.channels === 1) data[from + channel] = grey;
        if (this.invert.checked) data[from + channel] = 255 - data[from + channel];
        bytes[to] = data[from + channel];
      }
    }
    return bytes;
  }
}
