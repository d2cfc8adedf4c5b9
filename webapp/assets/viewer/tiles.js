// Tiles as the server sends them (webapp/tile_bytes.py says how).

export class Tiles {
  constructor(head, low, high, nonfinite, missing, stored) {
    Object.assign(this, { low, high, nonfinite, missing, stored, head });
    this.count = head.count;
    this.picture = head.picture;
    this.step = head.step;
    this.notes = head.notes ?? [];
    const [height = 1, width = 1, channels = 1] = head.picture;
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
    if (this.picture.length === 0) return low;
    return low + (this.stored[index * this.area + offset] * (this.high[index] - low)) / 255;
  }

  /** Why a tile is no ordinary picture: missing, broken (not finite), dead, constant, or "". */
  mark(index) {
    if (this.missing[index]) return "missing";
    if (this.nonfinite[index] > 0) return "broken";
    if (this.picture.length === 0 || !this.isFlat(index)) return "";
    const isDead = this.head.dead ? this.head.dead.includes(index) : this.value(index, 0) === 0;
    return isDead ? "dead" : "constant";
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
  const head = { count, picture: a.picture, step: a.step };
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
    for (const value of values) reach = Math.max(reach, Math.abs(value));
    if (a.picture.length === 0) { low[i] = values[0]; high[i] = values[0]; continue; }
    low[i] = -reach;
    high[i] = reach;
    const scale = reach > 0 ? 127.5 / reach : 0;
    for (let p = 0; p < a.area; p += 1) stored[i * a.area + p] = Math.round(127.5 + values[p] * scale);
  }
  return new Tiles(head, low, high, nonfinite, missing, stored);
}

function subtract(values, a, b, tile) {
  const [stepA, stepB] = [a, b].map((side) => (side.high[tile] - side.low[tile]) / 255);
  const start = tile * a.area;
  if (a.picture.length === 0) { values[0] = a.low[tile] - b.low[tile]; return; }
  for (let p = 0; p < a.area; p += 1) {
    values[p] = a.low[tile] + a.stored[start + p] * stepA - b.low[tile] - b.stored[start + p] * stepB;
  }
}
