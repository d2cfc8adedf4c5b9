// What series over time have in common: each tile is a strip, one pixel per token or time step.
import { MAGENTA, css, entries } from "./colours.js";
import { limitsOf } from "./painter.js";

const entry = new Uint8Array(256);
const MISSING = 0xffd0d0d0;
const GROUND = { light: 0xffffffff, dark: 0xff1b1714 };

/** Fill `into` (256 colours, as a canvas stores them) with what each stored byte of a strip looks like. */
export function inks(into, tiles, index, look) {
  if (tiles.mark(index) === "missing") return into.fill(MISSING);
  entries(entry, tiles, index, limitsOf(look, tiles, index), look.series.signed, look.gamma);
  const last = tiles.lastFinite(index);
  into.fill(tiles.hasOpenEnds(index) ? GROUND[look.dark ? "dark" : "light"] : MAGENTA, last + 1);
  for (let s = 0; s <= last; s += 1) into[s] = look.table[entry[s]];
  return into;
}

/** Dark or light words: what can be read on this colour. */
export function wordsOn(colour) {
  const [red, green, blue] = [colour & 255, (colour >> 8) & 255, (colour >> 16) & 255];
  return 0.299 * red + 0.587 * green + 0.114 * blue > 140 ? "#14171b" : "#ffffff";
}

const scratch = document.createElement("canvas");
const pen = scratch.getContext("2d");
const colours = new Uint32Array(256);

/** Paint strips below one another: of each tile of `indices` the times from `first` to `end`. */
export function paintStrips(context, tiles, indices, [first, end], looks, { x, y, width, height }) {
  const [wide, tall] = [end - first, indices.length];
  if (wide < 1 || tall < 1) return;
  if (scratch.width !== wide || scratch.height !== tall) Object.assign(scratch, { width: wide, height: tall });
  const image = pen.createImageData(wide, tall);
  const out = new Uint32Array(image.data.buffer);
  indices.forEach((index, row) => {
    inks(colours, tiles, index, looks);
    const pixels = tiles.pixels(index);
    for (let t = 0, at = row * wide; t < wide; t += 1, at += 1) out[at] = colours[pixels[first + t]];
  });
  pen.putImageData(image, 0, 0);
  context.imageSmoothingEnabled = width < wide || height < tall;
  context.drawImage(scratch, 0, 0, wide, tall, x, y, width, height);
}

/** Paint the tokens of one line of a layout, coloured by a strip; `top` is where the line begins. */
export function paintLine(context, layout, [first, end], pixels, ofStrip, top, left = 0) {
  const { lineHeight, words, x, width } = layout;
  const last = Math.min(end, pixels.length);
  for (let i = first; i < last; i += 1) {
    context.fillStyle = css(ofStrip[pixels[i]]);
    const next = i + 1 < last && layout.gap === 0 ? x[i + 1] : x[i] + width[i];
    context.fillRect(left + x[i], top + 1, Math.max(next, x[i] + width[i]) - x[i], lineHeight - 2);
  }
  context.textBaseline = "middle";
  context.textAlign = "left";
  for (let i = first; i < last;) {
    const ink = wordsOn(ofStrip[pixels[i]]);
    let run = words[i];
    let past = i + 1;
    while (layout.gap === 0 && past < last && wordsOn(ofStrip[pixels[past]]) === ink) { run += words[past]; past += 1; }
    context.fillStyle = ink;
    context.fillText(run, left + x[i], top + lineHeight / 2 + 0.5);
    i = past;
  }
}
