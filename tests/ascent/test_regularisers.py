"""Each regulariser against the paper's sentence, image by image, in plain NumPy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from vizframe.ascent import regularisers
from vizframe.ascent.pixels import Pixels
from vizframe.ascent.regularisers import Regulariser
from vizframe.network import FloatArray
from vizframe.network.probe import Normalization
from vizframe.testing.ops import NumpyOps

OPS = NumpyOps()
SKEWED = Normalization(mean=(0.4, 0.5, 0.6), std=(0.1, 0.3, 1.0))


def images(channels: int = 3, seed: int = 0) -> FloatArray:
    drawn = np.random.default_rng(seed).normal(size=(4, channels, 9, 7))
    return drawn.astype(np.float32)


def apply_to(
    regulariser: Regulariser, image: FloatArray, gradient: FloatArray | None = None, at: int = 0
) -> FloatArray:
    given = OPS.to_device(image)
    uphill = OPS.to_device(np.ones_like(image) if gradient is None else gradient)
    return OPS.to_numpy(regulariser(given, uphill, at))


def test_decay_shrinks_every_pixel_by_its_share() -> None:
    image = images()
    assert apply_to(regularisers.decay(0.3), image) == pytest.approx(image * 0.7)


def test_blur_is_a_gaussian_per_channel_at_every_fourth_iteration() -> None:
    image = images()
    blur = regularisers.blur(OPS, sigma=1.0, every=4)
    twin = gaussian_filter(image, (0, 0, 1, 1))
    assert apply_to(blur, image, at=8) == pytest.approx(twin, abs=1e-6)
    assert np.array_equal(apply_to(blur, image, at=9), image)


@pytest.mark.parametrize("channels", [1, 3, 7])
@pytest.mark.parametrize("percent", [0.0, 50.0, 95.0])
def test_pixels_of_small_norm_are_zeroed_per_image(channels: int, percent: float) -> None:
    image = images(channels)
    pixels = Pixels.of(Normalization(), channels)
    twin = image.copy()
    for each in twin:
        norm = np.sqrt((each**2).sum(0))
        each[:, norm < np.percentile(norm, percent)] = 0
    drop = regularisers.drop_small_norms(OPS, percent, pixels)
    assert np.array_equal(apply_to(drop, image), twin)


def test_norms_are_taken_in_pixels_whatever_the_channels_are_scaled_by() -> None:
    image, pixels = images(), Pixels.of(SKEWED, 3)
    scaled = image * np.array(pixels.scale, np.float32).reshape(1, 3, 1, 1)
    twin = image.copy()
    for each, in_pixels in zip(twin, scaled, strict=True):
        norm = np.sqrt((in_pixels**2).sum(0))
        each[:, norm < np.percentile(norm, 50)] = 0
    drop = regularisers.drop_small_norms(OPS, 50, pixels)
    assert np.array_equal(apply_to(drop, image), twin)


@pytest.mark.parametrize("channels", [1, 3, 7])
def test_pixels_of_small_contribution_are_zeroed_per_image(channels: int) -> None:
    image, gradient = images(channels), images(channels, seed=1)
    twin = image.copy()
    for each, uphill in zip(twin, gradient, strict=True):
        contribution = np.abs((uphill * -each).sum(0))
        each[:, contribution < np.percentile(contribution, 90)] = 0
    drop = regularisers.drop_small_contributions(OPS, 90)
    assert np.array_equal(apply_to(drop, image, gradient), twin)


def test_sparsity_takes_its_pixels_from_each_and_never_crosses_zero() -> None:
    image, pixels = images(), Pixels.of(SKEWED, 3)
    amount = np.array([5 / scale for scale in pixels.scale]).reshape(1, 3, 1, 1)
    twin = np.sign(image) * np.maximum(np.abs(image) - amount, 0)
    assert apply_to(regularisers.sparsity(OPS, 5.0, pixels), image) == pytest.approx(twin, abs=1e-6)


@pytest.mark.parametrize("normalization", [Normalization(), SKEWED])
def test_the_valid_range_ends_at_black_and_white_of_each_channel(
    normalization: Normalization,
) -> None:
    pixels = Pixels.of(normalization, 3)
    image = images() * 20
    cut = apply_to(regularisers.valid_range(OPS, pixels), image)
    picture = cut * np.reshape(normalization.std, (-1, 1, 1)) + np.reshape(
        normalization.mean, (-1, 1, 1)
    )
    assert picture.min() == pytest.approx(0, abs=1e-5)
    assert picture.max() == pytest.approx(1, abs=1e-5)
    assert cut == pytest.approx(pixels.clipped(image))


def test_a_constant_image_is_left_by_percentiles_as_it_is() -> None:
    image = np.full((2, 3, 5, 5), 0.25, np.float32)
    drop = regularisers.drop_small_norms(OPS, 50, Pixels.of(Normalization(), 3))
    assert np.array_equal(apply_to(drop, image), image)


def test_regularisers_are_applied_in_the_order_given() -> None:
    image = images()
    both = regularisers.in_order(
        [regularisers.decay(0.5), regularisers.valid_range(OPS, Pixels.of(Normalization(), 3))]
    )
    assert apply_to(both, image) == pytest.approx(np.clip(image * 0.5, 0, 1))
