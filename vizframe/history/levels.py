"""The levels of a stored tile: where its values lie, so that zero and what is no number survive.

A uint8 tile has 256 levels in equal steps from its low to its high. Where its values lie on both
sides of zero, the ends are moved outwards until zero is one of the levels, exactly:

    values       ├───────0─────────────────────┤
    levels      0·····1··▲··2  ✗               zero between two levels comes back as something else
    levels    0·····1·····2·····3              zero is a level

The step then has 16 significant bits, so that level · step is exact in float32 and zero comes back
as 0.0, in any language. A tile that holds NaN or infinities keeps its last three levels for them.

A float16 tile counts in a power of two of its own, so that it holds 1e-30 and 1e30 as well as 1:
its largest value is stored between 16,384 and 32,768.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from vizframe.network import FloatArray

LEVELS = 255
"""The last level of a uint8 tile."""

FINITE_LEVELS = 252
"""The last level of a uint8 tile some of whose values are not finite."""

MINUS_INFINITY, NOT_A_NUMBER, INFINITY = 253, 254, 255
"""The levels that stand for what is not finite, in such a tile."""

CODED = 1 << 30
"""Set in a stored count of values that are not finite where the tile is coded (`Tiles`)."""

SMALLEST = 2.0**-149
"""The smallest float32 above zero."""

LARGEST = float(np.finfo(np.float32).max)

SIGNIFICANT = 16
"""Bits of a step; with the 8 of a level 24, what float32 keeps."""

Doubles = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


def with_zero(
    low: FloatArray, high: FloatArray, last: npt.NDArray[np.int_] | int
) -> tuple[FloatArray, FloatArray]:
    """The ends of each tile, moved outwards until zero is a level where it lies between them.

    Args:
        low, high: finite, of each tile.
        last: each tile's last level, or that of all.
    """
    around: Flags = (low < 0) & (high > 0)
    if around.all():
        return _moved(low.astype(np.float64), high.astype(np.float64), last)
    if not around.any():
        return low, high
    below, above = np.where(around, low, -1), np.where(around, high, 1)  # ±1: nothing to do
    moved = _moved(below.astype(np.float64), above.astype(np.float64), last)
    return np.where(around, moved[0], low), np.where(around, moved[1], high)


def _moved(
    low: Doubles, high: Doubles, last: npt.NDArray[np.int_] | int
) -> tuple[FloatArray, FloatArray]:
    """Ends on both sides of zero, moved: the level of zero is the next one towards the middle."""
    place = low / (low - high) * last
    zero = np.clip(np.where(low + high > 0, np.ceil(place), np.floor(place)), 1, last - 1)
    rest = last - zero
    step = _short(np.maximum(low / -zero, high / rest), np.maximum(zero, rest))
    return (step * -zero).astype(np.float32), (step * rest).astype(np.float32)


def _short(step: Doubles, longest: Doubles) -> Doubles:
    """The next larger number of few significant bits, unless so many of it leave float32."""
    if step.min() > 1e-36 and step.max() < 1e36:
        bits = step.astype(np.float32).view(np.int32) + 0xFF
        short: Doubles = (bits & ~0xFF).view(np.float32).astype(np.float64)
        return short
    largest = LARGEST / longest
    up: Doubles = np.ceil(step / _quantum(step)) * _quantum(step)
    down: Doubles = np.floor(largest / _quantum(largest)) * _quantum(largest)
    return np.minimum(up, down)


def _quantum(number: Doubles) -> Doubles:
    """What numbers of this size and few significant bits are multiples of."""
    _, exponent = np.frexp(number)
    return np.maximum(np.ldexp(1.0, exponent - SIGNIFICANT), SMALLEST)


def half_unit(low: FloatArray, high: FloatArray) -> Doubles:
    """What one of a float16 tile stands for: a power of two; 1 for a tile of zeros."""
    largest = np.maximum(np.abs(low), np.abs(high)).astype(np.float64)
    _, exponent = np.frexp(largest)
    return np.where(largest > 0, np.ldexp(1.0, exponent - 15), 1.0)


def not_finite(stored: npt.NDArray[np.uint8], values: FloatArray) -> None:
    """Write what the last three levels stand for into the values of tiles that keep them so."""
    values[stored == MINUS_INFINITY] = -np.inf
    values[stored == NOT_A_NUMBER] = np.nan
    values[stored == INFINITY] = np.inf


def code_not_finite(tiles: FloatArray, stored: npt.NDArray[np.uint8]) -> None:
    """The inverse of `not_finite`: write the levels of what is not finite."""
    stored[np.isneginf(tiles)] = MINUS_INFINITY
    stored[np.isnan(tiles)] = NOT_A_NUMBER
    stored[np.isposinf(tiles)] = INFINITY
