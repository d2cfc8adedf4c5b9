"""Score-CAM (Wang et al. 2020): each unit's map is laid over the image as a mask, and weighed by
the score that is left.

    H_k = the map A_k enlarged, from 0 (its least) to 1 (its most)
    α_k = softmax over units of S(image · H_k)
    max(0, Σ_k α_k A_k)                                        equations 6 to 9

It needs no gradient, but a forward pass for every unit and image.
"""

from __future__ import annotations

import numpy as np

from vizframe.attribution.batches import room, scores
from vizframe.attribution.rise import softmax
from vizframe.attribution.target import Target
from vizframe.images.overlay import resample
from vizframe.network import FloatArray
from vizframe.plugin import Progress, ignore_progress


def score_cam(
    target: Target,
    maps: FloatArray,
    *,
    most: int | None = None,
    progress: Progress = ignore_progress,
) -> FloatArray:
    """Where the layer sees evidence for the class, (probe, y, x) of the images' size, ≥ 0.

    Args:
        maps: the layer's activations, (probe, unit, y, x).
        most: so many units of each image, those that are most active; None for all.
    """
    size = target.images.shape[2:]
    evidence = []
    for number, own in enumerate(np.where(np.isfinite(maps), maps, 0)):
        chosen = np.sort(np.argsort(-own.mean(axis=(1, 2)), kind="stable")[:most])
        weight = softmax(_masked_scores(target, number, own[chosen])[None])[0]
        combined = np.tensordot(weight.astype(np.float64), own[chosen], axes=1)
        evidence.append(resample(np.maximum(combined, 0), (size[0], size[1])))
        progress(number + 1, len(maps), "Score-CAM")
    return np.asarray(evidence, np.float32)


def _masked_scores(target: Target, number: int, maps: FloatArray) -> FloatArray:
    """The class score of an image seen through each of the maps, (unit,)."""
    image, found = target.images[number], []
    at_once = max(1, room(target.network))
    for start in range(0, len(maps), at_once):
        large = resample(maps[start : start + at_once], (image.shape[1], image.shape[2]))
        low = large.min(axis=(1, 2), keepdims=True)
        span = large.max(axis=(1, 2), keepdims=True) - low
        mask = np.divide(large - low, span, out=np.zeros_like(large), where=span > 0)
        seen = (image * mask[:, None]).astype(np.float32)
        found.append(scores(target.network, seen)[:, target.classes[number]])
    return np.concatenate(found)
