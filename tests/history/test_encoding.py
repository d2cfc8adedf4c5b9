"""Values come back within 1/255 of each tile's range, whatever they are."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from vizframe.errors import HistoryWriteError
from vizframe.history import Declaration, SeriesKey
from vizframe.history.encoding import BLOCK, encode, encode_frame
from vizframe.network import FloatArray
from vizframe.plugin.frame import Encoding, Frame

FINITE = st.floats(width=32, allow_nan=False, allow_infinity=False)
TILES = hnp.array_shapes(min_dims=2, max_dims=4, max_side=6)


def slow(tile: FloatArray) -> tuple[npt.NDArray[np.uint8], float, float]:
    """The same quantisation, one value at a time, in float64."""
    low, high = float(tile.min()), float(tile.max())
    levels = [round((float(v) - low) * 255 / (high - low)) if high > low else 0 for v in tile.flat]
    return np.array(levels, np.uint8).reshape(tile.shape), low, high


@settings(deadline=None)
@given(hnp.arrays(np.float32, TILES, elements=FINITE))
def test_every_value_comes_back_within_its_tiles_range_over_255(values: FloatArray) -> None:
    back = encode(values, 1).values()
    for tile, again in zip(values.astype(np.float64), back, strict=True):
        span = tile.max() - tile.min()
        assert np.abs(again - tile).max() <= span / 255


@settings(deadline=None)
@given(hnp.arrays(np.float32, TILES, elements=st.floats(-1e6, 1e6, width=32)))
def test_levels_are_those_of_the_slow_twin_but_for_ties(values: FloatArray) -> None:
    tiles = encode(values, 1)
    for number, tile in enumerate(values):
        stored, low, high = slow(tile)
        assert (tiles.low[number], tiles.high[number]) == (low, high)
        assert np.abs(tiles.stored[number].astype(int) - stored).max() <= 1


@settings(deadline=None)
@given(hnp.arrays(np.float32, TILES, elements=st.floats(width=32)))
def test_nonfinite_values_are_counted_and_leave_the_finite_ones_alone(values: FloatArray) -> None:
    tiles = encode(values, 1)
    for number, tile in enumerate(values):
        finite = np.isfinite(tile)
        assert tiles.nonfinite[number] == (~finite).sum()
        if finite.any():
            inside = tile[finite].astype(np.float64)
            assert (tiles.low[number], tiles.high[number]) == (inside.min(), inside.max())
            error = np.abs(tiles.values()[number][finite] - inside).max()
            assert error <= (inside.max() - inside.min()) / 255


def test_quantising_twice_changes_nothing() -> None:
    values = np.random.default_rng(0).standard_normal((7, 9, 9)).astype(np.float32)
    once = encode(values, 1)
    twice = encode(once.values(), 1)
    np.testing.assert_array_equal(twice.stored, once.stored)


def test_extremes_are_exact() -> None:
    values = np.random.default_rng(0).standard_normal((3, 4, 5, 5)).astype(np.float32)
    tiles = encode(values, 2)
    np.testing.assert_array_equal(tiles.low, values.min((2, 3)))
    np.testing.assert_array_equal(tiles.high, values.max((2, 3)))
    assert tiles.stored.min((2, 3)).max() == 0
    assert tiles.stored.max((2, 3)).min() == 255


@pytest.mark.parametrize("constant", [0.0, -3.5, 1e-42, 3e38])
def test_a_constant_tile_comes_back_exactly(constant: float) -> None:
    values = np.full((2, 3, 3), constant, np.float32)
    np.testing.assert_array_equal(encode(values, 1).values(), values)


def test_what_is_not_finite_is_stored_at_the_end_it_belongs_to() -> None:
    values = np.array([[0, 1, np.nan, np.inf, -np.inf]], np.float32)
    tiles = encode(values, 1)
    assert tiles.stored.tolist() == [[0, 255, 0, 255, 0]]
    assert tiles.nonfinite.tolist() == [3]


def test_a_tile_with_nothing_finite_is_zero() -> None:
    tiles = encode(np.full((1, 2, 2), np.nan, np.float32), 1)
    assert (tiles.low[0], tiles.high[0], tiles.nonfinite[0]) == (0, 0, 4)
    assert not tiles.values().any()


def test_a_fixed_range_is_kept_and_clips() -> None:
    values = np.array([[-1, 0, 0.5, 1, 7]], np.float32)
    tiles = encode(values, 1, value_range=(0, 1))
    assert tiles.stored.tolist() == [[0, 0, 128, 255, 255]]
    assert (tiles.low[0], tiles.high[0]) == (0, 1)


def test_pictures_survive_uint8_exactly() -> None:
    pictures = np.arange(256, dtype=np.uint8).reshape(1, 16, 16)
    tiles = encode(pictures, 1, value_range=(0, 1))
    np.testing.assert_array_equal(tiles.stored, pictures)
    again = encode(tiles.values(), 1, value_range=(0, 1))
    np.testing.assert_array_equal(again.stored, pictures)


def test_uint8_without_a_range_means_the_numbers_themselves() -> None:
    numbers = np.array([[0, 7, 255]], np.uint8)
    np.testing.assert_array_equal(encode(numbers, 1).values(), numbers)


@pytest.mark.parametrize("encoding", ["float16", "float32"])
def test_float_encodings_keep_values_and_tell_their_extremes(encoding: Encoding) -> None:
    values = np.array([[-2, 0.5, np.nan], [1, np.inf, 3]], np.float32)
    tiles = encode(values, 1, encoding=encoding)
    assert tiles.stored.dtype == np.dtype(encoding)
    np.testing.assert_array_equal(tiles.values(), values)
    assert tiles.low.tolist() == [-2, 1]
    assert tiles.high.tolist() == [0.5, 3]
    assert tiles.nonfinite.tolist() == [1, 1]


def test_float16_clips_what_it_cannot_hold_and_keeps_the_true_extremes() -> None:
    tiles = encode(np.array([[1e6, -1e6]], np.float32), 1, encoding="float16")
    assert tiles.values().tolist() == [[65504, -65504]]
    assert tiles.high.tolist() == [1e6]


def test_uint8_pictures_can_be_kept_as_floats() -> None:
    tiles = encode(np.array([[0, 255]], np.uint8), 1, encoding="float32", value_range=(-1, 1))
    assert tiles.values().tolist() == [[-1, 1]]


@pytest.mark.parametrize("shape", [(0, 3, 3), (2, 0, 3), (1, 1, 1), (5,), (1,)])
def test_no_unit_no_pixel_and_bars_are_tiles_too(shape: tuple[int, ...]) -> None:
    values = np.linspace(-1, 1, int(np.prod(shape)), dtype=np.float32).reshape(shape)
    tiles = encode(values, 1)
    assert tiles.low.shape == shape[:1]
    np.testing.assert_array_equal(tiles.values(), values)


def test_blocks_join_without_a_seam() -> None:
    pixels = 1000
    shape = (3 * BLOCK // pixels, pixels)
    values = np.random.default_rng(1).standard_normal(shape).astype(np.float32)
    whole = encode(values, 1)
    for number in (0, BLOCK // pixels - 1, BLOCK // pixels, len(values) - 1):
        alone = encode(values[number : number + 1], 1)
        np.testing.assert_array_equal(whole.stored[number], alone.stored[0])


def test_a_strided_array_is_encoded_as_its_copy() -> None:
    values = np.random.default_rng(2).standard_normal((6, 8, 4)).astype(np.float32)
    turned = values.transpose(2, 0, 1)
    np.testing.assert_array_equal(encode(turned, 1).stored, encode(turned.copy(), 1).stored)


def declaration(columns: dict[str, int] | None = None) -> Declaration:
    return Declaration(
        key=SeriesKey(label="activation", layer="conv0"),
        plugin="activation",
        axes=("unit", "y", "x"),
        tile_shape=(2,),
        picture_shape=(3, 3),
        columns=columns or {},
    )


def test_a_frame_of_another_shape_is_refused() -> None:
    frame = Frame("conv0", np.zeros((2, 3, 4), np.float32))
    with pytest.raises(HistoryWriteError, match=r"activation of conv0 has shape \(2, 3, 4\); it"):
        encode_frame(declaration(), frame)


def test_columns_that_are_not_declared_are_refused() -> None:
    frame = Frame(
        "conv0", np.zeros((2, 3, 3), np.float32), columns={"objective": np.zeros(2, np.float32)}
    )
    with pytest.raises(HistoryWriteError, match=r"columns \['objective'\]; it can be \[\]"):
        encode_frame(declaration(), frame)
    with pytest.raises(HistoryWriteError, match=r"'objective' of .* has shape \(2,\); .*\(2, 5\)"):
        encode_frame(declaration({"objective": 5}), frame)
