// New steps while training writes: asked for every second while the page is looked at.
import { ago, plural } from "./words.js";

const EVERY = 1000;
const QUIET = 20; // seconds without a step, at least, until a training counts as ended

const LOST = 2; // looks that failed one after the other

/** Call `look` over and over; slower while it fails, not at all while the page is hidden.
 *  `lost(error)` is told when it fails for longer than a moment, `lost(null)` when it does no more. */
export function watch(look, lost = () => {}) {
  let failures = 0;
  const again = async () => {
    if (!document.hidden) {
      try {
        await look();
        if (failures >= LOST) lost(null);
        failures = 0;
      } catch (error) {
        failures += 1;
        if (failures === LOST) lost(error);
        console.warn(`vizframe: ${error.message}`);
      }
    }
    setTimeout(again, Math.min(30, 2 ** Math.max(0, failures - 1)) * EVERY);
  };
  setTimeout(again, EVERY);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) look().catch(() => {}); });
}

/** Whether the training seems to be running: the last step is no older than a few usual gaps. */
export function isLive(run) {
  const recent = run.times.slice(-12);
  if (!recent.length) return secondsSince(run.created) < QUIET;
  const gaps = recent.slice(1).map((time, i) => time - recent[i]).sort((a, b) => a - b);
  const usual = gaps.length ? gaps[gaps.length >> 1] : 0;
  return secondsSince(recent.at(-1)) < Math.max(QUIET, 4 * usual);
}

const secondsSince = (time) => Date.now() / 1000 - time;

/** The badge: recording or not, and how much there is. */
export function badge(run) {
  const steps = plural(run.steps.length, "step");
  if (isLive(run)) return { live: true, words: `recording · ${steps}` };
  const last = run.times.at(-1);
  if (!last) return { live: false, words: steps };
  const when = ago(secondsSince(last));
  return { live: false, words: `${steps} · ${when}`, about: `last written ${when}` };
}
