// What the network says to each probe image: from its scores. No page here: tests run it as it is.
import { lowerBound } from "./curves.js";

/** The series of the network's scores: one number per probe image and class, of the last such layer. */
export function scoreSeries(run) {
  const forward = run.layers.map((layer) => layer.name);
  const found = run.series.filter((each) => each.label === "activation" && !each.part
    && each.picture_shape.length === 0 && String(each.tile_axes) === "probe,unit");
  return found.sort((a, b) => forward.indexOf(a.layer) - forward.indexOf(b.layer)).at(-1) ?? null;
}

/** The newest recorded step that is not after this one. */
export function stepAt(steps, step) {
  const after = lowerBound(steps, step);
  return steps[after] === step ? step : steps[Math.max(0, after - 1)];
}

/** The class with the highest score of each image; null where no score is a number.
 *  `scores` holds image after image, `classes` numbers each. */
export function predictions(scores, classes) {
  return Array.from({ length: scores.length / classes }, (_, image) => {
    let best = null;
    for (let i = 0; i < classes; i += 1) {
      const value = scores[image * classes + i];
      if (Number.isFinite(value) && (best === null || value > scores[image * classes + best])) best = i;
    }
    return best;
  });
}

/** "right", "wrong" or "unknown", for each image. */
export function verdicts(predicted, labels) {
  return predicted.map((found, image) => {
    const label = labels?.[image];
    if (found === null || label === null || label === undefined) return "unknown";
    return found === label ? "right" : "wrong";
  });
}

const RANK = { wrong: 0, unknown: 1, right: 2 };

/** Images in the order in which one looks at them: wrong ones first. */
export const wrongFirst = (judged) =>
  judged.map((_, image) => image).sort((a, b) => RANK[judged[a]] - RANK[judged[b]] || a - b);

/** How often each label was taken for each class: [{ label, predicted, count }], most often first. */
export function confusion(predicted, labels) {
  const counts = new Map();
  predicted.forEach((found, image) => {
    const label = labels?.[image];
    if (found === null || label === null || label === undefined || found === label) return;
    const key = `${label} ${found}`;
    counts.set(key, { label, predicted: found, count: (counts.get(key)?.count ?? 0) + 1 });
  });
  return [...counts.values()].sort((a, b) => b.count - a.count || a.label - b.label);
}

/** The classes whose scores are worth a curve: the highest at the end, and the true one. */
export function shownClasses(last, label, most = 4) {
  const order = last.map((_, i) => i).sort((a, b) => last[b] - last[a]).slice(0, most);
  return label === null || label === undefined || order.includes(label) ? order : [...order.slice(0, most - 1), label];
}
