"""Units of two runs paired by what they do on the same inputs."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from vizframe.errors import UsageError
from vizframe.history.matching import assign, correlations, match

DRAW = np.random.default_rng(0)


@pytest.mark.parametrize("shape", [(1, 1), (3, 3), (4, 6), (6, 4), (5, 5), (1, 5), (2, 6)])
@pytest.mark.parametrize("seed", range(4))
def test_pairs_have_the_greatest_sum_of_all(shape: tuple[int, int], seed: int) -> None:
    gain = np.random.default_rng(seed).normal(size=shape)
    rows, columns = assign(gain)
    assert len(set(rows)) == len(set(columns)) == len(rows) == min(shape)
    tall = gain if shape[0] <= shape[1] else gain.T
    best = max(
        sum(tall[row, column] for row, column in enumerate(chosen))
        for chosen in itertools.permutations(range(tall.shape[1]), tall.shape[0])
    )
    assert gain[rows, columns].sum() == pytest.approx(best)


def test_ties_and_empty_sides_are_paired_too() -> None:
    rows, columns = assign(np.zeros((3, 3)))
    assert sorted(columns) == [0, 1, 2]
    assert len(assign(np.zeros((0, 4)))[0]) == 0
    assert len(assign(np.zeros((4, 0)))[0]) == 0
    assert list(rows) == [0, 1, 2]


def test_filters_under_other_numbers_are_found() -> None:
    a = DRAW.normal(size=(40, 300)).astype(np.float32)
    order = DRAW.permutation(40)
    b = 3 * a[order] + 7 + DRAW.normal(size=a.shape).astype(np.float32)
    found = match(a, b)
    np.testing.assert_array_equal(order[found.partner], np.arange(40))
    assert found.unmatched.size == 0
    assert (found.correlation > 0.8).all()


def test_a_unit_without_a_counterpart_is_said_to_have_none() -> None:
    a = DRAW.normal(size=(5, 300)).astype(np.float32)
    b = np.concatenate([a[[4, 2, 0]], DRAW.normal(size=(3, 300)).astype(np.float32)])
    found = match(a, b)
    assert found.partner.tolist() == [2, -1, 1, -1, 0]
    assert found.unmatched.tolist() == [3, 4, 5]
    assert found.correlation[1] < 0.5
    np.testing.assert_allclose(found.correlation[[0, 2, 4]], 1)


@pytest.mark.parametrize("sick", [0.0, 3.5, 1e30, np.nan, np.inf])
def test_a_unit_that_never_changes_is_like_no_other(sick: float) -> None:
    a = DRAW.normal(size=(3, 50)).astype(np.float32)
    b = a.copy()
    a[1] = sick
    found = match(a, b)
    assert found.partner.tolist() == [0, -1, 2]
    assert np.isnan(found.correlation[1])
    assert found.unmatched.tolist() == [1]


def test_the_opposite_of_a_filter_is_not_it() -> None:
    a = DRAW.normal(size=(1, 50)).astype(np.float32)
    assert match(a, -a).partner.tolist() == [-1]


def test_correlations_are_numpy_s() -> None:
    a, b = DRAW.normal(size=(3, 20)), DRAW.normal(size=(4, 20))
    wanted = np.corrcoef(np.concatenate([a, b]))[:3, 3:]
    found = correlations(a.astype(np.float32), b.astype(np.float32))
    np.testing.assert_allclose(found, wanted, atol=1e-6)


def test_other_numbers_of_values_are_refused() -> None:
    with pytest.raises(UsageError, match="A's units have 3 values each and B's 4"):
        match(np.zeros((2, 3), np.float32), np.zeros((2, 4), np.float32))
