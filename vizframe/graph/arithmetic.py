"""Numbers that arithmetic on any device begins with."""

from __future__ import annotations

import math
from functools import cache

import numpy as np

from vizframe.network import FloatArray


def ranks(percent: float, count: int) -> tuple[int, int, float]:
    """The ranks of so many values that a percentile lies between, and how far from the first."""
    place = percent / 100 * (count - 1)
    below = int(place)
    return below, min(below + 1, count - 1), place - below


def rank_of_least(percent: float, count: int) -> int:
    """The rank of the least of so many values that is no less than a percentile of them."""
    below, above, between = ranks(percent, count)
    return above if between > 1e-6 else below


def adam_shrink(steps: int, mean_decay: float, square_decay: float) -> float:
    """What corrects both of Adam's moments for having begun at zero, as a factor of the rate
    (Kingma & Ba 2014, end of section 2)."""
    return math.sqrt(1 - square_decay**steps) / (1 - mean_decay**steps)


@cache
def blur_matrix(size: int, sigma: float) -> FloatArray:
    """The matrix, (size, size), by which lines of pixels, (…, size), are multiplied to be blurred.

    Column j holds the Gaussian about pixel j, cut at 4σ; what falls beyond the edges is reflected
    back (d c b a | a b c d | d c b a).
    """
    radius = int(4 * sigma + 0.5)
    places = np.arange(-radius, radius + 1)
    weights = np.exp(-0.5 * (places / sigma) ** 2)
    weights /= weights.sum()
    matrix = np.zeros((size, size))
    for column in range(size):
        wrapped = (column + places) % (2 * size)
        rows = np.where(wrapped < size, wrapped, 2 * size - 1 - wrapped)
        np.add.at(matrix[:, column], rows, weights)
    return matrix.astype(np.float32)
