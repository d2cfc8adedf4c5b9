"""Rounding to half precision that keeps a map's sum, where large values of both signs cancel.

Each value is rounded to its nearest half. Where the sum has moved by more than a ten-thousandth of
itself, some of the values that lie almost in the middle between two halves go to the other one:

    ├────────●┊────────┤    from here to the left: half a step wrong, and a little more
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

KEPT = 1e-4
"""How far the sum may have moved, relative to itself."""

MIDDLE = 0.45
"""How many steps a value is from its half, at least, to go to the next one."""


def round_keeping_sums(tiles: npt.NDArray[np.float64]) -> npt.NDArray[np.float16]:
    """Tiles (tiles, pixels) as float16, with their sums."""
    halves = tiles.astype(np.float16)
    with np.errstate(invalid="ignore"):  # what is not finite has no sum to keep
        moved = halves.sum(axis=1, dtype=np.float64) - tiles.sum(axis=1)
        far = np.abs(moved) > KEPT * np.abs(tiles.sum(axis=1))
    for number in np.flatnonzero(far & np.isfinite(moved)):
        _give_back(tiles[number], halves[number], float(moved[number]))
    return halves


def _give_back(
    tile: npt.NDArray[np.float64], halves: npt.NDArray[np.float16], moved: float
) -> None:
    """Change halves in place until their sum is not ``moved`` any more, as near as that goes."""
    towards = np.float16(-np.inf if moved > 0 else np.inf)
    others = np.nextafter(halves, towards)
    error, step = halves - tile, np.abs(others.astype(np.float64) - halves)
    near = np.flatnonzero((np.sign(error) == np.sign(moved)) & (np.abs(error) > MIDDLE * step))
    left, goal = abs(moved), KEPT * abs(float(tile.sum())) / 4
    nearness = np.abs(error[near]) / step[near]
    for place in near[np.argsort(-nearness, kind="stable")]:
        if step[place] <= left:
            halves[place] = others[place]
            left -= step[place]
            if left <= goal:
                break
