"""Forecasts: a plugin that would take too long is stopped early."""

from __future__ import annotations

import pytest

from tests.recording.test_budget import Clock
from vizframe.plugin import ignore_progress
from vizframe.recording.deadline import Deadline, Stopped


def work(limit: float, seconds: list[float], totals: list[tuple[int, int]]) -> float | None:
    """Report after each stretch of work; what was foretold, or None where it could end."""
    clock = Clock()
    forecast = Deadline(limit, ignore_progress, clock)
    for passed, (done, total) in zip(seconds, totals, strict=True):
        clock.now += passed
        try:
            forecast(done, total, "work")
        except Stopped as stopped:
            return stopped.seconds
    return None


def test_a_plugin_is_stopped_at_its_second_report_when_it_would_take_too_long() -> None:
    reports = [(1, 10), (2, 10), (3, 10)]
    assert work(5.0, [1.0] * 3, reports) == pytest.approx(10.0)
    assert work(10.0, [1.0] * 3, reports) is None


def test_compiling_before_the_first_report_is_counted_once() -> None:
    assert work(10.0, [6.0, 1.0], [(1, 10), (2, 10)]) == pytest.approx(15.0)
    assert work(15.0, [6.0, 1.0], [(1, 10), (2, 10)]) is None


def test_work_in_pieces_is_foretold_piece_by_piece() -> None:
    assert work(10.0, [1.0] * 4, [(1, 2), (2, 2), (1, 2), (2, 2)]) is None
    assert work(3.5, [1.0] * 4, [(1, 2), (2, 2), (1, 2), (2, 2)]) == pytest.approx(4.0)


def test_reports_that_come_at_once_foretell_nothing() -> None:
    assert work(0.5, [0.01, 0.01], [(1, 1000), (2, 1000)]) is None


def test_what_is_reported_is_passed_on() -> None:
    told: list[tuple[int, int, str]] = []
    Deadline(1.0, lambda *report: told.append(report))(1, 2, "conv1")
    assert told == [(1, 2, "conv1")]
