// What is known of a run, and what is new of it, put together again (webapp/difference.py).

/** A manifest, made whole by what is known where only what is new was told. */
export function withKnown(old, found) {
  if (found.id !== old.id || !found.since) return found;
  const lists = old.step_lists.map((list, at) => list.concat(found.step_lists[at]));
  const whole = { ...old, ...found, step_lists: lists };
  for (const name of ["steps", "times", "epochs"]) whole[name] = old[name].concat(found[name]);
  delete whole.since;
  return whole;
}

/** Curves, likewise; one that begins later has nothing before. */
export function curvesWithKnown(old, found) {
  if (!found.since) return found;
  const values = {};
  for (const [name, told] of Object.entries(found.values)) {
    values[name] = (old.values[name] ?? new Array(found.since).fill(null)).concat(told);
  }
  return { ...found, steps: old.steps.concat(found.steps), values };
}
