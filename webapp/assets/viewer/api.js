// The addresses of the server, under whatever path it lives.
import { decode } from "./tiles.js";

const base = () => document.body.dataset.base;

export class Refused extends Error {
  constructor(sentence, status) { super(sentence); this.status = status; }
}

function address(name, query) {
  return `${base()}api/v1/${name}?${new URLSearchParams(query)}`;
}

async function ask(url, signal, sent = {}) {
  const response = await fetch(url, { signal, credentials: "same-origin", ...sent }).catch((error) => {
    if (error.name === "AbortError") throw error;
    throw new Refused("the server does not answer", 0);
  });
  if (response.ok) return response;
  const said = await response.json().catch(() => ({}));
  throw new Refused(said.error ?? `the server answered ${response.status}`, response.status);
}

export async function json(name, query = {}) {
  return (await ask(address(name, query))).json();
}

export async function bytes(url, signal) {
  return (await ask(url, signal)).arrayBuffer();
}

export async function tiles(url, signal) {
  return decode(await bytes(url, signal));
}

/** How a network responds to a picture, as tiles; red, green and blue of each pixel. */
export async function respond(query, pixels) {
  const response = await ask(address("live", query), undefined, { method: "POST", body: pixels });
  return decode(await response.arrayBuffer());
}

/** A network with units changed: maps as tiles, scores in their head; of the probe without pixels. */
export async function whatIf(query, pixels) {
  const response = await ask(address("whatif", query), undefined, { method: "POST", body: pixels ?? "" });
  return decode(await response.arrayBuffer());
}

/** Send JSON, and get some. */
export async function sendJson(name, query, content) {
  const headers = { "Content-Type": "application/json" };
  return (await ask(address(name, query), undefined, { method: "POST", headers, body: JSON.stringify(content) })).json();
}

/** A file, as a browser keeps it: its name and its bytes. */
export async function file(name, query) {
  const response = await ask(address(name, query));
  const said = response.headers.get("Content-Disposition") ?? "";
  return { name: /filename="([^"]*)"/.exec(said)?.[1] ?? name, blob: await response.blob() };
}

/** Where a series of a run is: part of every address of pixels. */
const series = (run, which) => ({ run: run.run, id: run.id, kind: which.kind, layer: which.layer });

/** `t`, the time of the step, makes the address new should the step be recorded anew. */
const stamp = (run, step) => run.times[run.steps.indexOf(step)] ?? 0;

export const addresses = {
  tiles: (run, which, step, at) =>
    address("tiles", { ...series(run, which), step, at: at.join(), t: stamp(run, step) }),
  strip: (run, which, steps, at) =>
    address("strip", {
      ...series(run, which), steps: steps.join(), at: at.join(), t: stamp(run, steps.at(-1)),
    }),
  probe: (run) => address("probe", { run: run.run, id: run.id }),
  colours: () => address("colours", {}),
};

export const columns = (run, which, step, at) =>
  json("columns", { ...series(run, which), step, at: at.join() });

export const change = (run, which, step, since, at) =>
  json("change", { ...series(run, which), step, since, at: at.join() });

export const formed = (run, which, at) => json("formed", { ...series(run, which), at: at.join() });

/** What happened when; with `look` the server looks for damage for a moment. */
export const events = (run, which, at, look = false) =>
  json("events", { ...series(run, which), at: at.join(), ...(look ? { look: 1 } : {}) });

export const extent = (run, which) => json("extent", series(run, which));

/** Which unit of one run is which of another: { partner, correlation, unmatched, threshold }. */
export const match = (query) => json("match", query);
