"""Which steps the range of a series is taken from, and what it comes to."""

from __future__ import annotations

from itertools import pairwise

from vizframe.webapp.value_range import sample_steps


def test_between_a_dozen_and_two_dozen_steps_are_looked_at() -> None:
    assert all(12 < len(sample_steps(range(count))) <= 24 for count in (25, 100, 1000, 54_321))
    assert list(sample_steps(range(24))) == list(range(24))


def test_steps_looked_at_stay_while_a_run_grows() -> None:
    samples = [set(sample_steps(range(count))) for count in range(1, 400)]
    for before, after in pairwise(samples):
        assert len(before & after) >= len(before) // 2
