"""The objective's curve in short: its value at a few iterations, and what can be told from it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from vizframe.network import FloatArray

POINTS = 32
"""How many values a curve has, first and last iteration included."""

TAIL = 4
"""The last eighth of the points: a curve that is level over them has converged."""

LEVEL = 0.01
"""The change, relative to the value, under which a curve is level."""


def moments(iterations: int) -> list[int]:
    """The iterations that the curve remembers, increasing, evenly spaced: POINTS of them, or all
    where there are fewer."""
    return sorted({round(each) for each in np.linspace(0, iterations - 1, POINTS)})


def has_converged(curve: FloatArray) -> npt.NDArray[np.bool_]:
    """Which images of a curve (batch, points) have come to rest: the best value of its last
    eighth differs by less than 1 % from the best of the quarter before. A curve that is too
    short, or not finite, has not."""
    if curve.shape[1] < 4 * TAIL:
        return np.zeros(len(curve), np.bool_)
    before, after = curve[:, -3 * TAIL : -TAIL].max(axis=1), curve[:, -TAIL:].max(axis=1)
    finite = np.isfinite(curve).all(axis=1)
    with np.errstate(invalid="ignore"):  # the difference of two infinities
        level: npt.NDArray[np.bool_] = finite & (np.abs(after - before) <= LEVEL * np.abs(before))
    return level


def has_recovered(curve: FloatArray) -> npt.NDArray[np.bool_]:
    """Which images respond, at the end, no less than at the start, but for what is level."""
    first, last = curve[:, 0], curve[:, -1]
    back: npt.NDArray[np.bool_] = last >= first - LEVEL * np.abs(first)
    return back


def fill_curve(curve: FloatArray) -> FloatArray:
    """The curve with POINTS values: a shorter one stays at its last value."""
    missing = POINTS - curve.shape[1]
    return np.pad(curve, ((0, 0), (0, missing)), mode="edge")
