// Where we are: everything a link has to say, and nothing else.
//
//   ?page=gallery&run=mnist&kind=activation&layer=conv0&step=40&unit=9&scale=history&at.probe=3

const TEXTS = ["page", "run", "kind", "layer", "scale", "order", "axis", "with", "beside", "besidekind", "view",
  "runs", "x", "smooth", "changes", "asked", "show", "match"];
const NUMBERS = ["step", "unit", "time"];
const AXES = { "at.": "at", "besideat.": "besideat" };

export const PAGES = [
  "gallery", "unit", "zoom", "sheet", "compare", "image", "training", "network", "live", "whatif", "runs",
];

export const NOWHERE = {
  page: "gallery", run: null, kind: null, layer: null, step: null, unit: null, time: null, scale: "history",
  order: "number", axis: "linear", with: null, beside: null, besidekind: null, view: "side",
  runs: null, x: "step", smooth: "0", changes: null, asked: null, show: "after", match: null, at: {}, besideat: {},
};

export function read(search = location.search) {
  const query = new URLSearchParams(search);
  const place = { ...NOWHERE, at: {}, besideat: {} };
  for (const name of TEXTS) if (query.get(name)) place[name] = query.get(name);
  for (const name of NUMBERS) if (/^\d{1,15}$/.test(query.get(name) ?? "")) place[name] = Number(query.get(name));
  for (const [name, value] of query) {
    const [before] = Object.keys(AXES).filter((each) => name.startsWith(each));
    if (before && /^\d{1,9}$/.test(value)) place[AXES[before]][name.slice(before.length)] = Number(value);
  }
  if (!PAGES.includes(place.page)) Object.assign(place, { page: NOWHERE.page, unknown: place.page });
  if (!["unit", "step", "history"].includes(place.scale)) place.scale = "history";
  if (!["strongest", "changed", "recent", "formed", "cost"].includes(place.order)) place.order = "number";
  if (place.axis !== "log") place.axis = "linear";
  if (!["epoch", "time"].includes(place.x)) place.x = "step";
  if (!["0.6", "0.9"].includes(place.smooth)) place.smooth = "0";
  if (!["activation", "weights"].includes(place.match)) place.match = null;
  if (place.show !== "difference") place.show = "after";
  if (!["swipe", "blink"].includes(place.view)) place.view = "side";
  if (!/^(start|same|last|[+-]\d{1,9}|\d{1,15})$/.test(place.beside ?? "")) place.beside = null;
  return place;
}

export function search(place) {
  const query = new URLSearchParams();
  for (const name of [...TEXTS, ...NUMBERS]) {
    const value = place[name];
    if (value !== null && value !== undefined && value !== NOWHERE[name]) query.set(name, value);
  }
  for (const [axis, index] of Object.entries(place.at)) if (index) query.set(`at.${axis}`, index);
  for (const [axis, index] of Object.entries(place.besideat)) query.set(`besideat.${axis}`, index);
  const text = query.toString();
  return text ? `?${text}` : location.pathname;
}

let due = 0;
let waiting = null; // the address that is written when it is due

/** Write the address: at once for a place one may want to go back to, else four times a second. */
export function write(place, { push = false } = {}) {
  clearTimeout(due);
  if (push) {
    replace(); // the place that is left is found again as it was left
    history.pushState(null, "", search(place));
    return;
  }
  waiting = search(place);
  due = setTimeout(replace, 250);
}

/** One has gone to another address: what waited belongs to the one that was left. */
export function forget() {
  clearTimeout(due);
  waiting = null;
}

function replace() {
  if (waiting !== null) history.replaceState(null, "", waiting);
  waiting = null;
}
