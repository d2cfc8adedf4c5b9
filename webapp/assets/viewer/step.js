// A step: wished for, fetched, painted; the newest wish counts, and what fails is said.
import { Refused } from "./api.js";
import { isLive } from "./live.js";
import * as place from "./place.js";

const AHEAD = 6;
const BEHIND = 2;
const PREFETCH_BYTES = 24 * 1024 * 1024;

/** Show the recorded step of this index. The newest wish counts; none in between is waited for. */
export function go(viewer, index, { pin = true } = {}) {
  if (!viewer.steps.length) return;
  if (pin && viewer.following) { viewer.following = false; }
  viewer.direction = index < viewer.transport.index ? -1 : 1;
  viewer.transport.move(index);
  viewer.place.step = viewer.steps[index];
  viewer.wanted = viewer.urlOf(index);
  place.write(viewer.addressed());
  if (pin) sayNewer(viewer);
  viewer.tell("step");
  const here = viewer.cache.peek(viewer.wanted);
  if (here) arrived(viewer, viewer.wanted, here);
  else pump(viewer);
}

export function follow(viewer) {
  viewer.transport.pause();
  viewer.following = true;
  go(viewer, viewer.steps.length - 1, { pin: false });
  sayNewer(viewer);
}

export function sayNewer(viewer) {
  const live = isLive(viewer.run);
  const behind = viewer.steps.length - 1 - viewer.transport.index;
  viewer.transport.setNewer(live && !viewer.following ? behind : 0, live && viewer.following);
}

/** Fetch what is wanted, one after the other, until what is wanted is shown. */
async function pump(viewer) {
  if (viewer.pumping) return;
  viewer.pumping = true;
  const slow = setTimeout(() => { viewer.progress.hidden = false; }, 150);
  try {
    while (viewer.wanted !== viewer.shown) {
      const target = viewer.wanted;
      const { series } = viewer;
      const frame = await viewer.cache.get(target);
      // A frame on the way is painted too: while one drags, something moves.
      if (series === viewer.series) arrived(viewer, target, frame);
    }
    trouble(viewer, "");
  } catch (error) {
    failed(viewer, error);
  } finally {
    clearTimeout(slow);
    viewer.progress.hidden = true;
    viewer.pumping = false;
  }
}

export function failed(viewer, error) {
  if (error.name === "AbortError") return;
  if (!(error instanceof Refused)) throw error;
  viewer.shown = viewer.wanted;
  const step = viewer.gallery.tiles?.step;
  const rest = step === undefined ? "" : ` Step ${step} is still shown.`;
  trouble(viewer, `Step ${viewer.step} cannot be shown: ${error.message}.${rest}`);
}

function trouble(viewer, sentence) {
  if (viewer.troubled === sentence) return;
  viewer.troubled = sentence;
  viewer.tell("trouble");
}

function arrived(viewer, url, frame) {
  viewer.frame = frame;
  viewer.shown = url;
  viewer.paint();
  fetchAhead(viewer, frame.bytes);
}

function fetchAhead(viewer, bytes) {
  const room = Math.max(1, Math.floor(PREFETCH_BYTES / Math.max(1, bytes)));
  const { index } = viewer.transport;
  const near = [];
  for (let i = 1; i <= Math.min(AHEAD, room); i += 1) near.push(index + i * viewer.direction);
  for (let i = 1; i <= Math.min(BEHIND, room - 1); i += 1) near.push(index - i * viewer.direction);
  viewer.cache.ahead(near.filter((i) => i in viewer.steps).map((i) => viewer.urlOf(i)));
}
