// One tile onto a canvas: pixels through a table, enlarged without smoothing, marked if need be.
import { MAGENTA, entries, ownLimits, table } from "./colours.js";

const scratch = document.createElement("canvas");
const pen = scratch.getContext("2d", { willReadFrequently: true });
const entry = new Uint8Array(256);
const colour = new Uint32Array(256);
let image = null;

/** What to paint with. Limits: a pair for all tiles, or null for each tile's own. */
export function lookOf(series, limits, { dark, gamma = 1, opacity = 1 }) {
  return { series, limits, gamma, opacity, dark, table: table(series, dark) };
}

export function limitsOf(look, tiles, index) {
  return look.limits ?? ownLimits(tiles, index, look.series.signed);
}

/** Paint tile `index` at (x, y), `width` × `height` CSS pixels; `under` is what it lies over. */
export function paintTile(context, tiles, index, look, x, y, width, height, under = null) {
  const mark = tiles.mark(index);
  if (mark === "missing") return hatch(context, x, y, width, height);
  if (under) paintTile(context, under.tiles, under.index, under.look, x, y, width, height);
  const ratio = context.getTransform().a;
  const shown = reduced(tiles, index, Math.floor(tiles.width / (width * ratio)));
  prepare(shown.width, shown.height);
  fill(tiles, index, look, shown.pixels, Boolean(under));
  pen.putImageData(image, 0, 0);
  context.imageSmoothingEnabled = width * ratio < shown.width;
  context.imageSmoothingQuality = "low"; // never to less than half
  context.drawImage(scratch, 0, 0, shown.width, shown.height, x, y, width, height);
  if (mark) corner(context, mark, x, y, width, height);
  return undefined;
}

/** A tile shown at a `times`-th of its size: means of values, which is quicker than to paint every
 *  pixel and let the canvas shrink them, and truer: colours are not mixed. */
function reduced(tiles, index, times) {
  const { width, height, channels } = tiles;
  const pixels = tiles.pixels(index);
  if (times < 2) return { pixels, width, height };
  const [wide, tall] = [Math.floor(width / times), Math.floor(height / times)];
  const means = new Uint8Array(wide * tall * channels);
  const area = times * times;
  const last = tiles.lastFinite(index);
  for (let y = 0, at = 0; y < tall; y += 1) {
    for (let x = 0; x < wide; x += 1) {
      for (let c = 0; c < channels; c += 1, at += 1) {
        const start = (y * times * width + x * times) * channels + c;
        let [sum, most] = [0, 0];
        for (let row = 0; row < times; row += 1) {
          for (let column = 0; column < times; column += 1) {
            const level = pixels[start + (row * width + column) * channels];
            sum += level;
            if (level > most) most = level;
          }
        }
        means[at] = most > last ? most : (sum + area / 2) / area;
      }
    }
  }
  return { pixels: means, width: wide, height: tall };
}

function prepare(width, height) {
  if (scratch.width !== width || scratch.height !== height) {
    Object.assign(scratch, { width, height });
    image = null;
  }
  image ??= pen.createImageData(width, height);
}

function fill(tiles, index, look, pixels, isOver) {
  const { series } = look;
  const out = new Uint32Array(image.data.buffer);
  entries(entry, tiles, index, limitsOf(look, tiles, index), series.signed, look.gamma);
  const last = tiles.lastFinite(index);
  if (tiles.channels === 3) {
    for (let p = 0, s = 0; p < out.length; p += 1, s += 3) {
      const [red, green, blue] = [pixels[s], pixels[s + 1], pixels[s + 2]];
      out[p] = red > last || green > last || blue > last ? MAGENTA
        : 0xff000000 | entry[blue] << 16 | entry[green] << 8 | entry[red];
    }
    return;
  }
  colour.fill(MAGENTA, last + 1);
  for (let s = 0; s <= last; s += 1) {
    colour[s] = look.table[entry[s]];
    if (isOver) colour[s] = (colour[s] & 0xffffff | strength(entry[s], look) << 24) >>> 0;
  }
  const { channels } = tiles;
  for (let p = 0; p < out.length; p += 1) out[p] = colour[pixels[p * channels]];
}

/** How opaque a value is over another picture: nothing where it says nothing. */
function strength(of, { series, opacity }) {
  const away = series.signed ? Math.abs(2 * of / 255 - 1) : of / 255;
  return Math.round(255 * opacity * Math.min(1, 2 * away));
}

// Okabe and Ito's colours, as in vizframe.images.mark.
const CORNERS = { broken: "rgb(216 0 216)", dead: "rgb(230 159 0)", constant: "rgb(86 180 233)" };

function corner(context, mark, x, y, width, height) {
  const size = Math.min(16, Math.max(5, Math.min(width, height) / 5));
  context.fillStyle = CORNERS[mark];
  context.beginPath();
  context.moveTo(x + width - size, y);
  context.lineTo(x + width, y);
  context.lineTo(x + width, y + size);
  context.fill();
}

function hatch(context, x, y, width, height) {
  context.save();
  context.beginPath();
  context.rect(x, y, width, height);
  context.clip();
  context.fillStyle = "rgb(208 208 208)";
  context.fillRect(x, y, width, height);
  context.strokeStyle = "rgb(128 128 128)";
  context.lineWidth = 2;
  context.beginPath();
  for (let at = -height; at < width; at += 8) {
    context.moveTo(x + at, y + height);
    context.lineTo(x + at + height, y);
  }
  context.stroke();
  context.restore();
}

/** Values without pixels, as bars from zero. */
export function paintBar(context, value, [low, high], x, y, width, height, colours) {
  const [bottom, top] = [Math.min(0, low), Math.max(0, high)];
  const span = top - bottom || 1;
  const place = (v) => y + height - ((Math.min(top, Math.max(bottom, v)) - bottom) / span) * height;
  const [zero, end] = [place(0), place(Number.isFinite(value) ? value : 0)];
  context.fillStyle = value < 0 ? colours.negative : colours.positive;
  context.fillRect(x, Math.min(zero, end), width, Math.max(1, Math.abs(end - zero)));
}

export const MARK_WORDS = {
  missing: "not recorded, or damaged on disk",
  broken: "has values that are no numbers (NaN or infinite)",
  dead: "zero everywhere",
  constant: "constant: one value everywhere",
};
