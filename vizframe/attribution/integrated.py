"""Integrated gradients (Sundararajan, Taly & Yan 2017, equation 1):

    IG(x) = (x − x′) · ∫₀¹ ∂S(x′ + α (x − x′)) / ∂x dα

whose sum over the pixels is S(x) − S(x′): they are complete. The integral is taken by the
trapezium rule, which keeps all it has when its steps are halved:

    n = 1    ●───────────────────●
    n = 2    ●─────────○─────────●
    n = 4    ●────○────●────○────●    until sum and score difference agree, or the steps run out
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vizframe.attribution.target import Target
from vizframe.network import FloatArray
from vizframe.plugin import Progress, ignore_progress

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Integrated:
    """Attributions with how far they can be trusted.

    Attributes:
        values: (probe, channel, y, x).
        error: |sum − score difference| over |score difference|, (probe,); 0 where the score of
            image and baseline is the same and the sum is 0 too, infinite where it is not.
        steps: how many intervals the path was cut into.
        difference: score of the image less score of the baseline, (probe,).
    """

    values: FloatArray
    error: FloatArray
    steps: int
    difference: FloatArray


def integrated_gradients(
    target: Target,
    baseline: FloatArray,
    *,
    tolerance: float = 0.01,
    least: int = 8,
    most: int = 512,
    progress: Progress = ignore_progress,
) -> Integrated:
    """Integrated gradients from the baseline to each image.

    Args:
        baseline: x′, broadcasting against the images.
        tolerance: the relative error at which all images are complete enough.
        least, most: intervals of the path; doubled from least on, up to most.
    """
    images = target.images
    path = (images - baseline).astype(np.float32)
    difference = target.scores - target.scores_of(images - path)

    def gradient(share: float) -> Floats:
        # Exactly the baseline and the image at the ends: of a baseline of one colour, rounding
        # would choose which of many equal maxima a pooling passes the gradient to.
        near = baseline + share * path if share < 0.5 else images - (1 - share) * path
        along = near.astype(np.float32)
        return target.gradient(along).gradient.astype(np.float64)

    steps, mean = 1, (gradient(0.0) + gradient(1.0)) / 2
    while True:
        values = path * mean
        error = relative_error(values.sum(axis=(1, 2, 3)), difference)
        progress(steps, most, "integrated gradients")
        if (steps >= least and not (error > tolerance).any()) or 2 * steps > most:
            single, relative = values.astype(np.float32), error.astype(np.float32)
            return Integrated(single, relative, steps, difference)
        between = sum(gradient((place + 0.5) / steps) for place in range(steps))
        mean = (mean + between / steps) / 2
        steps *= 2


def mean_integrated_gradients(
    target: Target,
    baselines: Sequence[FloatArray],
    *,
    tolerance: float = 0.01,
    least: int = 8,
    most: int = 512,
    progress: Progress = ignore_progress,
) -> Integrated:
    """The mean over several baselines: complete with respect to their mean score."""
    found = [
        integrated_gradients(
            target, each, tolerance=tolerance, least=least, most=most, progress=progress
        )
        for each in baselines
    ]
    if len(found) == 1:
        return found[0]
    values = np.mean([each.values for each in found], axis=0, dtype=np.float64)
    difference = np.mean([each.difference for each in found], axis=0, dtype=np.float64)
    error = relative_error(values.sum(axis=(1, 2, 3)), difference)
    return Integrated(
        values.astype(np.float32),
        error.astype(np.float32),
        max(each.steps for each in found),
        difference.astype(np.float32),
    )


def relative_error(found: npt.ArrayLike, true: npt.ArrayLike) -> Floats:
    """|found − true| / |true|; 0 where both are 0, infinite where only the true one is."""
    goal = np.asarray(true, np.float64)
    difference, size = abs(np.asarray(found, np.float64) - goal), abs(goal)
    unknown = np.where(difference == 0, 0.0, np.inf)
    return np.divide(difference, size, out=unknown, where=size > 0)
