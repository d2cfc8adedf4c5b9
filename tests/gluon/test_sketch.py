"""Sketches of weights are as far apart as the weights."""

from __future__ import annotations

import numpy as np

from vizframe.gluon.training.ranks import PART, SUMS, sketch


def test_sketches_are_as_far_apart_as_the_weights_within_a_third() -> None:
    draw = np.random.default_rng(3)
    weights = draw.normal(size=PART + 5).astype(np.float32)
    for change in (draw.normal(size=weights.size), np.full(weights.size, 0.3)):
        moved = (weights + change).astype(np.float32)
        estimate = np.linalg.norm(sketch(moved) - sketch(weights))
        assert 0.66 < estimate / np.linalg.norm(moved - weights) < 1.33
    assert sketch(weights).shape == (SUMS,)
    assert np.array_equal(sketch(weights), sketch(weights.copy()))


def test_no_weights_have_a_sketch_of_zeros() -> None:
    assert not sketch(np.empty(0, np.float32)).any()
