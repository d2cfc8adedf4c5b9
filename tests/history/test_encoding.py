"""Values come back within 1/255 of each tile's range, whatever they are."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from vizframe.errors import HistoryWriteError
from vizframe.history import Declaration, SeriesKey, Tiles
from vizframe.history.encoding import BLOCK, encode, encode_frame
from vizframe.network import FloatArray
from vizframe.plugin.frame import Encoding, Frame

FINITE = st.floats(width=32, allow_nan=False, allow_infinity=False)
TILES = hnp.array_shapes(min_dims=2, max_dims=4, max_side=6)


def slow(tile: FloatArray, low: float, high: float) -> npt.NDArray[np.uint8]:
    """The same quantisation between these ends, one value at a time, in float64."""
    levels = [round((float(v) - low) * 255 / (high - low)) if high > low else 0 for v in tile.flat]
    return np.array(levels, np.uint8).reshape(tile.shape)


def assert_ends(low: float, high: float, least: float, most: float) -> None:
    """The extremes are the ends, unless zero between them had to become a level."""
    if not least < 0 < most:
        assert (low, high) == (least, most)
    step = (high - low) / 255
    assert low <= least + step / 1000
    assert high >= most - step / 1000
    assert (high - low) - (most - least) <= 0.01 * (most - least) or most - least < 1e-40


@settings(deadline=None)
@given(hnp.arrays(np.float32, TILES, elements=FINITE))
def test_every_value_comes_back_within_its_tiles_range_over_255(values: FloatArray) -> None:
    back = encode(values, 1).values()
    for tile, again in zip(values.astype(np.float64), back, strict=True):
        span = tile.max() - tile.min()
        assert np.abs(again - tile).max() <= span / 255
        assert not again[tile == 0].any()


@pytest.mark.parametrize("values", [[-1.0, 2.0], [-3.0, 0.0], [np.nan, 1.0]])
def test_a_tile_of_one_number_has_its_value(values: list[float]) -> None:
    tiles = encode(np.array(values, np.float32), 1)  # bars: each tile is a number
    for place, value in enumerate(values):
        assert tiles.pick(place).values() == pytest.approx(value, abs=0.01, nan_ok=True)


def test_zero_as_the_highest_value_comes_back_as_zero() -> None:
    lows = -(
        np.float32(2.0) ** np.random.default_rng(0).uniform(-100, 100, 4000).astype(np.float32)
    )
    values = np.stack([lows, np.zeros(4000, np.float32)], axis=1)
    back = encode(values, 1).values()
    assert not back[:, 1].any()
    assert np.allclose(back[:, 0], lows)
    values[7, 0] = np.nan  # a tile with other levels beside them
    assert not encode(values, 1).values()[:, 1].any()


@settings(deadline=None)
@given(hnp.arrays(np.float32, TILES, elements=st.floats(-1e6, 1e6, width=32)))
def test_levels_are_those_of_the_slow_twin_but_for_ties(values: FloatArray) -> None:
    tiles = encode(values, 1)
    for number, tile in enumerate(values):
        low, high = float(tiles.low[number]), float(tiles.high[number])
        stored = slow(tile, low, high)
        assert_ends(low, high, float(tile.min()), float(tile.max()))
        assert np.abs(tiles.stored[number].astype(int) - stored).max() <= 1


@settings(deadline=None)
@given(hnp.arrays(np.float32, TILES, elements=st.floats(width=32)))
def test_nonfinite_values_come_back_as_themselves(values: FloatArray) -> None:
    tiles = encode(values, 1)
    for number, tile in enumerate(values):
        finite = np.isfinite(tile)
        again = tiles.values()[number]
        assert tiles.nonfinite[number] == (~finite).sum()
        np.testing.assert_array_equal(again[~finite], tile[~finite])
        if finite.any():
            inside = tile[finite].astype(np.float64)
            error = np.abs(again[finite] - inside).max()
            assert error <= (inside.max() - inside.min()) / 252


def test_quantising_twice_moves_nothing_by_a_step() -> None:
    values = np.random.default_rng(0).standard_normal((7, 9, 9)).astype(np.float32)
    once = encode(values, 1)
    twice = encode(once.values(), 1)
    step = (once.high - once.low)[:, None, None] / 255
    assert (np.abs(twice.values() - once.values()) <= 0.51 * step).all()


def test_extremes_are_exact() -> None:
    values = np.random.default_rng(0).random((3, 4, 5, 5), np.float32) + 1
    tiles = encode(values, 2)
    np.testing.assert_array_equal(tiles.low, values.min((2, 3)))
    np.testing.assert_array_equal(tiles.high, values.max((2, 3)))
    assert tiles.stored.min((2, 3)).max() == 0
    assert tiles.stored.max((2, 3)).min() == 255


@pytest.mark.parametrize("exponent", [-44, -38, -30, -10, -3, 0, 5, 20, 30, 38])
@pytest.mark.parametrize("share", [1e-7, 0.001, 0.3, 0.5, 0.999])
@pytest.mark.parametrize("odd", [[], [np.nan, np.inf]])
def test_zero_is_a_level_of_every_tile_with_both_signs(
    exponent: int, share: float, odd: list[float]
) -> None:
    size = np.float64(10) ** exponent
    numbers = [-share * size, 0, (1 - share) * size, 0.4 * (1 - share) * size, *odd]
    values = np.array([numbers], np.float32)
    back = encode(values, 1).values()
    assert back[0, 1] == 0
    step = np.ptp(values[0, :4].astype(np.float64)) / (252 if odd else 255)
    error = np.abs(back[:, :4].astype(np.float64) - values[:, :4]).max()
    assert error <= max(0.51 * step, 1.5e-45)


def test_the_largest_numbers_of_both_signs_stay_finite() -> None:
    most = np.finfo(np.float32).max
    values = np.array([[-most, 0, most], [-1e38, 0, most], [-most, 1, 0]], np.float32)
    tiles = encode(values, 1)
    assert np.isfinite(tiles.low).all()
    assert np.isfinite(tiles.high).all()
    assert not tiles.values()[values == 0].any()
    np.testing.assert_allclose(tiles.values(), values, atol=float(most) / 120)


def test_tiles_that_earlier_versions_wrote_read_as_they_did() -> None:
    one, none = np.ones(1, np.int32), np.zeros(1, np.bool_)
    ends = np.array([-1], np.float32), np.array([2], np.float32)
    levels = np.array([[0, 85, 254, 255]], np.uint8)
    old = Tiles(levels, *ends, one, none)
    np.testing.assert_allclose(old.values(), [[-1, 0, 2 - 3 / 255, 2]], atol=1e-6)
    halves = np.array([[0.25, 65504]], np.float16)
    assert Tiles(halves, *ends, 0 * one, none).values().tolist() == [[0.25, 65504]]


@pytest.mark.parametrize("constant", [0.0, -3.5, 1e-42, 3e38])
def test_a_constant_tile_comes_back_exactly(constant: float) -> None:
    values = np.full((2, 3, 3), constant, np.float32)
    np.testing.assert_array_equal(encode(values, 1).values(), values)


def test_what_is_not_finite_has_the_last_three_levels() -> None:
    values = np.array([[0, 1, np.nan, np.inf, -np.inf]], np.float32)
    tiles = encode(values, 1)
    assert tiles.stored.tolist() == [[0, 252, 254, 255, 253]]
    assert tiles.nonfinite.tolist() == [3]
    np.testing.assert_array_equal(tiles.values(), values)


def test_a_tile_with_nothing_finite_comes_back() -> None:
    tiles = encode(np.full((1, 2, 2), np.nan, np.float32), 1)
    assert (tiles.low[0], tiles.high[0], tiles.nonfinite[0]) == (0, 0, 4)
    assert np.isnan(tiles.values()).all()


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


@pytest.mark.parametrize("exponent", [-44, -38, -30, -6, 0, 5, 30, 38])
def test_float16_keeps_eleven_bits_at_every_range(exponent: int) -> None:
    values = np.random.default_rng(3).standard_normal((2, 500)).clip(-3, 3)
    values[:, 7] = 0
    scaled = (values * np.float64(10) ** exponent).astype(np.float32)
    tiles = encode(scaled, 1, encoding="float16")
    assert tiles.stored.dtype == np.float16
    np.testing.assert_allclose(tiles.values(), scaled, rtol=1.2 * 2**-11, atol=1.5e-45)
    assert not tiles.values()[:, 7].any()
    total = scaled.sum(axis=1, dtype=np.float64)
    np.testing.assert_allclose(tiles.values().sum(axis=1, dtype=np.float64), total, rtol=1e-3)


@pytest.mark.parametrize("size", [1e-30, 1.0, 1e30])
def test_sums_of_values_that_cancel_are_kept(size: float) -> None:
    draw = np.random.default_rng(4)
    values = draw.standard_normal((6, 900)) ** 3
    values -= values.mean(axis=1, keepdims=True)
    values[:, 0] += [50, -20, 10, 8, 30, -12]
    tiles = (values * size).astype(np.float32)
    back = encode(tiles, 1, encoding="float16").values().astype(np.float64)
    wanted = tiles.sum(axis=1, dtype=np.float64)
    np.testing.assert_allclose(back.sum(axis=1), wanted, rtol=1e-3)
    largest = float(np.abs(tiles).max())
    np.testing.assert_allclose(back, tiles, rtol=1.2 * 2**-11, atol=1e-8 * largest)
    assert not back[tiles == 0].any()


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
