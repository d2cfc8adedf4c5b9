// Where tokens look, read off the matrix of a head. No page here: tests run it as it is.
import { Tiles } from "./tiles.js";

/** One row of a matrix, as a strip over time. */
export function rowOf(tiles, index, time) {
  const { width } = tiles;
  const stored = tiles.pixels(index).subarray(time * width, (time + 1) * width);
  const head = { count: 1, picture: [width], step: tiles.step, coded: tiles.coded.has(index) ? [0] : [], zero: "plain" };
  const of = (array) => array.slice(index, index + 1);
  return new Tiles(head, of(tiles.low), of(tiles.high), of(tiles.nonfinite), of(tiles.missing), stored);
}

/** The token that is looked at most, and how much. */
export function mostLookedAt(row, count) {
  let best = 0;
  for (let at = 1; at < Math.min(count, row.width); at += 1) if (row.value(0, at) > row.value(0, best)) best = at;
  return { at: best, share: row.value(0, best) };
}

/** What a token looks at, the most first: at most so many tokens, each with a share of at least `least`. */
export function looksOf(row, count, { most, least }) {
  const found = [];
  for (let at = 0; at < Math.min(count, row.width); at += 1) {
    const share = row.value(0, at);
    if (share >= least) found.push({ at, share });
  }
  return found.sort((a, b) => b.share - a.share || a.at - b.at).slice(0, most);
}
