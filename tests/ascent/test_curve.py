"""The objective in short, and what is called converged."""

from __future__ import annotations

import numpy as np
import pytest

from vizframe.ascent.curve import POINTS, fill_curve, has_converged, has_recovered, moments


@pytest.mark.parametrize("iterations", [32, 100, 5000])
def test_a_curve_remembers_32_moments_from_first_to_last(iterations: int) -> None:
    chosen = moments(iterations)
    assert len(chosen) == POINTS
    assert (chosen[0], chosen[-1]) == (0, iterations - 1)


def test_fewer_iterations_than_moments_are_all_remembered() -> None:
    assert moments(5) == [0, 1, 2, 3, 4]


def test_a_curve_that_levels_off_has_converged_and_one_that_rises_has_not() -> None:
    level = np.minimum(np.arange(32.0), 20)
    rising = np.arange(32.0)
    curves = np.stack([level, rising]).astype(np.float32)
    assert has_converged(curves).tolist() == [True, False]


def test_a_falling_curve_has_not_converged() -> None:
    assert not has_converged(-np.arange(32, dtype=np.float32)[None]).any()


def test_a_curve_that_falls_first_and_then_is_level_has_converged() -> None:
    curve = np.full((1, 32), 5, np.float32)
    curve[0, :3] = 40
    assert has_converged(curve).all()
    assert not has_recovered(curve).any()


def test_a_curve_has_recovered_when_it_is_back_where_it_began() -> None:
    assert has_recovered(np.array([[10, 2, 9.95], [-10, -20, -10.05]], np.float32)).all()


def test_a_curve_of_zeros_has_converged_without_dividing() -> None:
    assert has_converged(np.zeros((1, 32), np.float32)).all()


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_curve_that_is_not_finite_has_not_converged(value: float) -> None:
    curves = np.ones((1, 32), np.float32)
    curves[0, 3] = value
    assert not has_converged(curves).any()


def test_a_short_curve_has_not_converged() -> None:
    assert not has_converged(np.ones((3, 15), np.float32)).any()


def test_a_curve_that_ended_early_stays_at_its_last_value() -> None:
    full = fill_curve(np.array([[1, 2, 3]], np.float32))
    assert full.shape == (1, POINTS)
    assert (full[0, 2:] == 3).all()
