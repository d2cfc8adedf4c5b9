// Frames that were fetched, and frames fetched ahead.
//
//   wanted ──► in the cache? ──► paint            never aborted: else a drag shows nothing
//                 └ no: fetch, the one request that may not wait
//   ahead  ──► a few at a time; dropped when something is wanted that is not among them
import { Refused, tiles } from "./api.js";

const CAPACITY = 192 * 1024 * 1024;
const AT_ONCE = 3;

export class Cache {
  constructor(capacity = CAPACITY) {
    this.capacity = capacity;
    this.bytes = 0;
    this.kept = new Map(); // least recently used first
    this.flying = new Map(); // url → { promise, abort, ahead }
    this.queue = [];
  }

  has(url) { return this.kept.has(url); }

  /** A frame that is here already, or undefined. */
  peek(url) {
    const found = this.kept.get(url);
    if (found) { this.kept.delete(url); this.kept.set(url, found); }
    return found;
  }

  /** The frame, fetched at once; frames on their way that nobody waits for give way to it. */
  async get(url) {
    const found = this.peek(url);
    if (found) return found;
    const flying = this.flying.get(url);
    if (flying) { flying.ahead = false; return flying.promise; }
    this.queue = [];
    for (const [address, other] of this.flying) {
      if (!other.ahead) continue;
      other.abort.abort();
      this.flying.delete(address); // else whoever wants it next would wait for what was aborted
    }
    return this.fetch(url, false);
  }

  /** Fetch these when nothing else is wanted, nearest first. Replaces what was queued. */
  ahead(urls) {
    this.queue = urls.filter((url) => !this.kept.has(url) && !this.flying.has(url));
    this.drain();
  }

  drain() {
    while (this.queue.length && this.flying.size < AT_ONCE) {
      this.fetch(this.queue.shift(), true).then(() => this.drain(), (error) => {
        // What was fetched ahead was only a guess: if it is wanted, it is asked for again, and
        // what is wrong with it is said then.
        if (!(error instanceof Refused) && error.name !== "AbortError") this.queue = [];
      });
    }
  }

  fetch(url, ahead) {
    const abort = new AbortController();
    const flight = { abort, ahead };
    flight.promise = tiles(url, abort.signal)
      .then((frame) => this.keep(url, frame))
      .finally(() => { if (this.flying.get(url) === flight) this.flying.delete(url); });
    this.flying.set(url, flight);
    return flight.promise;
  }

  keep(url, frame) {
    this.bytes -= this.kept.get(url)?.bytes ?? 0;
    this.kept.delete(url);
    this.kept.set(url, frame);
    this.bytes += frame.bytes;
    for (const [oldest, old] of this.kept) {
      if (this.bytes <= this.capacity || oldest === url) break;
      this.kept.delete(oldest);
      this.bytes -= old.bytes;
    }
    return frame;
  }
}
