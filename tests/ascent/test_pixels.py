"""Pixels: the papers' 0 … 255 and a network's own inputs are one scale apart."""

from __future__ import annotations

import numpy as np
import pytest

from vizframe.ascent.pixels import Ground, Pixels, ground_of
from vizframe.errors import UsageError
from vizframe.network.probe import Normalization, Probe

IMAGENET = Normalization(mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225))


def test_inputs_that_are_pixels_over_255_have_the_scale_255() -> None:
    assert Pixels.of(Normalization(), 1).scale == (255.0,)


def test_pictures_of_any_range_span_255_pixels() -> None:
    pixels = Pixels.of(Normalization(low=-1.0, high=1.0), 1)
    assert (pixels.high[0] - pixels.low[0]) * pixels.scale[0] == pytest.approx(255)


def test_each_channel_has_its_own_scale_and_range() -> None:
    pixels = Pixels.of(IMAGENET, 3)
    assert pixels.scale == pytest.approx((58.395, 57.12, 57.375))
    assert pixels.low == pytest.approx((-0.485 / 0.229, -0.456 / 0.224, -0.406 / 0.225))
    assert pixels.high == pytest.approx((0.515 / 0.229, 0.544 / 0.224, 0.594 / 0.225))


def test_one_mean_and_std_count_for_all_seven_channels() -> None:
    assert Pixels.of(Normalization(), 7).scale == (255.0,) * 7


def test_pixels_become_inputs_by_division_per_channel() -> None:
    pixels = np.full((2, 3, 1, 1), 10.0, np.float32)
    inputs = Pixels.of(IMAGENET, 3).values(pixels)
    assert inputs[0, :, 0, 0] == pytest.approx([10 / 58.395, 10 / 57.12, 10 / 57.375])


def test_inputs_are_cut_to_what_a_picture_can_hold_per_channel() -> None:
    pixels = Pixels.of(IMAGENET, 3)
    assert pixels.clipped(np.full((1, 3, 1, 1), 9, np.float32))[0, :, 0, 0] == pytest.approx(
        pixels.high
    )


def test_pixels_are_counted_from_the_ground() -> None:
    pixels = Pixels.of(Normalization(), 3, (0.5, 0.25, 0.0))
    assert pixels.lowest == (-0.5, -0.25, 0.0)
    assert pixels.highest == (0.5, 0.75, 1.0)
    cut = pixels.clipped(np.full((1, 3, 1, 1), 9, np.float32))
    assert cut.ravel().tolist() == [0.5, 0.75, 1.0]


def test_a_ground_beyond_black_or_white_is_black_or_white() -> None:
    assert Pixels.of(Normalization(low=0.2, high=0.6), 1, (0.9,)).ground == (0.6,)


@pytest.mark.parametrize(
    ("wanted", "normalization", "ground"),
    [
        ("auto", Normalization(), (0.25, 0.75)),  # zero is black: the networks' inputs are pixels
        ("auto", Normalization(low=-1.0, high=1.0), (0.0,)),
        ("auto", Normalization(mean=(0.4,), std=(0.2,)), (0.0,)),
        ("zero", Normalization(), (0.0,)),
        ("median", Normalization(low=-1.0, high=1.0), (0.25, 0.75)),
        ("grey", Normalization(mean=(0.4,), std=(0.2,)), (0.5,)),
        ("grey", Normalization(low=0.0, high=255.0), (127.5,)),
    ],
)
def test_the_ground_is_zero_where_that_is_no_end_of_the_range_else_the_probes_median(
    wanted: Ground, normalization: Normalization, ground: tuple[float, ...]
) -> None:
    images = np.zeros((3, 2, 4, 4), np.float32)
    images[:2, 0], images[1:, 1] = 0.25, 0.75
    found = ground_of(Probe(images, normalization=normalization), wanted)
    assert found == pytest.approx(ground)


def test_a_probe_that_is_not_finite_has_the_ground_zero() -> None:
    assert ground_of(Probe(np.full((1, 1, 2, 2), np.nan, np.float32)), "median") == (0.0,)


def test_a_normalization_of_another_number_of_channels_is_refused() -> None:
    with pytest.raises(UsageError, match="has 3 numbers as mean and the input 1 channels; it can"):
        Pixels.of(IMAGENET, 1)


def test_a_normalization_without_a_range_is_refused() -> None:
    with pytest.raises(UsageError, match=r"std \(0.0,\).*it can be any std above 0"):
        Pixels.of(Normalization(std=(0.0,)), 1)
