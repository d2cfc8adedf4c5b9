"""Windows: the places of a text where each unit is farthest from its mean, and what it follows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vizframe.network import FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Windows:
    """The strongest windows of every unit along one text.

    Attributes:
        places: the middle of each, (unit, rank), strongest first; NaN where there is none.
        values: the unit's distance from its mean there, (unit, rank); NaN where there is none.
        shown: that distance within the windows and 0 elsewhere, (unit, time); NaN everywhere of
            a unit that is not finite.
    """

    places: FloatArray
    values: FloatArray
    shown: FloatArray


def strongest_windows(rows: FloatArray, top: int, around: int) -> Windows:
    """The windows of ``around`` places on either side that are strongest and do not overlap.

    Of places that are as strong as each other the earlier one comes first.

    Args:
        rows: (unit, time).
    """
    units, steps = rows.shape
    with np.errstate(invalid="ignore", over="ignore"):
        away = rows - rows.mean(axis=1, keepdims=True)
    broken = ~np.isfinite(away).all(axis=1)
    size = np.where(broken[:, None], 0, np.abs(away))
    time, unit = np.arange(steps), np.arange(units)
    inside = np.zeros(rows.shape, bool)
    places, values = (np.full((units, top), np.nan, np.float32) for _ in range(2))
    for rank in range(top):
        best = size.argmax(axis=1)
        found = size[unit, best] > 0
        places[found, rank], values[found, rank] = best[found], away[unit, best][found]
        far = np.abs(time - best[:, None])
        inside |= found[:, None] & (far <= around)
        size = np.where(far <= 2 * around, 0, size)
    shown = np.where(inside, away, 0)
    shown[broken] = np.nan
    return Windows(places, values, shown.astype(np.float32))


def correlations(rows: FloatArray, properties: FloatArray) -> FloatArray:
    """|r| of every unit with every property, (property, unit): 0 of a unit that is constant, NaN of
    a property that is, and of a unit that is not finite.

    Args:
        rows: (unit, time).
        properties: (property, time).
    """
    if not rows.shape[1]:
        return np.full((len(properties), len(rows)), np.nan, np.float32)
    with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
        one, other = (_normal(each.astype(np.float64)) for each in (properties, rows))
        found = np.abs(one @ other.T)
    still = (properties == properties[:, :1]).all(axis=1)
    found[still] = np.nan
    found[:, ~np.isfinite(rows).all(axis=1)] = np.nan
    return np.asarray(found, np.float32)


def _normal(rows: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Without their means, and of length 1 but for those that are constant."""
    centred = rows - rows.mean(axis=1, keepdims=True)
    length = np.linalg.norm(centred, axis=1, keepdims=True)
    still = length <= 1e-7 * np.abs(rows).max(axis=1, keepdims=True, initial=0)
    return np.where(still, 0, centred / np.where(still, 1, length))


def best_of(known: FloatArray, held: FloatArray) -> tuple[npt.NDArray[np.int64], FloatArray]:
    """The unit that follows each property best on one text, and its |r| on the other.

    Args:
        known, held: (property, unit) on the text where it is chosen and on that where it is judged.
    """
    best = np.nan_to_num(known, nan=-1.0).argmax(axis=1)
    return best, held[np.arange(len(held)), best]
