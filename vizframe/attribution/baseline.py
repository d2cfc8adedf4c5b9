"""Baselines: the image that stands for nothing, which integrated gradients start from and which
covers in occlusion.

black, grey, white   one colour everywhere. A pixel of that colour cannot be credited: its way
                     from the baseline to the image has no length
blurred              the image itself, so blurred that no shape is left (σ a tenth of its side)
mean                 the mean of the probe's images, pixel by pixel
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

from vizframe.network import FloatArray
from vizframe.network.probe import Probe

Baseline = Literal["black", "grey", "white", "blurred", "mean"]

SIGMA = 0.1
"""The blur's σ as a share of the image's shorter side."""


def baseline_of(probe: Probe, name: Baseline) -> FloatArray:
    """The baseline of each image as the network's input, broadcasting against the images."""
    normal, images = probe.normalization, probe.images
    if name == "mean":
        mean: FloatArray = images.mean(axis=0, keepdims=True, dtype=np.float64).astype(np.float32)
        return mean
    if name == "blurred":
        return blur(images, SIGMA * min(images.shape[2:]))
    share = {"black": 0.0, "grey": 0.5, "white": 1.0}[name]
    return normal.to_inputs(np.full((1, 1, 1, 1), share, np.float32))


def blur(images: FloatArray, sigma: float) -> FloatArray:
    """A Gaussian blur of (…, y, x); beyond the rims lies the reflected image."""
    rows, columns = (_blur_matrix(length, sigma) for length in images.shape[-2:])
    blurred: FloatArray = (rows @ images.astype(np.float64) @ columns.T).astype(np.float32)
    return blurred


def _blur_matrix(length: int, sigma: float) -> npt.NDArray[np.float64]:
    """(length, length): each pixel as a mixture of its neighbours, up to 4σ away."""
    reach = max(1, int(4 * sigma + 0.5))
    offsets = np.arange(-reach, reach + 1)
    weights = np.exp(-0.5 * (offsets / sigma) ** 2)
    places = (np.arange(length)[:, None] + offsets) % (2 * length)
    reflected = np.where(places < length, places, 2 * length - 1 - places)
    matrix = np.zeros((length, length))
    np.add.at(matrix, (np.arange(length)[:, None], reflected), weights / weights.sum())
    return matrix
