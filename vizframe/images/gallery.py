"""A gallery: all tiles of a series at one step as one picture, drawn as their declaration says.

    Declaration + Tiles ─► limits ─► paint ─► enlarge ─► marks ─► sheet

The page in the browser draws the same on its canvas; this one draws for files and documents.
"""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
import numpy.typing as npt

from vizframe.history import Declaration, Tiles
from vizframe.images.bars import bars
from vizframe.images.colormap import lut, map_for
from vizframe.images.limits import Limits, common_limits, fixed_limits, own_limits
from vizframe.images.mark import Mark, draw_mark, marks
from vizframe.images.paint import Rgb
from vizframe.images.sheet import WHITE, Colour, columns_for, enlarge, sheet, times_to_fill
from vizframe.images.tile_entries import paint_tiles, tile_entries

Flags = npt.NDArray[np.bool_]

Scale = Literal["unit", "layer"]
"""Each tile its own range, or one for all that are drawn."""

DARK: Colour = (18, 18, 20)


def gallery(
    declaration: Declaration,
    tiles: Tiles,
    *,
    scale: Scale = "unit",
    limits: Limits | None = None,
    pixels: int = 64,
    columns: int | None = None,
    dark: bool = False,
    dead: Flags | None = None,
) -> Rgb:
    """All tiles as one picture (y, x, 3).

    Args:
        declaration: of the series.
        tiles: at one step; all of them, or those of one probe image.
        scale: how ranges are chosen where ``limits`` are not given.
        limits: of a whole history, say.
        pixels: the longer side of a tile after its enlargement by a whole number.
        columns: tiles per row. By default about square, where tiles that share their leading
            index (a probe image's units, a unit's ranks) stay in one row.
        dark: for a dark page.
        dead: which tiles, (*counts), the plugin calls dead; a black picture alone is none.
    """
    ground = DARK if dark else WHITE
    if not declaration.picture_shape:
        chosen = limits or limits_of(declaration, tiles, "layer")
        values = np.where(tiles.nonfinite > 0, np.float32(np.nan), tiles.values())
        return bars(values.reshape(-1, values.shape[-1]), chosen, ground=ground)
    pictures = draw(
        declaration,
        tiles,
        limits or limits_of(declaration, tiles, scale),
        pixels,
        dark=dark,
        dead=dead,
    )
    counts = pictures.shape[:-3]
    if columns is None:
        columns = _columns(counts, *pictures.shape[-3:-1])
    flat = pictures.reshape(math.prod(counts), *pictures.shape[-3:])
    return sheet(flat, columns=columns, ground=ground)


def _columns(counts: tuple[int, ...], height: int, width: int) -> int:
    square = columns_for(math.prod(counts), height, width)
    together = counts[-1] if math.prod(counts[:-1]) > 1 else 1
    return together * max(1, round(square / together))


def draw(
    declaration: Declaration,
    tiles: Tiles,
    limits: Limits,
    pixels: int,
    *,
    dark: bool = False,
    dead: Flags | None = None,
) -> Rgb:
    """Each tile as RGB, (*counts, y, x, 3), enlarged and marked; arguments as in `gallery`."""
    painted = _paint(declaration, tiles, limits, dark=dark)
    height, width = declaration.picture_shape[:2]
    large = enlarge(painted, times_to_fill((height, width), pixels))
    found = marks(tiles)
    if declaration.draw == "image" and not declaration.signed:
        found[found == Mark.DEAD] = Mark.CONSTANT  # a black picture is a picture
    if dead is not None:
        found[dead & (found == Mark.CONSTANT)] = Mark.DEAD
    for place in np.ndindex(found.shape):
        draw_mark(large[place], int(found[place]))
    return large


def limits_of(declaration: Declaration, tiles: Tiles, scale: Scale) -> Limits:
    """The fixed range of the declaration, or the tiles' own."""
    if declaration.value_range is not None:
        return fixed_limits(declaration.value_range, declaration.signed)
    choose = own_limits if scale == "unit" else common_limits
    return choose(tiles.low, tiles.high, signed=declaration.signed)


def _paint(declaration: Declaration, tiles: Tiles, limits: Limits, *, dark: bool) -> Rgb:
    if len(declaration.picture_shape) == 3:
        return tile_entries(tiles, limits, colour=True)
    if declaration.draw == "image" and not declaration.signed:
        return paint_tiles(tiles, limits, lut("grey"))
    return paint_tiles(tiles, limits, lut(map_for(declaration.signed, dark)))
