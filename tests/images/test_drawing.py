"""Values become pictures, whatever the values are."""

from __future__ import annotations

import io
import warnings

import numpy as np
import pytest
from PIL import Image

from vizframe.errors import UsageError
from vizframe.history import Tiles
from vizframe.history.encoding import encode
from vizframe.images import lut
from vizframe.images.channels import as_picture
from vizframe.images.limits import Limits, common_limits, own_limits
from vizframe.images.mark import COLOURS, Mark, draw_mark, marks
from vizframe.images.overlay import overlay, resample
from vizframe.images.paint import MAGENTA, indices, paint, paint_colour
from vizframe.images.png import palette_png, png
from vizframe.images.sheet import columns_for, enlarge, sheet, times_to_fill


def limits(low: float, high: float, signed: bool = False) -> Limits:
    return Limits(np.asarray(low, np.float32), np.asarray(high, np.float32), signed)


class TestLimits:
    def test_each_tile_has_its_own(self) -> None:
        own = own_limits([0, -1], [2, 5], signed=False)
        assert own.low.tolist() == [0, -1]
        assert own.high.tolist() == [2, 5]

    def test_signed_ones_are_as_far_from_zero_on_both_sides(self) -> None:
        own = own_limits([-3, 1], [2, 5], signed=True)
        assert own.low.tolist() == [-3, -5]
        assert own.high.tolist() == [3, 5]

    def test_a_layer_has_one_pair_that_a_hundredth_of_its_units_may_leave(self) -> None:
        high = np.concatenate([np.ones(999), [1000.0]])
        common = common_limits(np.zeros(1000), high, signed=False, percent=99)
        assert (float(common.low), float(common.high)) == (0.0, 1.0)
        assert float(common_limits(np.zeros(1000), high, signed=False, percent=100).high) == 1000

    def test_a_history_has_one_pair_for_all_steps_and_units(self) -> None:
        low, high = np.zeros((3, 4)), np.arange(12).reshape(3, 4)
        common = common_limits(low, high, signed=True, percent=100)
        assert (float(common.low), float(common.high)) == (-11, 11)

    def test_what_is_not_finite_takes_no_part(self) -> None:
        common = common_limits([0, np.nan, -np.inf], [1, 2, 3], signed=False, percent=100)
        assert (float(common.low), float(common.high)) == (0, 1)

    @pytest.mark.parametrize("signed", [False, True])
    def test_where_nothing_is_finite_the_limits_are_zero(self, signed: bool) -> None:
        common = common_limits([np.nan], [np.nan], signed=signed)
        own = own_limits([np.nan], [np.inf], signed=signed)
        assert float(common.low) == float(common.high) == 0
        assert own.low.tolist() == own.high.tolist() == [0]


