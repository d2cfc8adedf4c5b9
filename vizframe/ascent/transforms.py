"""Transforms: small random movements of the picture, so that only what survives them stays.

Each draws a 3×3 matrix that says, for a point (x, y, 1) of the result relative to its centre,
where in the image it is read. Several compose by matrix product into one, so that the device
resamples once however many there are; `Ops.unwarp` is the adjoint of that one resampling.

    image ──jitter──scale──rotate──jitter──►  what the network sees
          one bilinear `Ops.warp` with the product of their matrices
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cache, lru_cache

import numpy as np
import numpy.typing as npt

from vizframe.arrays import read_only
from vizframe.network import FloatArray

Matrix = npt.NDArray[np.float64]
Transform = Callable[[np.random.Generator], Matrix]

REFERENCE = 128
"""The side of the pictures that lucid's lengths are meant for; smaller pictures move less."""


def jitter(width: int) -> Transform:
    """Move by whole pixels: a window of the image less ``width`` pixels, anywhere in it."""

    def draw(random: np.random.Generator) -> Matrix:
        matrix = np.eye(3)
        matrix[:2, 2] = random.integers(0, width, 2, endpoint=True) - width // 2
        return matrix

    return draw


def scale(factors: Sequence[float]) -> Transform:
    """Enlarge about the centre by one of the factors."""

    def draw(random: np.random.Generator) -> Matrix:
        factor = factors[random.integers(len(factors))]
        return np.diag([1 / factor, 1 / factor, 1.0])

    return draw


def rotate(degrees: Sequence[float]) -> Transform:
    """Turn about the centre by one of the angles."""

    def draw(random: np.random.Generator) -> Matrix:
        angle = math.radians(degrees[random.integers(len(degrees))])
        cos, sin = math.cos(angle), math.sin(angle)
        return np.array([[cos, -sin, 0.0], [sin, cos, 0.0], [0.0, 0.0, 1.0]])

    return draw


@cache
def lucid(side: int) -> tuple[Transform, ...]:
    """lucid's standard: jitter 8, scale 0.90 … 1.10 in steps of 0.02, rotate −10° … 10° with five
    extra chances of 0°, jitter 4. Its padding of 12 pixels of mid-grey is what lies outside the
    image here, without end. Source: lucid, ``optvis/transform.py``.

    Args:
        side: of the picture in pixels. Under 128 the jitters shrink in proportion.
    """
    share = min(1.0, side / REFERENCE)
    return (
        jitter(round(8 * share)),
        scale([1 + (step - 5) / 50 for step in range(11)]),
        rotate([*range(-10, 11), 0, 0, 0, 0, 0]),
        jitter(round(4 * share)),
    )


def compose(transforms: Sequence[Transform], seed: int, iteration: int) -> FloatArray:
    """The matrix (2, 3) of all transforms, the first one applied to the image first.

    The same for every image of a batch, and the same whenever seed and iteration are.
    """
    return _composed(tuple(transforms), seed, iteration)


@lru_cache(maxsize=4096)
def _composed(transforms: tuple[Transform, ...], seed: int, iteration: int) -> FloatArray:
    """Kept, as each batch and each recorded step asks for the same; drawing takes longer than
    small images take to be moved."""
    random = np.random.default_rng((seed, iteration))
    matrix = np.eye(3)
    for transform in transforms:
        matrix = matrix @ transform(random)
    return read_only(matrix[:2].astype(np.float32))
