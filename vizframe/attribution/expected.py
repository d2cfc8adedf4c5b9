"""Expected gradients (Erion et al. 2019, equation 5), also known as GradientSHAP:

    EG(x) = mean over x′ of the probe and α in [0, 1] of (x − x′) · ∂S(x′ + α (x − x′)) / ∂x

Integrated gradients without a baseline of one's choosing: every other image of the probe is one.
What the pixels sum to is S(x) less the mean score of those, within the error of the sample.
"""

from __future__ import annotations

import numpy as np

from vizframe.attribution.integrated import Integrated, relative_error
from vizframe.attribution.target import Target
from vizframe.network import FloatArray
from vizframe.plugin import Progress, ignore_progress


def expected_gradients(
    target: Target,
    *,
    samples: int,
    seed: int,
    noise: float = 0.0,
    progress: Progress = ignore_progress,
) -> Integrated:
    """Expected gradients of each image, the baselines drawn from the others of the probe.

    Args:
        samples: how many pairs of baseline and α; α is one of so many equal parts of [0, 1] each.
        seed: of what is drawn. The same at every step, so that only the weights move.
        noise: what is added to the image, as a share of its range: GradientSHAP's smoothing.
    """
    draw = np.random.default_rng(seed)
    images, count = target.images, len(target.images)
    total, baseline_score = np.zeros(images.shape, np.float64), np.zeros(count)
    spread = noise * np.ptp(images, axis=(1, 2, 3), keepdims=True)
    strata = np.stack([draw.permutation(samples) for _ in range(count)])
    for sample in range(samples):
        other = images[(np.arange(count) + draw.integers(1, max(2, count), count)) % count]
        share = ((strata[:, sample] + draw.random(count)) / samples).reshape(-1, 1, 1, 1)
        shown = images + spread * draw.standard_normal(images.shape, np.float32)
        path = (shown - other).astype(np.float32)
        along = (other + share * path).astype(np.float32)
        total += path * target.gradient(along).gradient.astype(np.float64)
        baseline_score += target.scores_of(other)
        progress(sample + 1, samples, "expected gradients")
    return _complete(target, total / samples, baseline_score / samples, samples)


def _complete(
    target: Target, values: FloatArray, baseline_score: FloatArray, samples: int
) -> Integrated:
    difference = target.scores - baseline_score
    error = relative_error(values.sum(axis=(1, 2, 3)), difference)
    return Integrated(
        np.asarray(values, np.float32),
        error.astype(np.float32),
        samples,
        np.asarray(difference, np.float32),
    )
