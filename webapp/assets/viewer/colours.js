// From stored bytes to colours: limits, gamma, and a table of 256 entries per tile.
import { addresses, bytes } from "./api.js";

const NAMES = ["signed", "signed-dark", "perceptual", "grey"];
const tables = {};

/** Fetch the tables, once. */
export async function loadColours() {
  if (tables.signed) return;
  const all = new Uint8Array(await bytes(addresses.colours()));
  NAMES.forEach((name, number) => {
    const rgb = all.subarray(number * 768, (number + 1) * 768);
    tables[name] = Uint32Array.from({ length: 256 }, (_, i) =>
      (255 << 24 | rgb[3 * i + 2] << 16 | rgb[3 * i + 1] << 8 | rgb[3 * i]) >>> 0);
  });
}

/** Red to yellow: what lies over a grey or colourful picture has to glow. */
tables.glow = Uint32Array.from({ length: 256 }, (_, i) => {
  const t = i / 255;
  const [r, g, b] = [200 + 55 * t, 30 + 215 * t ** 1.3, 20 + 40 * t].map(Math.round);
  return (255 << 24 | b << 16 | g << 8 | r) >>> 0;
});

/** The map that a series is drawn with, as in vizframe.images; what lies over a picture glows. */
export function mapName(series, dark) {
  if (series.over && !series.signed) return "glow";
  if (series.signed) return dark ? "signed-dark" : "signed";
  return series.draw === "image" ? "grey" : "perceptual";
}

export const table = (series, dark) => tables[mapName(series, dark)];

/** One table entry as a CSS colour. */
export function css(entry) {
  return `rgb(${entry & 255} ${(entry >> 8) & 255} ${(entry >> 16) & 255})`;
}

/** The limits of one tile for itself. */
export function ownLimits(tiles, index, signed) {
  const [low, high] = [tiles.low[index], tiles.high[index]].map((x) => (Number.isFinite(x) ? x : 0));
  if (!signed) return [low, high];
  const reach = Math.max(Math.abs(low), Math.abs(high));
  return [-reach, reach];
}

/** Limits for all tiles of a step: 99 % of them lie within (vizframe.images.limits). */
export function stepLimits(tiles, signed, percent = 99) {
  const own = [];
  for (let i = 0; i < tiles.count; i += 1) {
    if (!tiles.missing[i] && Number.isFinite(tiles.low[i]) && Number.isFinite(tiles.high[i])) {
      own.push(ownLimits(tiles, i, signed));
    }
  }
  if (!own.length) return [0, 0];
  const high = percentile(own.map((pair) => pair[1]), percent);
  return [signed ? -high : percentile(own.map((pair) => pair[0]), 100 - percent), high];
}

function percentile(values, percent) {
  values.sort((a, b) => a - b);
  const place = (percent / 100) * (values.length - 1);
  const below = Math.floor(place);
  const above = Math.min(below + 1, values.length - 1);
  return values[below] + (values[above] - values[below]) * (place - below);
}

/** Which table entry a value takes: 0 … 255. A range of no width is the middle, or the start. */
export function entryOf(value, low, high, signed, gamma = 1) {
  let place = signed ? 0.5 : 0;
  if (high > low) place = Math.min(1, Math.max(0, (value - low) / (high - low)));
  if (gamma !== 1) place = boosted(place, signed, gamma);
  return Math.round(place * 255);
}

function boosted(place, signed, gamma) {
  if (!signed) return place ** (1 / gamma);
  const away = 2 * place - 1;
  return 0.5 + (Math.sign(away) * Math.abs(away) ** (1 / gamma)) / 2;
}

/** What is no number: a colour that no map has (vizframe.images.paint). */
export const MAGENTA = 0xffd800d8;

/** The table entry of each of the 256 stored bytes of one tile. */
export function entries(into, tiles, index, [low, high], signed, gamma) {
  const start = tiles.low[index];
  const step = (tiles.high[index] - start) / tiles.lastFinite(index);
  for (let s = 0; s < 256; s += 1) into[s] = entryOf(start + s * step, low, high, signed, gamma);
  return into;
}
