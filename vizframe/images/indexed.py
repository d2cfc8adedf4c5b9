"""A picture's own colours, where they are at most 256, as all that a colour map draws has.

    RGB picture ──► its entries, a byte each, and the colours that they stand for

Found by asking a table of all colours which of the picture's it does not know yet, until it knows
them all: a few passes, where sorting a million pixels takes ten times as long. The table is kept,
and only what was written into it is cleared.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vizframe.images.colormap import Table
from vizframe.images.paint import Rgb

MOST = 256
"""Colours of a palette."""

AT_ONCE = 4096
"""Unknown pixels that are looked at in a pass, evenly spread."""

_kept = threading.local()


@dataclass(frozen=True, slots=True, eq=False)
class Indexed:
    """Entries (y, x) and the table that they point into, (colours, 3)."""

    entries: npt.NDArray[np.uint8]
    table: Table


def indexed(picture: Rgb) -> Indexed | None:
    """The picture's entries and colours, ordered by colour; None where it has more than 256."""
    shades = picture.astype(np.uint32)
    packed = shades[..., 0] << 16 | shades[..., 1] << 8 | shades[..., 2]
    number = _table()
    colours: list[int] = []
    try:
        while (unknown := packed[number[packed] == 0]).size:
            new = np.unique(unknown[:: -(-unknown.size // AT_ONCE)])
            if len(colours) + len(new) > MOST:
                return None
            number[new] = np.arange(len(colours) + 1, len(colours) + len(new) + 1)
            colours += new.tolist()
        ordered = np.array(sorted(colours), np.uint32)
        number[ordered] = np.arange(1, len(ordered) + 1)
        entries = (number[packed] - 1).astype(np.uint8)
    finally:
        number[np.array(colours, np.uint32)] = 0
    table = np.stack([ordered >> 16, ordered >> 8 & 255, ordered & 255], axis=1)
    return Indexed(entries, table.astype(np.uint8))


def _table() -> npt.NDArray[np.uint16]:
    """A number for each of the 2²⁴ colours, 0 for the unknown; one for each thread."""
    if not hasattr(_kept, "number"):
        _kept.number = np.zeros(1 << 24, np.uint16)
    number: npt.NDArray[np.uint16] = _kept.number
    return number
