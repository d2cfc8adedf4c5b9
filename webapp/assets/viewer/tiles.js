// Tiles as the server sends them (webapp/tile_bytes.py says how).

/** A tile with values that are not finite keeps its last three levels for them. */
const FINITE_LEVELS = 252;
const NOT_FINITE = [-Infinity, NaN, Infinity];

export class Tiles {
  constructor(head, low, high, nonfinite, missing, stored) {
    Object.assign(this, { low, high, nonfinite, missing, stored, head });
    this.count = head.count;
    this.picture = head.picture;
    this.step = head.step;
    this.notes = head.notes ?? [];
    this.coded = new Set(head.coded ?? []);
    // One axis inside a tile is time: a strip.
    const [height = 1, width = 1, channels = 1] = head.picture.length === 1 ? [1, head.picture[0]] : head.picture;
    Object.assign(this, { height, width, channels, area: height * width * channels });
    this.bytes = stored.byteLength + 13 * this.count + 200;
  }

  /** The stored bytes of one tile. */
  pixels(index) {
    return this.stored.subarray(index * this.area, (index + 1) * this.area);
  }

  /** The real value of one byte. */
  value(index, offset) {
    const low = this.low[index];
    if (this.picture.length === 0) return this.nonfinite[index] ? NaN : low;
    const level = this.stored[index * this.area + offset];
    const last = this.lastFinite(index);
    if (level > last) return NOT_FINITE[level - last - 1];
    if (level === last) return this.high[index]; // exactly, zero above all
    return low + (level * (this.high[index] - low)) / last;
  }

  /** The last byte of a tile that stands for a finite value. */
  lastFinite(index) {
    return this.coded.has(index) ? FINITE_LEVELS : 255;
  }

  /** Why a tile is no ordinary picture: missing, broken (not finite), dead, constant, or "". */
  mark(index) {
    if (this.missing[index]) return "missing";
    if (this.nonfinite[index] > 0 && !this.hasOpenEnds(index)) return "broken";
    if (this.picture.length === 0 || !this.isFlat(index)) return "";
    if (this.head.zero === "plain" && this.value(index, 0) === 0) return "";
    const isDead = this.head.dead ? this.head.dead.includes(index) : this.value(index, 0) === 0;
    return isDead ? "dead" : "constant";
  }

  /** Whether a strip has no value for its first token alone, before which nothing came that could
   *  foretell it, and behind the end of a text that is shorter than others. */
  hasOpenEnds(index) {
    if (this.picture.length !== 1 || this.nonfinite[index] === 0) return false;
    const isUnknown = (at) => Number.isNaN(this.value(index, at));
    let [open, end] = [isUnknown(0) ? 1 : 0, this.width];
    while (end > 1 && isUnknown(end - 1)) { end -= 1; open += 1; }
    return open === this.nonfinite[index];
  }

  isFlat(index) {
    if (this.low[index] === this.high[index]) return true;
    const pixels = this.pixels(index);
    for (let i = 1; i < pixels.length; i += 1) if (pixels[i] !== pixels[0]) return false;
    return true;
  }
}

export function decode(buffer) {
  const length = new DataView(buffer).getUint32(0, true);
  const head = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
  const { count } = head;
  let at = 4 + length;
  const take = (Type, size) => {
    const array = new Type(buffer, at, size);
    at += Math.ceil(array.byteLength / 4) * 4;
    return array;
  };
  const low = take(Float32Array, count);
  const high = take(Float32Array, count);
  const nonfinite = take(Int32Array, count);
  const missing = take(Uint8Array, count);
  return new Tiles(head, low, high, nonfinite, missing, new Uint8Array(buffer, at));
}

/** a − b, tile by tile, each with its own signed range; NaN where the sizes differ. */
export function difference(a, b) {
  const count = Math.min(a.count, b.count);
  const fits = a.area === b.area && a.picture.length === b.picture.length;
  const head = { count, picture: a.picture, step: a.step, coded: [], zero: "plain" }; // equal is not dead
  const [low, high] = [new Float32Array(count), new Float32Array(count)];
  const nonfinite = new Int32Array(count);
  const missing = new Uint8Array(count);
  const stored = new Uint8Array(a.picture.length ? count * a.area : 0);
  const values = new Float32Array(a.area);
  for (let i = 0; i < count; i += 1) {
    missing[i] = !fits || a.missing[i] || b.missing[i] ? 1 : 0;
    if (missing[i]) continue;
    nonfinite[i] = Math.max(a.nonfinite[i], b.nonfinite[i]);
    subtract(values, a, b, i);
    let reach = 0;
    for (const value of values) if (Number.isFinite(value)) reach = Math.max(reach, Math.abs(value));
    if (a.picture.length === 0) { low[i] = values[0]; high[i] = values[0]; continue; }
    low[i] = -reach;
    high[i] = reach;
    const middle = nonfinite[i] ? FINITE_LEVELS / 2 : 127.5;
    if (nonfinite[i]) head.coded.push(i);
    const scale = reach > 0 ? middle / reach : 0;
    for (let p = 0; p < a.area; p += 1) {
      const level = Number.isFinite(values[p]) ? Math.round(middle + values[p] * scale) : levelOf(values[p]);
      stored[i * a.area + p] = level;
    }
  }
  return new Tiles(head, low, high, nonfinite, missing, stored);
}

function subtract(values, a, b, tile) {
  for (let p = 0; p < a.area; p += 1) values[p] = a.value(tile, p) - b.value(tile, p);
}

/** The level of a value that is not finite. */
function levelOf(value) {
  return Number.isNaN(value) ? 254 : value < 0 ? 253 : 255;
}

/** Tiles in another order: tile i is that of order[i]; null is one that is not there. */
export function reordered(tiles, order) {
  const count = order.length;
  const head = {
    ...tiles.head, count, coded: order.flatMap((from, to) => (tiles.coded.has(from) ? [to] : [])),
    ...(tiles.head.dead ? { dead: order.flatMap((from, to) => (tiles.head.dead.includes(from) ? [to] : [])) } : {}),
  };
  const [low, high] = [new Float32Array(count), new Float32Array(count)];
  const [nonfinite, missing] = [new Int32Array(count), new Uint8Array(count)];
  const area = tiles.picture.length ? tiles.area : 0;
  const stored = new Uint8Array(count * area);
  order.forEach((from, to) => {
    if (from === null || from >= tiles.count) { missing[to] = 1; return; }
    low[to] = tiles.low[from];
    high[to] = tiles.high[from];
    nonfinite[to] = tiles.nonfinite[from];
    missing[to] = tiles.missing[from];
    if (area) stored.set(tiles.pixels(from), to * area);
  });
  return new Tiles(head, low, high, nonfinite, missing, stored);
}
