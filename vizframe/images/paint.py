"""Painting: values through limits and a colour map into RGB, whatever the values are.

    value     low ──────────── high          NaN       +inf / −inf
    colour    table[0] … table[255]          magenta   magenta chequered with the end's colour

A range of no width (a constant or dead tile) paints the map's first colour, or its middle where
it is signed; nothing is ever divided by zero.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from vizframe.images.colormap import Table
from vizframe.images.limits import Limits

Rgb = npt.NDArray[np.uint8]
"""A picture or several: (…, y, x, 3)."""

MAGENTA = (216, 0, 216)
"""What is no number: a colour that no map has."""


def indices(values: npt.ArrayLike, limits: Limits) -> npt.NDArray[np.uint8]:
    """Entries of a colour map for (…, y, x), clipped to the limits.

    Infinities count as the ends, NaN as the low one.
    """
    numbers = np.asarray(values, np.float64)
    low, high = (_per_tile(ends, numbers.ndim) for ends in (limits.low, limits.high))
    place = np.full(numbers.shape, 0.5 if limits.signed else 0.0)
    with np.errstate(invalid="ignore"):  # NaN and inf pass through, and are replaced below
        np.divide(numbers - low, high - low, out=place, where=high > low)
    place[np.isposinf(numbers)] = 1.0
    place[np.isneginf(numbers) | np.isnan(numbers)] = 0.0
    entries: npt.NDArray[np.uint8] = np.rint(np.clip(place, 0.0, 1.0) * 255).astype(np.uint8)
    return entries


def paint(values: npt.ArrayLike, limits: Limits, table: Table) -> Rgb:
    """(…, y, x) as RGB (…, y, x, 3)."""
    numbers = np.asarray(values)
    painted: Rgb = table[indices(numbers, limits)]
    if not np.isfinite(numbers).all():
        painted[np.isnan(numbers)] = MAGENTA
        painted[np.isinf(numbers) & _chequer(numbers.shape[-2:])] = MAGENTA
    return painted


def paint_colour(values: npt.ArrayLike, limits: Limits) -> Rgb:
    """Pictures whose channels are colours, (…, y, x, 3), as RGB: low black, high full.

    Signed ones lie about mid-grey: what a unit wants less of is darker than the ground.
    """
    numbers = np.asarray(values)
    by_channel = np.moveaxis(numbers, -1, 0)
    painted: Rgb = np.stack([indices(channel, limits) for channel in by_channel], axis=-1)
    painted[~np.isfinite(numbers).all(axis=-1)] = MAGENTA
    return painted


def _per_tile(ends: npt.ArrayLike, ndim: int) -> npt.NDArray[np.float64]:
    """Limits of tiles, (…), made to broadcast against (…, y, x)."""
    wide = np.asarray(ends, np.float64)
    return wide.reshape(wide.shape + (1,) * (ndim - wide.ndim)) if wide.ndim else wide


def _chequer(shape: tuple[int, ...]) -> npt.NDArray[np.bool_]:
    y, x = np.indices(shape)
    squares: npt.NDArray[np.bool_] = (y + x) % 2 == 0
    return squares
