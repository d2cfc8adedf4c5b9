"""Which tiles of a series are asked for, and what is given where a step has another shape."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from vizframe.errors import UsageError
from vizframe.history.declaration import Declaration
from vizframe.history.tiles import Tiles


def check_where(declaration: Declaration, where: Sequence[int], *, whole: bool = False) -> None:
    """See that ``where`` is an index into the declaration's leading tile axes.

    Args:
        declaration: of the series, as it was at the step asked for.
        where: one index per leading tile axis.
        whole: whether it must name one tile, with an index for every tile axis.

    Raises:
        UsageError: too many or too few indices, or one that no tile has.
    """
    if not where and not whole:
        return
    counts = declaration.tile_shape
    if len(where) > len(counts) or (whole and len(where) < len(counts)):
        axes = declaration.tile_axes
        wanted = f"({', '.join(axes)})" if axes else "()"
        raise UsageError(
            f"where is {tuple(where)} in {declaration.key}; it can be "
            f"{wanted if whole else f'the leading indices of {wanted}'}"
        )
    for place, (index, count) in enumerate(zip(where, counts, strict=False)):
        if not 0 <= index < count:
            axis = declaration.tile_axes[place]
            allowed = f"it can be 0 to {count - 1}" if count else f"there is no {axis} at all"
            raise UsageError(f"{axis} is {index} in {declaration.key}; {allowed}")


def sheet(tiles: Tiles, where: Sequence[int]) -> Tiles:
    """The tiles at these indices of the leading axes."""
    return tiles.pick(tuple(where))


def one_tile(
    declaration: Declaration, tiles: Tiles, wanted: Declaration, where: Sequence[int]
) -> Tiles | None:
    """One tile of a step, or None where that step's declaration has no such tile, or a picture of
    another shape or encoding than the wanted one."""
    same = (declaration.picture_shape, declaration.encoding, declaration.tile_axes) == (
        wanted.picture_shape,
        wanted.encoding,
        wanted.tile_axes,
    )
    inside = all(index < count for index, count in zip(where, declaration.tile_shape, strict=False))
    return sheet(tiles, where) if same and inside else None


def stack(found: Sequence[Tiles | None], wanted: Declaration) -> Tiles:
    """Single tiles as a film strip; None becomes a missing tile of zeros."""
    blank = blank_tile(wanted)
    tiles = [each or blank for each in found]
    return Tiles(
        stored=np.array([each.stored for each in tiles], wanted.encoding).reshape(
            len(tiles), *wanted.picture_shape
        ),
        low=np.array([each.low for each in tiles], np.float32),
        high=np.array([each.high for each in tiles], np.float32),
        nonfinite=np.array([each.nonfinite for each in tiles], np.int32),
        missing=np.array([each.missing for each in tiles], np.bool_),
        coded=np.array([each.coded for each in tiles], np.bool_),
    )


def blank_tile(declaration: Declaration) -> Tiles:
    """A missing tile of a series: zeros."""
    return Tiles(
        stored=np.zeros(declaration.picture_shape, declaration.encoding),
        low=np.zeros((), np.float32),
        high=np.zeros((), np.float32),
        nonfinite=np.zeros((), np.int32),
        missing=np.ones((), np.bool_),
    )
