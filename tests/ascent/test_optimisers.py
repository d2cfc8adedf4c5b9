"""Each optimiser against its formula, and the scales of pixels and inputs against each other."""

from __future__ import annotations

import numpy as np
import pytest

from vizframe.ascent import optimisers
from vizframe.ascent.optimisers import Optimiser
from vizframe.network import FloatArray
from vizframe.testing.ops import NumpyOps

OPS = NumpyOps()


def draw_noise(seed: int) -> FloatArray:
    return np.random.default_rng(seed).normal(size=(3, 2, 4, 4)).astype(np.float32)


def take_step(optimiser: Optimiser, values: FloatArray, gradient: FloatArray) -> FloatArray:
    return OPS.to_numpy(optimiser(OPS.to_device(values), OPS.to_device(gradient)))


def test_ascent_adds_the_gradient_times_the_rate() -> None:
    x, g = draw_noise(0), draw_noise(1)
    assert take_step(optimisers.ascent(100.0), x, g) == pytest.approx(x + 100 * g, rel=1e-6)


def test_progress_rises_by_what_is_wanted_per_image_to_first_order() -> None:
    x, g = draw_noise(0), draw_noise(1)
    moved = take_step(optimisers.progress(OPS, 2.0, 1e8, 1.0), x, g)
    assert ((moved - x) * g).sum((1, 2, 3)) == pytest.approx([2.0] * 3, rel=1e-5)


def test_progress_goes_no_further_than_its_greatest_rate() -> None:
    x, g = draw_noise(0), draw_noise(1) * np.float32(1e-4)
    moved = take_step(optimisers.progress(OPS, 2.0, 100.0, 1.0), x, g)
    assert moved == pytest.approx(x + 100 * g, rel=1e-6)


def test_progress_without_a_gradient_stays_where_it_is() -> None:
    x = draw_noise(0)
    assert np.array_equal(take_step(optimisers.progress(OPS, 2.0, 1e8, 1.0), x, x * 0), x)


@pytest.mark.parametrize("greatest", [100.0, 1e8])
def test_progress_on_inputs_is_progress_on_pixels_divided_by_their_scale(greatest: float) -> None:
    scale, pixels, gradient = 58.0, draw_noise(0) * 50, draw_noise(1) * 0.01
    in_pixels = take_step(optimisers.progress(OPS, 2.0, greatest, 1.0), pixels, gradient)
    rule = optimisers.progress(OPS, 2.0, greatest, scale * scale)
    on_inputs = take_step(rule, pixels / scale, gradient * scale)
    assert on_inputs * scale == pytest.approx(in_pixels, rel=1e-4)


def test_adam_follows_its_paper_for_many_steps() -> None:
    x, twin = draw_noise(0), draw_noise(0).astype(np.float64)
    mean, square = np.zeros_like(twin), np.zeros_like(twin)
    adam = optimisers.adam(OPS, 0.05)
    for t in range(1, 20):
        g = draw_noise(t)
        x = take_step(adam, x, g)
        mean = 0.9 * mean + 0.1 * g
        square = 0.999 * square + 0.001 * g.astype(np.float64) ** 2
        twin += 0.05 * (mean / (1 - 0.9**t)) / (np.sqrt(square / (1 - 0.999**t)) + 1e-8)
    assert x == pytest.approx(twin, abs=1e-4)


def test_adam_goes_its_own_way_in_each_channel_when_their_rates_differ() -> None:
    x, g = draw_noise(0), draw_noise(1)
    rates = np.array([0.5, 2.0], np.float32).reshape(1, 2, 1, 1)
    moved = take_step(optimisers.adam(OPS, OPS.to_device(rates)), x, g)
    assert moved == pytest.approx(x + rates * np.sign(g), abs=1e-3)


def test_adam_without_a_gradient_stays_where_it_is() -> None:
    x = draw_noise(0)
    assert np.array_equal(take_step(optimisers.adam(OPS, 0.05), x, x * 0), x)


@pytest.mark.parametrize(
    "rule",
    [
        lambda: optimisers.ascent(0.1),
        lambda: optimisers.progress(OPS, 2.0, 1e8, 1.0),
        lambda: optimisers.adam(OPS, 0.1),
    ],
)
def test_each_optimiser_climbs_a_hill_and_each_image_its_own(rule: object) -> None:
    assert callable(rule)
    together, top = rule(), draw_noise(3)
    x = draw_noise(0)
    alone, single = rule(), x[:1]
    for _ in range(5):
        x = take_step(together, x, top - x)
        single = take_step(alone, single, top[:1] - single)
    assert ((top - x) ** 2).sum() < ((top - draw_noise(0)) ** 2).sum()
    assert x[:1] == pytest.approx(single, abs=1e-6)
