"""Sketches of weights are as far apart as the weights; throughput leaves out the recorder alone."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from vizframe.gluon.training import ranks
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


def test_what_a_recording_takes_before_it_counts_anew_is_not_taken_off_the_next_count(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = 100.0
    monkeypatch.setattr(ranks, "time", SimpleNamespace(perf_counter=lambda: now))
    monitor, trainer = RankMonitor(), SimpleNamespace(_kvstore=None, _params=[])
    monitor.after_update(trainer, 32)
    now = started = 102.0
    now += 2  # the recorder's vitals
    assert monitor._throughput() == 32 / 4
    now += 1  # the rest of the recording
    monitor.skip_since(started)
    now += 2
    monitor.after_update(trainer, 32)
    assert monitor._throughput() == 32 / 2
