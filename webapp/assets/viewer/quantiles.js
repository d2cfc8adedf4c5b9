// What the quantiles of many values say: bands over the steps, and a histogram at one of them.

/** Pairs of quantiles around the median, the widest first: what share of the values is between. */
export function bandsOf(count, wanted = [0.98, 0.87, 0.68, 0.38]) {
  const middle = (count - 1) / 2;
  return wanted.map((share) => {
    const reach = Math.max(1, Math.round((share * count) / 2));
    const low = Math.max(0, Math.round(middle - reach));
    return { low, high: count - 1 - low, share: (count - 1 - 2 * low) / count };
  });
}

/** How much of the values lies in each of `bins` parts of [low, high]: between two quantiles, evenly. */
export function histogramOf(quantiles, [low, high], bins) {
  const found = new Float64Array(bins);
  const each = 1 / quantiles.length;
  const at = (value) => Math.max(0, Math.min(bins, ((value - low) / (high - low || 1)) * bins));
  for (let i = 0; i + 1 < quantiles.length; i += 1) {
    const [from, to] = [at(quantiles[i]), at(quantiles[i + 1])];
    if (!(to >= from)) continue;
    if (to - from < 1e-9) { found[Math.min(bins - 1, Math.floor(from))] += each; continue; }
    for (let bin = Math.floor(from); bin < to; bin += 1) {
      const inside = Math.min(to, bin + 1) - Math.max(from, bin);
      if (inside > 0) found[Math.min(bins - 1, bin)] += (each * inside) / (to - from);
    }
  }
  return found;
}

/** The quantiles of one tile. */
export const quantilesOf = (tiles, index) =>
  Float64Array.from({ length: tiles.width }, (_, i) => tiles.value(index, i));

/** The lowest and the highest of all that is finite in the tiles; around zero where there is nothing. */
export function reachOf(tiles) {
  let [low, high] = [Infinity, -Infinity];
  for (let i = 0; i < tiles.count; i += 1) {
    if (tiles.missing[i] || !Number.isFinite(tiles.value(i, 0))) continue;
    low = Math.min(low, tiles.value(i, 0));
    high = Math.max(high, tiles.value(i, tiles.width - 1));
  }
  if (!(high >= low)) return [-1, 1];
  return high > low ? [low, high] : [low - 1, high + 1];
}
