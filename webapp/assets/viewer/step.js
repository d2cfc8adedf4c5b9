// A step: wished for, fetched, painted; the newest wish counts, and what fails is said.
import { Refused } from "./api.js";
import { isLive } from "./live.js";
import * as place from "./place.js";

const AHEAD = 6;
const BEHIND = 2;
const PREFETCH_BYTES = 24 * 1024 * 1024;

/** Which step is wanted and which is shown. It alone changes what is here. */
export class Stepper {
  constructor(viewer, { following }) {
    this.viewer = viewer;
    this.following = following; // whether the newest step is shown, whichever that is
    this.direction = 1;
    this.wanted = null; // the URL of the frame to be painted next
    this.shown = null; // … of the one that is painted
    this.frame = null; // what is painted
    this.troubled = ""; // why what is wanted cannot be shown
    this.isFetching = false;
  }

  /** Nothing is shown of another run. */
  reset() { Object.assign(this, { wanted: null, shown: null }); }

  /** Go with the newest step from now on, or stay where one is. */
  setFollowing(following) { this.following = following; }

  /** Show the recorded step of this index. The newest wish counts; none in between is waited for. */
  go(index, { pin = true } = {}) {
    const { viewer } = this;
    if (!viewer.steps.length) return;
    if (pin) this.following = false;
    this.direction = index < viewer.transport.index ? -1 : 1;
    viewer.transport.move(index);
    viewer.place.step = viewer.steps[index];
    this.wanted = viewer.urlOf(index);
    place.write(viewer.addressed());
    if (pin) this.sayNewer();
    viewer.tell("step");
    const here = viewer.cache.peek(this.wanted);
    if (here) this.arrived(this.wanted, here);
    else this.fetchWanted();
  }

  follow() {
    this.viewer.transport.pause();
    this.following = true;
    this.go(this.viewer.steps.length - 1, { pin: false });
    this.sayNewer();
  }

  sayNewer() {
    const { transport, run, steps } = this.viewer;
    const live = isLive(run);
    const behind = steps.length - 1 - transport.index;
    transport.setNewer(live && !this.following ? behind : 0, live && this.following);
  }

  /** Fetch what is wanted, one after the other, until what is wanted is shown. */
  async fetchWanted() {
    if (this.isFetching) return;
    const { viewer } = this;
    this.isFetching = true;
    const done = viewer.heading.expect();
    try {
      while (this.wanted !== this.shown) {
        const target = this.wanted;
        const { series } = viewer;
        const frame = await viewer.cache.get(target);
        // A frame on the way is painted too: while one drags, something moves.
        if (series === viewer.series) this.arrived(target, frame);
      }
      this.trouble("");
    } catch (error) {
      this.failed(error);
    } finally {
      done();
      this.isFetching = false;
    }
  }

  failed(error) {
    if (error.name === "AbortError") return;
    if (!(error instanceof Refused)) throw error;
    const { viewer } = this;
    this.shown = this.wanted;
    const step = viewer.gallery.tiles?.step;
    const rest = step === undefined ? "" : ` Step ${step} is still shown.`;
    this.trouble(`Step ${viewer.step} cannot be shown: ${error.message}.${rest}`);
  }

  /** Ask again for what could not be shown. */
  retry() {
    if (!this.troubled) return;
    this.shown = null;
    this.fetchWanted();
  }

  trouble(sentence) {
    if (this.troubled === sentence) return;
    this.troubled = sentence;
    this.viewer.tell("trouble");
  }

  arrived(url, frame) {
    this.frame = frame;
    this.shown = url;
    this.viewer.paint();
    this.fetchAhead(frame.bytes);
  }

  fetchAhead(bytes) {
    const { viewer } = this;
    const { transport } = viewer;
    const stride = transport.playing ? transport.stride : 1;
    const near = neighbours(transport.index, this.direction * stride, bytes);
    viewer.cache.ahead(near.filter((i) => i in viewer.steps).map((i) => viewer.urlOf(i)));
  }
}

/** The indices to fetch ahead, nearest first: more of small frames, most of them where one goes.
 *  `direction` is −1 or 1, or how many steps are gone at a time. */
export function neighbours(index, direction, bytes) {
  const room = Math.max(1, Math.floor(PREFETCH_BYTES / Math.max(1, bytes)));
  const near = [];
  for (let i = 1; i <= Math.min(AHEAD, room); i += 1) near.push(index + i * direction);
  for (let i = 1; i <= Math.min(BEHIND, room - 1); i += 1) near.push(index - i * direction);
  return near;
}
