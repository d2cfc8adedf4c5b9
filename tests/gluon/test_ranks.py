"""Sketches of weights are as far apart as the weights; throughput leaves out the recorder alone."""

from __future__ import annotations

import time
from types import SimpleNamespace

import numpy as np

from vizframe.gluon.training.ranks import PART, SUMS, RankMonitor, sketch


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


def test_what_a_recording_takes_before_it_counts_anew_is_not_taken_off_the_next_count() -> None:
    monitor = RankMonitor()
    started = time.perf_counter()
    monitor.after_update(SimpleNamespace(_kvstore=None, _params=[]), 32)
    time.sleep(0.05)  # the recorder's vitals
    assert monitor._throughput() > 0
    monitor.skip_since(started)
    assert monitor._since - time.perf_counter() < 0.01
