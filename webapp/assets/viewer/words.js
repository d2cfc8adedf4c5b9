// Numbers and names as a person reads them.

export const whole = (number) => Math.round(number).toLocaleString("en");

/** Three significant digits, with a real minus sign. */
export function short(number) {
  if (number === null || number === undefined || Number.isNaN(number)) return "–";
  if (!Number.isFinite(number)) return number > 0 ? "∞" : "−∞";
  const size = Math.abs(number);
  const text = size !== 0 && (size < 1e-3 || size >= 1e5)
    ? number.toExponential(2).replace("e+", "e") : String(Number(number.toPrecision(3)));
  return text.replaceAll("-", "−");
}

/** 2.5, 12.25, 3: at most two digits of a part of one. */
export const epochWords = (epoch) => Number(epoch.toFixed(2)).toLocaleString("en");

export const signed = (number) => (number > 0 ? "+" : "") + short(number);

const RANKED = /@([1-9]\d*)$/;

/** gradient_ascent → Gradient ascent, activation@3 → Activation, rank 3 */
export function title(kind) {
  const [picture, rank] = kind.split(RANKED);
  const words = picture.replaceAll("_", " ").replaceAll(".", " · ");
  return words.charAt(0).toUpperCase() + words.slice(1) + (rank ? `, rank ${rank}` : "");
}

/** A kind without the worker's rank: activation@3 → activation. */
export const pictureOf = (kind) => kind.replace(RANKED, "");

/** The worker whose picture it is. */
export const rankOf = (kind) => Number(RANKED.exec(kind)?.[1] ?? 0);

/** The same picture of another worker. */
export const ofRank = (kind, rank) => (rank ? `${pictureOf(kind)}@${rank}` : pictureOf(kind));

/** How long since, as vizframe.wording.ago says it; the future (another clock) counts as now. */
export function ago(seconds) {
  for (const [length, unit] of [[86400, "days"], [3600, "h"], [60, "min"]]) {
    if (seconds < length) continue;
    const number = Math.floor(seconds / length);
    return `${number} ${unit === "days" && number === 1 ? "day" : unit} ago`;
  }
  return seconds < 10 ? "now" : `${Math.floor(seconds)} s ago`;
}

/** A layer as a person recognises it: a name that ends in a number says what the layer is, too. */
export function layerName(run, name) {
  const kind = run.layers.find((each) => each.name === name)?.kind ?? "other";
  return kind !== "other" && /(^|\.)\d+$/.test(name) ? `${name} · ${kind}` : name;
}

export function plural(count, noun) {
  return `${whole(count)} ${noun}${count === 1 ? "" : "s"}`;
}

/** Roles of columns that say yes (1) or no (0). */
const FLAGS = new Set(["flag", "dead"]);

/** A number of a column, as what it stands for: a class by its name, an image by its label. */
export function valueWords(manifest, series, name, value) {
  const role = series.column_roles[name];
  if (FLAGS.has(role) && (value === 0 || value === 1)) return value ? "yes" : "no";
  if (role === "class") return manifest.classes[value] ?? short(value);
  if (role === "probe") return tileLabel(manifest, series, "probe", value) || short(value);
  return short(value);
}

export const headed = (words) => words.charAt(0).toUpperCase() + words.slice(1);

/** What the probe's inputs are: images, texts or other sequences. */
export function probeNoun(manifest, short = false) {
  const noun = manifest.probe?.noun ?? "image";
  return noun !== "image" || short ? noun : "probe image";
}

/** Why a page that asks a network with pictures has nothing to ask of this run; else nothing. */
export function notAsked(manifest) {
  const noun = probeNoun(manifest ?? {}, true);
  return noun === "image" ? "" : `This run was recorded on ${noun}s. Live and What if ask networks that see `
    + `pictures; what this one does with its ${noun}s is on the Gallery and the Unit page.`;
}

/** What one tile along an axis is called: "unit 9", "probe image 3 (label 7)". */
export function tileName(manifest, series, axis, index) {
  const noun = axis === "probe" ? probeNoun(manifest) : axis;
  const extra = tileLabel(manifest, series, axis, index);
  return extra ? `${noun} ${index} (${extra})` : `${noun} ${index}`;
}

/** What is known of a tile beyond its number: a class name, a probe image's label. */
export function tileLabel(manifest, series, axis, index) {
  const { classes, probe, layers } = manifest;
  if (axis === "probe" && probe) {
    const label = probe.labels?.[index];
    if (label !== undefined && label !== null) return classes[label] ?? `label ${label}`;
    return probe.names[index] ?? "";
  }
  const last = layers.at(-1);
  const isClass = axis === "class" || (axis === "unit" && last?.name === series.layer);
  return isClass && classes.length === series.tile_shape[series.tile_axes.indexOf(axis)]
    ? classes[index] : "";
}