class TestPaint:
    def test_the_ends_of_the_range_are_the_ends_of_the_map(self) -> None:
        entries = indices(np.array([[-1.0, 0.0, 2.0, 4.0, 9.0]]), limits(0, 4))
        assert entries.tolist() == [[0, 0, 128, 255, 255]]

    def test_zero_of_signed_values_is_the_middle(self) -> None:
        entries = indices(np.array([[-2.0, 0.0, 2.0]]), limits(-2, 2, signed=True))
        assert entries.tolist() == [[0, 128, 255]]

    def test_limits_belong_to_tiles(self) -> None:
        own = own_limits([0, 0], [1, 10], signed=False)
        assert indices(np.array([[[1.0]], [[1.0]]]), own).ravel().tolist() == [255, 26]

    @pytest.mark.parametrize(("signed", "entry"), [(False, 0), (True, 128)])
    def test_a_tile_without_a_range_is_painted_without_a_division(
        self, signed: bool, entry: int
    ) -> None:
        value = 0.0 if signed else 7.0
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            entries = indices(np.full((2, 2), value), limits(value, value, signed))
        assert (entries == entry).all()

    def test_nan_is_magenta_and_infinities_are_chequered(self) -> None:
        values = np.zeros((4, 4))
        values[0, 0] = np.nan
        values[2:, 2:] = np.inf
        painted = paint(values, limits(-1, 1, signed=True), lut("signed"))
        assert tuple(painted[0, 0]) == MAGENTA
        end = tuple(lut("signed")[255])
        assert [tuple(p) for p in painted[2, 2:]] == [MAGENTA, end]
        assert [tuple(p) for p in painted[3, 2:]] == [end, MAGENTA]

    def test_painting_leaves_the_table_alone(self) -> None:
        paint(np.full((2, 2), np.nan), limits(0, 1), lut("grey"))
        assert (lut("grey") == np.arange(256)[:, None]).all()

    def test_signed_colours_lie_about_mid_grey(self) -> None:
        values = np.array([[[-1.0, 0.0, 1.0], [np.nan, 0.0, 0.0]]])
        painted = paint_colour(values, limits(-1, 1, signed=True))
        assert painted.tolist() == [[[0, 128, 255], list(MAGENTA)]]

    def test_colours_have_limits_per_tile(self) -> None:
        values = np.ones((2, 1, 1, 3))
        painted = paint_colour(values, own_limits([0, 0], [1, 2], signed=False))
        assert painted[:, 0, 0, 0].tolist() == [255, 128]


class TestMarks:
    def tiles(self) -> Tiles:
        values = np.zeros((5, 4, 4), np.float32)
        values[0, 0, 0] = 1
        values[2] = 3
        values[3, 1, 1] = np.nan
        encoded = encode(values, 1)
        encoded.missing[4] = True
        return encoded

    def test_every_kind_of_tile_is_told(self) -> None:
        assert marks(self.tiles()).tolist() == [
            Mark.ORDINARY,
            Mark.DEAD,
            Mark.CONSTANT,
            Mark.NOT_FINITE,
            Mark.MISSING,
        ]

    def test_a_flat_picture_of_a_fixed_range_is_told_by_its_values(self) -> None:
        pictures = np.stack([np.zeros((2, 2)), np.full((2, 2), 0.5)]).astype(np.float32)
        fixed = encode(pictures, 1, value_range=(0.0, 1.0))
        assert marks(fixed).tolist() == [Mark.DEAD, Mark.CONSTANT]

    def test_a_bar_is_never_called_constant(self) -> None:
        bars = encode(np.array([0.0, 1.0, np.nan], np.float32), 1)
        assert marks(bars).tolist() == [Mark.ORDINARY, Mark.ORDINARY, Mark.NOT_FINITE]

    @pytest.mark.parametrize("mark", [Mark.CONSTANT, Mark.DEAD, Mark.NOT_FINITE])
    def test_a_mark_is_a_corner_that_leaves_the_rest_alone(self, mark: Mark) -> None:
        picture = np.zeros((10, 10, 3), np.uint8)
        draw_mark(picture, mark)
        assert tuple(picture[0, -1]) == COLOURS[mark]
        assert int(picture.any(axis=2).sum()) == 3

    def test_a_missing_tile_is_hatched_all_over(self) -> None:
        picture = np.zeros((12, 12, 3), np.uint8)
        draw_mark(picture, Mark.MISSING)
        assert picture.min() == 128
        assert picture.max() == 208

    def test_an_ordinary_tile_has_none(self) -> None:
        picture = np.zeros((1, 1, 3), np.uint8)
        draw_mark(picture, Mark.ORDINARY)
        assert not picture.any()


