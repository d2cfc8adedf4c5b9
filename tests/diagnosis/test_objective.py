"""Every usual loss is recognised by its numbers; the naive one is that of the best constant."""

from __future__ import annotations

import math

import numpy as np
import pytest

from vizframe.diagnosis.labels import Labels, entropy
from vizframe.diagnosis.objective import recognise

DRAW = np.random.default_rng(0)
SCORES = DRAW.normal(size=(16, 4)).astype(np.float32)
CLASSES = DRAW.integers(0, 4, 16).astype(np.float32)
SHARES = (np.exp(SCORES) / np.exp(SCORES).sum(1, keepdims=True)).astype(np.float32)
YES = (CLASSES > 1).astype(np.float32)[:, None]
ONE = SCORES[:, :1]


def own(labels: np.ndarray) -> Labels:  # type: ignore[type-arg]
    found = Labels()
    found.add(labels)
    return found


def test_a_cross_entropy_of_scores_is_told_from_one_of_probabilities() -> None:
    loss = float(-np.log(SHARES[np.arange(16), CLASSES.astype(int)]).mean())
    scores, shares = recognise(SCORES, CLASSES, loss), recognise(SHARES, CLASSES, loss)
    assert scores is not None
    assert scores.takes == "scores"
    assert shares is not None
    assert shares.takes == "probabilities"


def test_a_softmax_of_probabilities_is_recognised_as_taking_scores() -> None:
    again = np.log(np.exp(SHARES).sum(1)) - SHARES[np.arange(16), CLASSES.astype(int)]
    found = recognise(SHARES, CLASSES, float(again.mean()))
    assert found is not None
    assert found.takes == "scores"


def test_a_loss_that_is_a_sum_is_known_with_its_factor() -> None:
    loss = float(-np.log(SHARES[np.arange(16), CLASSES.astype(int)]).sum())
    found = recognise(SCORES, CLASSES, loss)
    assert found is not None
    assert found.factor == 16
    assert found.naive(own(CLASSES)) == pytest.approx(16 * own(CLASSES).entropy)


def test_binary_losses_are_told_apart_by_what_they_take() -> None:
    share = 1 / (1 + np.exp(-ONE.astype(np.float64)))
    loss = float(-(YES * np.log(share) + (1 - YES) * np.log(1 - share)).mean())
    scores = recognise(ONE, YES.ravel(), loss)
    shares = recognise(share.astype(np.float32), YES.ravel(), loss)
    assert scores is not None
    assert scores.takes == "scores"
    assert shares is not None
    assert shares.takes == "probabilities"
    rate = float(YES.mean())
    expected = -(rate * math.log(rate) + (1 - rate) * math.log(1 - rate))
    assert shares.naive(own(YES)) == pytest.approx(expected)


@pytest.mark.parametrize(("divisor", "name"), [(2, "half the squared error"), (1, "squared error")])
def test_a_squared_error_is_known_with_and_without_its_half(divisor: int, name: str) -> None:
    targets = DRAW.normal(size=(16, 1)).astype(np.float32)
    found = recognise(ONE, targets, float(((ONE - targets) ** 2).mean() / divisor))
    assert found is not None
    assert found.name == name
    assert found.naive(own(targets)) == pytest.approx(float(targets.var()) / divisor, rel=1e-4)


def test_an_unknown_loss_and_numbers_that_are_none_are_not_recognised() -> None:
    assert recognise(SCORES, CLASSES, 123.4) is None
    assert recognise(SCORES * np.nan, CLASSES, 1.0) is None
    assert recognise(SCORES, CLASSES, math.nan) is None


def test_labels_are_counted_until_they_are_amounts() -> None:
    labels = own(np.array([0, 1, 1, 3], np.float32))
    assert labels.counts == {1: 2, 0: 1, 3: 1}
    assert labels.entropy == pytest.approx(entropy(np.array([2, 1, 1])))
    labels.add(np.array([0.5], np.float32))
    assert not labels.whole
    assert labels.rows.shape == (5, 1)


def test_a_loss_times_a_whole_number_is_known_with_its_factor() -> None:
    loss = float(-np.log(SHARES[np.arange(16), CLASSES.astype(int)]).mean())
    for factor in (64.0, 1 / 4):
        found = recognise(SCORES, CLASSES, factor * loss)
        assert found is not None
        assert found.factor == pytest.approx(factor)
    assert recognise(SCORES, CLASSES, 3.37 * loss) is None
