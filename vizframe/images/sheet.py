"""A sheet: many small pictures of one size in rows, with gaps, enlarged without smoothing.

┌──┐┌──┐┌──┐┌──┐
│ 0││ 1││ 2││ 3│    near-square where the number of columns is not given
└──┘└──┘└──┘└──┘
┌──┐┌──┐
│ 4││ 5│
└──┘└──┘
"""

from __future__ import annotations

import math

import numpy as np

from vizframe.images.paint import Rgb

Colour = tuple[int, int, int]

WHITE: Colour = (255, 255, 255)


def enlarge(pictures: Rgb, times: int) -> Rgb:
    """Each pixel of (…, y, x, 3) as a square of this many pixels a side."""
    return pictures.repeat(times, axis=-3).repeat(times, axis=-2)


def times_to_fill(shape: tuple[int, int], pixels: int) -> int:
    """The whole enlargement, at least 1, that brings the longer side nearest below `pixels`."""
    return max(1, pixels // max(1, *shape))


def columns_for(count: int, height: int, width: int) -> int:
    """How many columns make a sheet of this many pictures about square."""
    return max(1, min(count, round(math.sqrt(count * height / width))))


def sheet(
    pictures: Rgb, *, columns: int | None = None, gap: int = 2, ground: Colour = WHITE
) -> Rgb:
    """Pictures (count, y, x, 3) as one (Y, X, 3), row by row."""
    count, height, width, _ = pictures.shape
    across = columns or columns_for(count, height, width)
    down = -(-count // across)
    page = np.empty((down * (height + gap) + gap, across * (width + gap) + gap, 3), np.uint8)
    page[:] = ground
    for place, picture in enumerate(pictures):
        top = gap + place // across * (height + gap)
        left = gap + place % across * (width + gap)
        page[top : top + height, left : left + width] = picture
    return page
