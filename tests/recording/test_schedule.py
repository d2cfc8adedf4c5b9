"""Schedules: which steps are due, and what a person can write."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from vizframe.errors import UsageError
from vizframe.recording.schedule import Moment, Schedule


def due(schedule: Schedule, steps: Iterable[int]) -> list[int]:
    return [step for step in steps if schedule.due(Moment(step))]


def test_every_n_steps_begins_with_the_first_step_seen() -> None:
    assert due(Schedule.of(100), range(301)) == [0, 100, 200, 300]
    assert due(Schedule.of(100), range(42, 301)) == [42, 100, 200, 300]


def test_a_schedule_that_misses_its_step_takes_the_next() -> None:
    assert due(Schedule.of(10), [1, 9, 14, 31]) == [1, 14, 31]


def test_epochs_are_due_when_one_is_complete() -> None:
    schedule = Schedule.of("1 epoch")
    moments = [Moment(step, epoch=step / 10) for step in range(31)]
    assert [each.step for each in moments if schedule.due(each)] == [0, 10, 20, 30]


def test_seconds_are_counted_on_the_clock() -> None:
    schedule = Schedule.of("30 s")
    moments = [Moment(step, time=step * 7.0) for step in range(14)]
    assert [each.time for each in moments if schedule.due(each)] == [0, 35, 63, 91]


def test_log_spacing_thins_out_as_training_goes_on() -> None:
    steps = due(Schedule.of("log"), range(1001))
    assert steps[:12] == [0, 1, 2, 3, 4, 6, 7, 8, 10, 13, 16, 20]
    assert len([step for step in steps if 100 <= step < 1000]) == 10
    assert 1000 in steps


@pytest.mark.parametrize(
    ("text", "amount", "unit"),
    [
        ("100", 100, "steps"),
        ("1 step", 1, "steps"),
        ("epoch", 1, "epochs"),
        ("0.5 epochs", 0.5, "epochs"),
        ("2min", 120, "seconds"),
        ("1 h", 3600, "seconds"),
        ("log", 10, "decade"),
        ("log:3", 3, "decade"),
    ],
)
def test_a_text_means_a_schedule(text: str, amount: float, unit: str) -> None:
    schedule = Schedule.of(text)
    assert (schedule.amount, schedule.unit) == (amount, unit)


@pytest.mark.parametrize("text", ["", "often", "-5", "3 parsecs", "0", "log:0", "nan"])
def test_a_text_that_means_none_is_refused_with_what_is_allowed(text: str) -> None:
    with pytest.raises(UsageError, match=r"^every is .*; it can be a number of steps such as 100"):
        Schedule.of(text)


def test_a_schedule_made_of_a_schedule_starts_afresh() -> None:
    first = Schedule.of(10)
    assert due(first, [0, 5]) == [0]
    assert due(Schedule.of(first), [5]) == [5]
