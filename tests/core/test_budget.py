"""Budgets: the share of time that recording may take."""

from __future__ import annotations

import pytest

from vizframe.budget import Budget, share_of
from vizframe.errors import UsageError


class Clock:
    """A clock that moves when it is told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def train(budget: Budget, clock: Clock, seconds: int, costs: list[float]) -> list[int]:
    """The seconds at which a training of one step a second was recorded."""
    recorded = []
    for second in range(seconds):
        if budget.affords_another():
            recorded.append(second)
            with budget.measured():
                clock.now += costs[min(len(recorded) - 1, len(costs) - 1)]
        clock.now += 1.0
    return recorded


def test_recordings_are_spaced_so_that_the_share_is_kept() -> None:
    clock = Clock()
    budget = Budget(0.05, clock)
    recorded = train(budget, clock, 1000, [1.0])
    assert recorded[:4] == [0, 40, 60, 80]
    assert 0.04 < budget.spent <= 0.05


def test_an_expensive_first_recording_is_worked_off() -> None:
    clock = Clock()
    budget = Budget(0.1, clock)
    assert train(budget, clock, 500, [20.0, 0.5])[:4] == [0, 400, 401, 402]
    assert budget.spent <= 0.1


def test_without_a_limit_every_recording_is_made() -> None:
    clock = Clock()
    assert train(Budget(None, clock), clock, 5, [9.0]) == [0, 1, 2, 3, 4]


def test_a_recording_that_fails_is_counted_too() -> None:
    clock = Clock()
    budget = Budget(0.05, clock)

    def fail_after(seconds: float) -> None:
        with budget.measured():
            clock.now += seconds
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_after(2.0)
    assert (budget.recording, budget.last) == (2.0, 2.0)


def test_setting_up_is_paid_for_but_is_no_recording() -> None:
    clock = Clock()
    budget = Budget(0.05, clock)
    with budget.charged():
        clock.now += 3.0
    assert budget.affords_another()
    assert train(budget, clock, 200, [1.0])[:2] == [0, 100]


def test_before_any_training_nothing_was_spent() -> None:
    assert Budget(0.05, Clock()).spent == 0.0


@pytest.mark.parametrize(("given", "share"), [("5%", 0.05), (" 12.5 % ", 0.125), (0.05, 0.05)])
def test_a_share_can_be_written_as_a_percentage(given: float | str, share: float) -> None:
    assert share_of(given) == pytest.approx(share)


@pytest.mark.parametrize("given", ["5", "-5%", "0%", 0.0, -1.0, float("nan"), "much"])
def test_what_is_no_share_is_refused(given: float | str) -> None:
    with pytest.raises(UsageError, match=r"it can be a percentage above 0, such as '5%'$"):
        share_of(given)
