"""What the optimiser moves: images within range, pullbacks that are adjoints, lucid's spectrum."""

from __future__ import annotations

import numpy as np
import pytest

from vizframe.ascent import transforms
from vizframe.ascent.noise import noise
from vizframe.ascent.parameterisations import (
    Fourier,
    Moved,
    Parameterisation,
    Plain,
    frequency_weights,
    hartley,
)
from vizframe.ascent.pixels import Pixels
from vizframe.errors import UsageError
from vizframe.network import FloatArray
from vizframe.network.probe import Normalization
from vizframe.testing.ops import NumpyOps

OPS = NumpyOps()
SHAPE = (2, 3, 12, 10)
IMAGENET = Normalization(mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225))
PIXELS = Pixels.of(IMAGENET, 3)


def canvases() -> dict[str, Parameterisation]:
    plain = Plain(OPS, PIXELS, 10.0)
    fourier = Fourier(OPS, PIXELS, SHAPE, 0.01, colour=False)
    colour = Fourier(OPS, PIXELS, SHAPE, 0.01, colour=True)
    moves = transforms.lucid(128)
    return {
        "plain": plain,
        "fourier": fourier,
        "colour": colour,
        "moved plain": Moved(plain, OPS, moves, 0),
        "moved colour": Moved(colour, OPS, moves, 0),
    }


def draw_noise(seed: int) -> FloatArray:
    return np.random.default_rng(seed).normal(size=SHAPE).astype(np.float32)


@pytest.mark.parametrize("name", canvases())
def test_the_pullback_is_the_derivative_of_what_is_shown(name: str) -> None:
    canvas, values, way, uphill = canvases()[name], draw_noise(0), draw_noise(1), draw_noise(2)
    step = np.float32(1e-2)
    there, here = (
        OPS.to_numpy(canvas.show(OPS.to_device(values + sign * step * way), 3)[0])
        for sign in (1, -1)
    )
    _, pullback = canvas.show(OPS.to_device(values), 3)
    slope = ((there - here).astype(np.float64) * uphill).sum() / (2 * step)
    pulled = (OPS.to_numpy(pullback(OPS.to_device(uphill))).astype(np.float64) * way).sum()
    assert pulled == pytest.approx(slope, rel=1e-2, abs=1e-2)


@pytest.mark.parametrize("name", canvases())
def test_the_start_is_the_noise_and_nothing_else(name: str) -> None:
    canvas = canvases()[name]
    apart = [OPS.to_numpy(canvas.start(noise(0, [unit], SHAPE[1:]))) for unit in (0, 1)]
    together = OPS.to_numpy(canvas.start(noise(0, [0, 1], SHAPE[1:])))
    assert np.array_equal(together, np.concatenate(apart))


def test_plain_noise_has_a_deviation_of_ten_pixels_in_every_channel() -> None:
    start = OPS.to_numpy(Plain(OPS, PIXELS, 10.0).start(noise(0, range(8), (3, 32, 32))))
    deviations = start.std(axis=(0, 2, 3)) * PIXELS.scale
    assert deviations == pytest.approx([10, 10, 10], rel=0.03)


@pytest.mark.parametrize("name", ["fourier", "colour"])
def test_squashed_images_stay_within_the_valid_range_however_far_the_values_go(name: str) -> None:
    image = OPS.to_numpy(canvases()[name].picture(OPS.to_device(draw_noise(0) * 1000)))
    low, high = (np.reshape(each, (1, 3, 1, 1)) for each in (PIXELS.low, PIXELS.high))
    assert (image >= low - 1e-5).all()
    assert (image <= high + 1e-5).all()


def test_hartley_is_orthonormal_and_its_own_inverse() -> None:
    matrix = hartley(11)
    assert matrix @ matrix == pytest.approx(np.eye(11), abs=1e-6)
    assert np.array_equal(matrix, matrix.T)


def test_the_start_has_the_spectrum_of_lucids() -> None:
    """lucid: irfft2 of (real, imaginary) ~ N(0, sd) × 1 / max(f, 1 / side) × √(h w), over 4."""
    side, many = 16, 2000
    random = np.random.default_rng(0)
    frequencies = np.hypot(np.fft.fftfreq(side)[:, None], np.fft.rfftfreq(side)[None])
    scale = side / np.maximum(frequencies, 1 / side)
    spectrum = random.normal(size=(2, many, *frequencies.shape)) * 0.01
    theirs = np.fft.irfft2(scale * (spectrum[0] + 1j * spectrum[1]), s=(side, side)) / 4
    weights = frequency_weights(side, side) * 2**0.5 / 4
    ours = hartley(side) @ (random.normal(size=(many, side, side)) * 0.01 * weights) @ hartley(side)
    inner = (slice(None), slice(1, 8), slice(1, 8))  # no constant, no Nyquist: those are real
    powers = [(np.abs(np.fft.fft2(each))[inner] ** 2).mean(0) for each in (theirs, ours)]
    assert powers[1] / powers[0] == pytest.approx(np.ones((7, 7)), rel=0.15)


def test_colours_on_a_grey_input_are_refused_with_the_cure() -> None:
    with pytest.raises(
        UsageError,
        match="number of input channels is 1; it can be 3 for a preset that decorrelates red, "
        "green and blue: take 'fourier' for any other",
    ):
        Fourier(OPS, Pixels.of(Normalization(), 1), (2, 1, 8, 8), 0.01, colour=True)


def test_moved_images_are_what_is_outside_where_the_image_ends() -> None:
    away: transforms.Transform = lambda _random: np.array([[1, 0, 99], [0, 1, 0], [0, 0, 1.0]])  # noqa: E731 # a transform is a closure
    canvas = Moved(Fourier(OPS, PIXELS, SHAPE, 0.01, colour=False), OPS, [away], 0)
    shown = OPS.to_numpy(canvas.show(OPS.to_device(draw_noise(0)), 0)[0])
    pictures = IMAGENET.to_picture(shown)
    assert pictures == pytest.approx(np.full(SHAPE, 0.5), abs=1e-6)
