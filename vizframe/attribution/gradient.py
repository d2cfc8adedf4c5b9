"""What the gradient of a score says of the pixels, in four ways.

magnitude          max over channels of |∂S/∂x|      Simonyan et al. 2013, section 3.1
gradient × input   Σ over channels of x · ∂S/∂x      Shrikumar et al. 2016
guided             ∂S/∂x by the guided ReLU rule     Springenberg et al. 2014
SmoothGrad         magnitude of the mean of ∂S/∂x    Smilkov et al. 2017
                   over noisy copies of x
"""

from __future__ import annotations

import numpy as np

from vizframe.attribution.target import Target
from vizframe.network import FloatArray
from vizframe.plugin import Progress, ignore_progress


def magnitude(gradient: FloatArray) -> FloatArray:
    """How much each pixel matters, whichever way: (probe, channel, y, x) as (probe, y, x)."""
    strongest: FloatArray = abs(gradient).max(axis=1)
    return strongest


def times_input(gradient: FloatArray, images: FloatArray) -> FloatArray:
    """What each pixel, as it is, adds to the score at first order: (probe, y, x), signed."""
    added: FloatArray = (gradient * images).sum(axis=1)
    return added


def smooth_gradient(
    target: Target,
    *,
    samples: int,
    noise: float,
    seed: int,
    magnitudes: bool = False,
    progress: Progress = ignore_progress,
) -> FloatArray:
    """The mean gradient over noisy copies of each image, (probe, channel, y, x).

    Args:
        samples: how many copies.
        noise: the standard deviation of what is added, as a share of each image's own range.
        seed: of the noise. The same at every step, so that only the weights move.
        magnitudes: the mean of |∂S/∂x|, as many implementations have it, in which gradients of
            opposite signs do not cancel each other.
    """
    draw = np.random.default_rng(seed)
    images = target.images
    spread = noise * np.ptp(images, axis=(1, 2, 3), keepdims=True)
    total = np.zeros(images.shape, np.float64)
    for sample in range(samples):
        noisy = images + spread * draw.standard_normal(images.shape, np.float32)
        found = target.gradient(noisy.astype(np.float32)).gradient
        total += abs(found) if magnitudes else found
        progress(sample + 1, samples, "SmoothGrad")
    return (total / samples).astype(np.float32)
