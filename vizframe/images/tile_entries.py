"""Entries of a colour map for stored tiles: found for the 256 levels of each, not for every pixel.

levels of a tile   0 … 255 ──► values ──► limits ──► entries, 256
its pixels         levels ──────────────────────────► looked up there
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from vizframe.history import Tiles
from vizframe.images.colormap import Table
from vizframe.images.limits import Limits
from vizframe.images.paint import Rgb, indices, paint, paint_colour

LEVELS = 256

WORTH = 4 * LEVELS
"""Pixels of a tile from which on its levels are worth their table."""


def tile_entries(tiles: Tiles, limits: Limits, *, colour: bool = False) -> npt.NDArray[np.uint8]:
    """What `indices` gives for the tiles' values, or `paint_colour` for pictures (…, y, x, 3)."""
    pixels = tiles.stored.size // max(1, tiles.low.size)
    if tiles.stored.dtype != np.uint8 or pixels < WORTH or tiles.coded.any():
        values = tiles.values()
        return paint_colour(values, limits) if colour else indices(values, limits)
    counts = tiles.low.shape
    levels = np.broadcast_to(np.arange(LEVELS, dtype=np.uint8), (*counts, LEVELS))
    tables = indices(replace(tiles, stored=levels).values(), limits).reshape(-1, LEVELS)
    entries = np.empty(tiles.stored.shape, np.uint8)
    flat = tiles.stored.reshape(-1, pixels), entries.reshape(-1, pixels)
    for table, stored, found in zip(tables, *flat, strict=True):
        np.take(table, stored, out=found, mode="clip")
    return entries


def paint_tiles(tiles: Tiles, limits: Limits, table: Table) -> Rgb:
    """What `paint` gives for the tiles' values."""
    if tiles.stored.dtype != np.uint8 or tiles.coded.any():  # there may be what is no number
        return paint(tiles.values(), limits, table)
    painted: Rgb = table[tile_entries(tiles, limits)]
    return painted