class TestSheet:
    def test_tiles_lie_row_by_row_with_gaps(self) -> None:
        pictures = np.arange(3, dtype=np.uint8)[:, None, None, None].repeat(3, axis=3)
        page = sheet(pictures, columns=2, gap=1, ground=(9, 9, 9))
        assert page[..., 0].tolist() == [
            [9, 9, 9, 9, 9],
            [9, 0, 9, 1, 9],
            [9, 9, 9, 9, 9],
            [9, 2, 9, 9, 9],
            [9, 9, 9, 9, 9],
        ]

    def test_a_sheet_is_about_square_whatever_its_tiles_are(self) -> None:
        assert columns_for(64, 10, 10) == 8
        assert columns_for(64, 40, 10) == 16
        assert columns_for(3, 1, 100) == 1

    def test_enlarging_repeats_pixels(self) -> None:
        picture = np.array([[[1, 2, 3]]], np.uint8)
        assert enlarge(picture, 2).tolist() == [[[1, 2, 3]] * 2] * 2
        assert times_to_fill((5, 5), 48) == 9
        assert times_to_fill((500, 5), 48) == 1


class TestOverlay:
    def test_opacity_mixes(self) -> None:
        above, below = np.full((1, 1, 3), 200, np.uint8), np.full((1, 1, 3), 100, np.uint8)
        assert overlay(above, below, 0.25).tolist() == [[[125] * 3]]
        assert overlay(above, below, 0).tolist() == below.tolist()
        assert overlay(above, below, 1).tolist() == above.tolist()

    def test_opacity_can_differ_by_pixel(self) -> None:
        above, below = np.full((1, 2, 3), 200, np.uint8), np.zeros((1, 2, 3), np.uint8)
        assert overlay(above, below, [[0.0, 1.0]])[..., 0].tolist() == [[0, 200]]

    @pytest.mark.parametrize("opacity", [-0.1, 1.5, float("nan")])
    def test_an_opacity_outside_0_to_1_is_refused(self, opacity: float) -> None:
        picture = np.zeros((1, 1, 3), np.uint8)
        with pytest.raises(UsageError, match=f"opacity is {opacity}; it can be from 0 to 1"):
            overlay(picture, picture, opacity)

    def test_resampling_keeps_constants_and_means(self) -> None:
        assert np.allclose(resample(np.full((3, 2), 5.0, np.float32), (9, 10)), 5)
        maps = np.random.default_rng(0).random((4, 4)).astype(np.float32)
        assert resample(maps, (16, 16)).mean() == pytest.approx(maps.mean(), abs=0.05)

    def test_resampling_is_bilinear_between_the_centres(self) -> None:
        spread = resample(np.array([[0.0, 1.0]], np.float32), (1, 4))
        assert spread.tolist() == [[0.0, 0.25, 0.75, 1.0]]

    def test_a_single_place_spreads_over_all(self) -> None:
        assert (resample(np.array([[2.0]], np.float32), (3, 3)) == 2).all()


class TestPng:
    @pytest.mark.parametrize(("colours", "mode"), [(3, "P"), (256, "P"), (257, "RGB")])
    def test_a_file_holds_the_picture_whatever_its_colours(self, colours: int, mode: str) -> None:
        number = np.arange(20 * 20).reshape(20, 20) % colours
        picture = np.stack([number % 7, number // 7, number % 256], axis=-1).astype(np.uint8)
        assert len(np.unique(picture.reshape(-1, 3), axis=0)) == colours
        image = Image.open(io.BytesIO(png(picture)))
        assert image.mode == mode
        assert (np.asarray(image.convert("RGB")) == picture).all()

    def test_a_palette_file_holds_the_mapped_picture(self) -> None:
        entries = np.arange(256, dtype=np.uint8).reshape(16, 16)
        image = Image.open(io.BytesIO(palette_png(entries, lut("signed"))))
        assert image.mode == "P"
        assert (np.asarray(image.convert("RGB")) == lut("signed")[entries]).all()


class TestChannels:
    def test_one_channel_is_grey_three_are_colours_and_seven_their_mean(self) -> None:
        images = np.random.default_rng(2).random((2, 7, 4, 5)).astype(np.float32)
        assert (as_picture(images[:, :1]) == images[:, 0]).all()
        assert (as_picture(images[:, :3]) == np.moveaxis(images[:, :3], 1, -1)).all()
        assert np.allclose(as_picture(images), images.mean(axis=1))
