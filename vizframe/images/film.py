"""A film: the gallery of a series, or one unit of it, over the steps of a training.

One range for the whole history holds the colours still, so that only the values move.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from vizframe.errors import UsageError
from vizframe.history import Declaration, History, SeriesKey, Tiles
from vizframe.images.gallery import Flags, Scale, gallery
from vizframe.images.limits import Limits, common_limits, fixed_limits
from vizframe.images.paint import Rgb

FilmScale = Literal["unit", "layer", "history"]


@dataclass(frozen=True, slots=True)
class Look:
    """How the galleries of a film are drawn.

    Attributes:
        scale: each tile its own range, one for the layer at each step, or one for its history.
        pixels: the longer side of a tile.
        dark: for a dark page.
        unit: only this unit, over all other axes; None: all.
        image: only this probe image, where the series has one tile per image; None: all.
    """

    scale: FilmScale = "history"
    pixels: int = 64
    dark: bool = False
    unit: int | None = None
    image: int | None = None


def film(
    history: History, key: SeriesKey, steps: Sequence[int], look: Look
) -> Iterator[tuple[int, Rgb]]:
    """A picture (y, x, 3) per step, all of one size.

    Steps at which the series had another shape than it has now are left out.

    Raises:
        UnknownName: the history has no such series, or not at one of these steps.
        UsageError: the series has no such unit or image, or no values at all.
    """
    declaration = history.declarations[key]
    if declaration.is_empty:
        shape = declaration.tile_shape + declaration.picture_shape
        raise UsageError(f"{key} is of shape {shape}: there is nothing to be drawn")
    limits = history_limits(history, key, look) if look.scale == "history" else None
    scale: Scale = "unit" if look.scale == "unit" else "layer"
    for step in steps:
        tiles = history.tiles(key, step)
        if tiles.stored.shape != declaration.tile_shape + declaration.picture_shape:
            continue
        picture = gallery(
            declaration,
            select_tiles(declaration, tiles, look),
            scale=scale,
            limits=limits,
            pixels=look.pixels,
            dark=look.dark,
            dead=_dead(history, declaration, step, look),
        )
        yield step, picture


def history_limits(history: History, key: SeriesKey, look: Look) -> Limits:
    """One range for all that a film of the series shows, at all its recorded steps."""
    declaration = history.declarations[key]
    if declaration.value_range is not None:
        return fixed_limits(declaration.value_range, declaration.signed)
    shape = declaration.tile_shape + declaration.picture_shape
    lows, highs = [], []
    for step in history.series_steps(key):
        tiles = history.tiles(key, step)
        if tiles.stored.shape == shape:
            tiles = select_tiles(declaration, tiles, look)
            lows.append(tiles.low[~tiles.missing])
            highs.append(tiles.high[~tiles.missing])
    return common_limits(np.concatenate(lows), np.concatenate(highs), signed=declaration.signed)


def select_tiles(declaration: Declaration, tiles: Tiles, look: Look) -> Tiles:
    """The tiles of the unit and probe image that the look asks for."""
    return tiles.pick(_pick(declaration, tiles.low.shape, look))


def _dead(history: History, declaration: Declaration, step: int, look: Look) -> Flags | None:
    """Which of the chosen tiles the plugin calls dead, where it says so."""
    found = history.columns(declaration.key, step).get("dead")
    if found is None:
        return None
    flags: Flags = found[_pick(declaration, found.shape, look)] == 1
    return flags


def _pick(declaration: Declaration, counts: tuple[int, ...], look: Look) -> tuple[slice, ...]:
    """The chosen indices of the tile axes, which all stay."""
    pick = [slice(None)] * len(counts)
    for axis, index in (("unit", look.unit), ("probe", look.image)):
        if index is None:
            continue
        if axis not in declaration.tile_axes:
            raise UsageError(
                f"{declaration.key} has the axes {', '.join(declaration.tile_axes)}; "
                f"it has no {axis} to choose"
            )
        place = declaration.tile_axes.index(axis)
        if not 0 <= index < counts[place]:
            raise UsageError(
                f"{axis} is {index} in {declaration.key}; it can be 0 to {counts[place] - 1}"
            )
        pick[place] = slice(index, index + 1)
    return tuple(pick)
