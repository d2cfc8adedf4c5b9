// Changes of units, as an address has them: conv1:3:off, conv1:3:*0.5, conv1:3:<1.5, conv1:3:=1.5.
// No page here: tests run it as it is.

/** [{ layer, unit, how }]; what is no change is left out. */
export function read(text) {
  return (text ?? "").split(",").filter(Boolean).flatMap((word) => {
    const [layer, unit, how] = word.split(":");
    if (!layer || !/^\d{1,9}$/.test(unit ?? "") || !/^(off|[*<=]-?\d[\d.e+-]*)$/.test(how ?? "")) return [];
    try {
      return [{ layer: decodeURIComponent(layer), unit: Number(unit), how }];
    } catch { return []; }
  });
}

/** As `read` reads it; null where nothing is changed. */
export const write = (changes) =>
  changes.map(({ layer, unit, how }) => `${encodeURIComponent(layer)}:${unit}:${how}`).join() || null;

const isSame = (one, layer, unit) => one.layer === layer && one.unit === unit;

/** How a unit is changed, or null. */
export const howOf = (changes, layer, unit) => changes.find((each) => isSame(each, layer, unit))?.how ?? null;

/** The changes with this unit changed so; null: as it is. */
export function put(changes, layer, unit, how) {
  const rest = changes.filter((each) => !isSame(each, layer, unit));
  return how === null ? rest : [...rest, { layer, unit, how }];
}

/** What a person reads: "off", "× 0.5", "≤ 1.5", "= 1.5". */
export function words(how) {
  const signs = { "*": "×", "<": "≤", "=": "=" };
  return how in { off: 1 } ? "off" : `${signs[how[0]]} ${how.slice(1).replace("-", "−")}`;
}
