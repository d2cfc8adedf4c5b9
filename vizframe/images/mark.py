"""Marks: what must be said on a tile that is not an ordinary picture.

    dead        all zero                               orange corner    ◥
    constant    one value everywhere, not zero         sky-blue corner  ◥
    not finite  NaN or ±inf somewhere                  magenta corner   ◥
    missing     damaged on disk, or not recorded       grey hatch over the whole tile

The colours are Okabe and Ito's (2008), told apart under every common colour blindness.
"""

from __future__ import annotations

from dataclasses import replace
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from vizframe.history import Tiles
from vizframe.images.paint import MAGENTA, Rgb


class Mark(IntEnum):
    """What a tile is, the gravest first to be said."""

    ORDINARY = 0
    CONSTANT = 1
    DEAD = 2
    NOT_FINITE = 3
    MISSING = 4


COLOURS = {
    Mark.CONSTANT: (86, 180, 233),
    Mark.DEAD: (230, 159, 0),
    Mark.NOT_FINITE: MAGENTA,
}

HATCH, HATCH_GROUND = (128, 128, 128), (208, 208, 208)


def marks(tiles: Tiles) -> npt.NDArray[np.uint8]:
    """The `Mark` of each tile, uint8 of shape (*counts)."""
    found = np.full(tiles.low.shape, Mark.ORDINARY, np.uint8)
    if tiles.stored.ndim > tiles.low.ndim:  # a bar is one value and always constant
        axes = tuple(range(tiles.low.ndim, tiles.stored.ndim))
        same = tiles.stored.min(axis=axes) == tiles.stored.max(axis=axes)
        if same.any():
            # Where all tiles share a fixed range, the stored value says what low and high do not.
            first = tiles.stored.reshape(*tiles.low.shape, -1)[..., 0]
            value = replace(tiles, stored=np.asarray(first)).values()
            found[same] = Mark.CONSTANT
            found[same & (value == 0)] = Mark.DEAD
    found[tiles.nonfinite > 0] = Mark.NOT_FINITE
    found[tiles.missing] = Mark.MISSING
    return found


def draw_mark(picture: Rgb, mark: int) -> None:
    """Draw the mark onto one picture (y, x, 3), in place."""
    height, width = picture.shape[:2]
    y, x = np.indices((height, width))
    if mark == Mark.MISSING:
        picture[:] = HATCH_GROUND
        picture[(y + x) % 6 < 2] = HATCH
    elif mark != Mark.ORDINARY:
        size = max(1, min(height, width) // 5)
        picture[(width - 1 - x) + y < size] = COLOURS[Mark(mark)]
