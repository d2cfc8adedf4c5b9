"""Entries looked up by level are those of the values."""

from __future__ import annotations

import numpy as np
import pytest

from vizframe.history.encoding import encode
from vizframe.images.colormap import lut
from vizframe.images.limits import Limits, common_limits, own_limits
from vizframe.images.paint import indices, paint, paint_colour
from vizframe.images.tile_entries import paint_tiles, tile_entries


@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("own", [False, True])
@pytest.mark.parametrize("side", [5, 40])
def test_the_entries_of_maps_are_those_of_their_values(side: int, own: bool, signed: bool) -> None:
    values = np.random.default_rng(0).normal(size=(2, 3, side, side)).astype(np.float32)
    values[0, 1] = 0
    values[1, 2] = -7
    tiles = encode(values, 2)
    limits: Limits = (own_limits if own else common_limits)(tiles.low, tiles.high, signed=signed)
    assert np.array_equal(tile_entries(tiles, limits), indices(tiles.values(), limits))
    table = lut("grey")
    painted = paint_tiles(tiles, limits, table)
    assert np.array_equal(painted, paint(tiles.values(), limits, table))


def test_of_pictures_in_colour_too() -> None:
    values = np.random.default_rng(0).random((4, 30, 20, 3)).astype(np.float32)
    tiles = encode(values, 1, value_range=(0.0, 1.0))
    limits = own_limits(tiles.low, tiles.high, signed=True)
    assert np.array_equal(
        tile_entries(tiles, limits, colour=True), paint_colour(tiles.values(), limits)
    )


def test_what_is_no_number_is_drawn_as_ever() -> None:
    values = np.random.default_rng(0).normal(size=(2, 40, 40)).astype(np.float32)
    values[1, 3, 4] = np.nan
    tiles = encode(values, 1)
    limits = own_limits(tiles.low, tiles.high, signed=False)
    assert np.array_equal(tile_entries(tiles, limits), indices(tiles.values(), limits))
    table = lut("grey")
    painted = paint_tiles(tiles, limits, table)
    assert np.array_equal(painted, paint(tiles.values(), limits, table))
