"""Budgets: the share of time that recording may take."""

from __future__ import annotations

import pytest

from vizframe.errors import UsageError
from vizframe.recording.budget import Budget, share_of


class Clock:
    """A clock that moves when it is told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def record(budget: Budget, clock: Clock, costs: dict[str, float], due: list[str]) -> list[str]:
    """Record those of the due plugins that can be paid, each at its cost, one that foretells it."""
    paid = budget.choose_affordable(due)
    done = []
    if paid:
        with budget.measure():
            for label in paid:
                limit = budget.limit(label)
                if limit <= 0:
                    continue
                if costs[label] > limit:  # it is stopped when a tenth is done
                    clock.now += costs[label] / 10
                    budget.learn({label: costs[label] / 10}, {label: costs[label]})
                    continue
                clock.now += costs[label]
                budget.learn({label: costs[label]}, {})
                done.append(label)
    return done


def train(
    budget: Budget, clock: Clock, seconds: int, costs: dict[str, float]
) -> dict[str, list[int]]:
    """The seconds at which each plugin was recorded, in a training of one step a second where
    all of them are due at every step."""
    recorded: dict[str, list[int]] = {label: [] for label in costs}
    for second in range(seconds):
        for label in record(budget, clock, costs, list(costs)):
            recorded[label].append(second)
        clock.now += 1.0
    return recorded


def test_recordings_are_spaced_so_that_the_share_is_kept() -> None:
    clock = Clock()
    budget = Budget(0.05, clock)
    recorded = train(budget, clock, 1000, {"maps": 1.0})
    assert recorded["maps"][:4] == [0, 1, 60, 80]  # forty seconds are lent
    assert 0.04 < budget.spent <= 0.05


def test_the_first_recording_is_made_on_credit_and_the_dear_wait() -> None:
    clock = Clock()
    budget = Budget(0.1, clock)
    recorded = train(budget, clock, 1000, {"cheap": 0.01, "ascent": 20.0, "late": 0.5})
    assert recorded["cheap"][0] == 0
    assert recorded["ascent"][0] > 200
    assert recorded["late"][0] < 50
    assert budget.spent <= 0.1


def test_what_cheap_plugins_leave_goes_to_the_dear_and_nobody_starves() -> None:
    clock = Clock()
    budget = Budget(0.05, clock)
    recorded = train(budget, clock, 2000, {"cheap": 0.001, "middle": 0.5, "dear": 5.0})
    times = {label: len(steps) for label, steps in recorded.items()}
    assert times["cheap"] > 1900
    assert 80 <= times["middle"] <= 110  # half of the 98 s that the cheap one leaves
    assert 8 <= times["dear"] <= 11
    assert 0.045 < budget.spent <= 0.05


def test_at_the_end_nobody_saves_any_more() -> None:
    clock = Clock()
    budget = Budget(0.1, clock)
    with budget.measure():
        budget.learn({"middle": 0.0, "dear": 0.0}, {})
        budget.costs.update(middle=3.0, dear=9.0)
    clock.now += 30.0
    assert (
        budget.choose_affordable(["middle", "dear"]) == []
    )  # one of 3 s would be more than its half
    assert budget.choose_affordable(["middle", "dear"], at_end=True) == ["middle"]


def test_a_plugin_that_was_stopped_and_has_waited_may_take_a_little_more_than_it_foretold() -> None:
    clock = Clock()
    budget = Budget(0.1, clock)
    record(budget, clock, {"ascent": 9.0}, ["ascent"])
    assert budget.costs == {"ascent": 9.0}
    clock.now += 98.0  # earn 9.8 s, of which 0.9 are spent
    assert record(budget, clock, {"ascent": 10.0}, ["ascent"]) == []
    clock.now += 2.0
    assert record(budget, clock, {"ascent": 10.0}, ["ascent"]) == ["ascent"]


def test_the_overdraft_of_a_plugin_that_foretold_nothing_is_worked_off() -> None:
    clock = Clock()
    budget = Budget(0.1, clock)
    with budget.measure():
        clock.now += 20.0
        budget.learn({"silent": 20.0}, {})
    clock.now += 399.0
    assert budget.choose_affordable(["silent"]) == []
    clock.now += 2.0
    assert budget.choose_affordable(["silent"]) == ["silent"]


def test_a_plugin_that_was_never_paid_is_named_with_its_cost() -> None:
    clock = Clock()
    budget = Budget(0.05, clock)
    train(budget, clock, 43, {"cheap": 0.01, "ascent": 20.0})
    assert budget.describe_unpaid("cheap") == ""
    assert budget.describe_unpaid("ascent") == (
        "plugin 'ascent' was never recorded: a budget of 5 % of 43 s of training does not pay "
        "for it, which would take 20 s"
    )


def test_what_a_recording_costs_beside_its_plugins_is_paid_too() -> None:
    clock = Clock()
    budget = Budget(0.1, clock)
    for _ in range(2):
        with budget.measure():
            clock.now += 3.0  # writing, say
            budget.learn({"maps": 0.0}, {})
    clock.now += 89.0
    assert budget.choose_affordable(["maps"]) == []
    clock.now += 2.0
    assert budget.choose_affordable(["maps"]) == ["maps"]


def test_without_a_limit_every_recording_is_made() -> None:
    clock = Clock()
    budget = Budget(None, clock)
    assert train(budget, clock, 5, {"ascent": 9.0})["ascent"] == [0, 1, 2, 3, 4]
    assert budget.describe_unpaid("ascent") == ""


def test_a_recording_that_fails_is_counted_too() -> None:
    clock = Clock()
    budget = Budget(0.05, clock)

    def fail_after(seconds: float) -> None:
        with budget.measure():
            clock.now += seconds
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_after(2.0)
    assert (budget.recording, budget.last) == (2.0, 2.0)


def test_what_the_vitals_take_is_part_of_the_share() -> None:
    """Once they came on top: a budget of 5 % cost 7 % and more."""
    clock = Clock()
    looked = 0.0
    budget = Budget(0.05, clock, beside=lambda: looked)
    seconds = 0.0
    for _ in range(1000):
        seconds += sum(len(each) for each in train(budget, clock, 1, {"maps": 1.0}).values())
        looked += 0.02
        clock.now += 0.02
    assert 0.04 < budget.spent <= 0.05
    assert seconds + looked <= 50
    assert seconds >= 28


@pytest.mark.parametrize(("share", "part"), [(None, 1.0), (0.2, 1.0), (0.05, 0.5), (0.01, 0.1)])
def test_a_small_budget_leaves_the_vitals_less(share: float | None, part: float) -> None:
    assert Budget(share).part_for_vitals == pytest.approx(part)


def test_setting_up_is_paid_for_but_is_no_recording() -> None:
    clock = Clock()
    budget = Budget(0.05, clock)
    with budget.charge():
        clock.now += 3.0
    assert train(budget, clock, 200, {"maps": 1.0})["maps"][:2] == [0, 100]


def test_what_is_charged_inside_of_a_charge_counts_once() -> None:
    clock = Clock()
    budget = Budget(0.05, clock)
    with budget.charge():
        clock.now += 1.0
        with budget.charge():
            clock.now += 2.0
    assert budget.recording == 3.0


def test_before_any_training_nothing_was_spent() -> None:
    assert Budget(0.05, Clock()).spent == 0.0


@pytest.mark.parametrize(("given", "share"), [("5%", 0.05), (" 12.5 % ", 0.125), (0.05, 0.05)])
def test_a_share_can_be_written_as_a_percentage(given: float | str, share: float) -> None:
    assert share_of(given) == pytest.approx(share)


@pytest.mark.parametrize("given", [None, "none", " None "])
def test_a_budget_of_none_is_no_limit(given: str | None) -> None:
    assert share_of(given) is None


def test_a_short_training_is_recorded_whole_on_what_is_lent() -> None:
    clock = Clock()
    budget = Budget(0.2, clock)
    recorded = train(budget, clock, 10, {"maps": 0.5, "weights": 0.25})
    assert recorded == {"maps": list(range(10)), "weights": list(range(10))}


@pytest.mark.parametrize("given", ["5", "-5%", "0%", 0.0, -1.0, float("nan"), "much"])
def test_what_is_no_share_is_refused(given: float | str) -> None:
    told = r"it can be a percentage above 0, such as '5%', or 'none'$"
    with pytest.raises(UsageError, match=told):
        share_of(given)
