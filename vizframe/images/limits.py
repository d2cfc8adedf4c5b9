"""Limits: which values the two ends of a colour map stand for.

    own     each tile its own extremes: every unit is seen, none can be compared
    common  one range for many tiles: a layer at one step, or, so that nothing flickers while the
            slider moves, the layer over its whole history

For signed data both ends are equally far from zero, so that zero keeps the middle colour.
Extremes that are not finite take no part; where nothing is finite, the limits are (0, 0).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vizframe.network import FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Limits:
    """The values at both ends of a map: float32, one pair per tile, or scalars for all.

    Where ``signed``, low is −high, and a range of no width means that all is zero.
    """

    low: FloatArray
    high: FloatArray
    signed: bool = False


def fixed_limits(value_range: tuple[float, float], signed: bool = False) -> Limits:
    """The limits that a declaration fixes for all tiles."""
    low, high = (np.asarray(end, np.float32) for end in value_range)
    return Limits(low, high, signed)


def own_limits(low: npt.ArrayLike, high: npt.ArrayLike, *, signed: bool) -> Limits:
    """Each tile's limits from its extremes, in the shape of the extremes."""
    least, most = _finite_or_nan(low), _finite_or_nan(high)
    if not signed:
        return Limits(np.nan_to_num(least), np.nan_to_num(most))
    reach = np.nan_to_num(np.fmax(abs(least), abs(most)))
    return Limits(-reach, reach, signed=True)


def common_limits(
    low: npt.ArrayLike, high: npt.ArrayLike, *, signed: bool, percent: float = 99.0
) -> Limits:
    """One pair of limits for all tiles, of one step or of many.

    Args:
        low, high: extremes of any shape, ``(unit,)`` or ``(step, unit)``.
        signed: whether zero is the middle.
        percent: of the tiles that lie within the limits. One unit that explodes then leaves the
            others visible: by plain maxima the median filter uses 18–66 % of the range. 100
            takes the plain extremes.
    """
    own = own_limits(low, high, signed=signed)
    known = np.isfinite(_finite_or_nan(low)) & np.isfinite(_finite_or_nan(high))
    if not known.any():
        return Limits(np.zeros((), np.float32), np.zeros((), np.float32), signed)
    most = _percentile(own.high[known], percent)
    least = -most if signed else _percentile(own.low[known], 100 - percent)
    return Limits(least, most, signed)


def _finite_or_nan(ends: npt.ArrayLike) -> FloatArray:
    values = np.asarray(ends, np.float32)
    return np.where(np.isfinite(values), values, np.float32(np.nan))


def _percentile(values: FloatArray, percent: float) -> FloatArray:
    return np.asarray(np.percentile(values.astype(np.float64), percent), np.float32)
