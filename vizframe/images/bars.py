"""Bars: units that have no places, one bar each, from zero: red below, blue above.

▇        ▃
▇  ▂  ▅  ▇
─────────────  zero
     ▆
"""

from __future__ import annotations

import numpy as np

from vizframe.images.colormap import lut
from vizframe.images.limits import Limits
from vizframe.images.paint import MAGENTA, Rgb
from vizframe.images.sheet import WHITE, Colour
from vizframe.network import FloatArray

HEIGHT = 64
AXIS = (128, 128, 128)


def bars(
    values: FloatArray, limits: Limits, *, width: int = 0, ground: Colour = WHITE, gap: int = 6
) -> Rgb:
    """One chart per row of (rows, units), under one another, on one scale.

    Args:
        limits: scalars for all bars; zero is always within the chart.
        width: of a bar in pixels; by default what makes a chart about 512 wide, at least 1.
    """
    rows, units = values.shape
    wide = width or max(1, min(32, 512 // max(1, units)))
    page = np.empty((rows * (HEIGHT + gap) - gap, units * wide, 3), np.uint8)
    page[:] = ground
    for row, numbers in enumerate(values):
        top = row * (HEIGHT + gap)
        _chart(page[top : top + HEIGHT], numbers, limits, wide)
    return page


def _chart(page: Rgb, numbers: FloatArray, limits: Limits, wide: int) -> None:
    low, high = min(0.0, float(limits.low)), max(0.0, float(limits.high))
    span = high - low
    zero = _row(0.0, high, span)
    space = 1 if wide > 2 else 0
    table = lut("signed")
    for unit, number in enumerate(numbers):
        columns = slice(unit * wide, (unit + 1) * wide - space)
        if not np.isfinite(number):
            page[:, columns] = MAGENTA
            continue
        end = _row(float(number), high, span)
        page[min(zero, end) : max(zero, end), columns] = table[224 if number > 0 else 31]
    page[min(zero, HEIGHT - 1)] = AXIS


def _row(number: float, high: float, span: float) -> int:
    """The pixel row of a value; all of a chart without a span is its foot."""
    if span == 0:
        return HEIGHT - 1
    return round(min(max((high - number) / span, 0.0), 1.0) * (HEIGHT - 1))
