// One unit over time as a line: what it says to each token, from zero.
import { ink, sized } from "./dom.js";

const TALL = 84;

/** Draw a strip of the tiles as a line `width` wide, with the time that is chosen. */
export function drawOverTime(canvas, tiles, index, times, time, width) {
  const context = sized(canvas, width, TALL);
  context.clearRect(0, 0, width, TALL);
  const [low, high] = [Math.min(0, tiles.low[index]), Math.max(0, tiles.high[index])];
  const x = (t) => (t / Math.max(1, times - 1)) * (width - 2) + 1;
  const y = (value) => TALL - 3 - ((value - low) / (high - low || 1)) * (TALL - 6);
  context.strokeStyle = ink("--rule");
  context.beginPath();
  context.moveTo(0, y(0));
  context.lineTo(width, y(0));
  context.stroke();
  context.strokeStyle = ink("--curve-1");
  context.lineWidth = 1.25;
  context.beginPath();
  for (let t = 0; t < times; t += 1) {
    const value = tiles.value(index, t);
    if (Number.isFinite(value)) context.lineTo(x(t), y(value));
  }
  context.stroke();
  if (time === null || time >= times) return;
  context.fillStyle = ink("--accent");
  context.fillRect(x(time) - 0.75, 0, 1.5, TALL);
}

/** Where the unit is lowest and highest: times of the two. */
export function extremesOver(tiles, index, times) {
  let [lowest, highest] = [null, null];
  for (let t = 0; t < times; t += 1) {
    const value = tiles.value(index, t);
    if (!Number.isFinite(value)) continue;
    if (lowest === null || value < tiles.value(index, lowest)) lowest = t;
    if (highest === null || value > tiles.value(index, highest)) highest = t;
  }
  return { lowest, highest };
}
