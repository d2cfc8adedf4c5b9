"""What is due, and how often the budget is asked about it."""

from __future__ import annotations

from collections.abc import Iterable

from vizframe.recording.budget import Budget
from vizframe.recording.dues import Dues
from vizframe.recording.newest import LABEL as NEWEST
from vizframe.recording.schedule import Moment, Schedule


class Purse(Budget):
    """Pays for what it is told to, and counts how often it is asked."""

    def __init__(self, *pays: str) -> None:
        super().__init__(0.05, lambda: 0.0)
        self.pays, self.asked = pays, 0

    def choose_affordable(self, due: Iterable[str], *, at_end: bool = False) -> list[str]:
        self.asked += 1
        return [label for label in due if label in self.pays]


def dues(purse: Purse, **every: int) -> Dues:
    found = Dues({label: Schedule.of(steps) for label, steps in every.items()}, purse)
    found.look(Moment(0))
    return found


def ask(each: Dues, now: float) -> list[str]:
    return each.payable(now) if each.may_be_paid(now) else []


def test_what_cannot_be_paid_is_asked_for_now_and_then() -> None:
    """The question reads the clocks of all threads; at every step it took a fiftieth of one."""
    purse = Purse()
    each = dues(purse, ascent=1)
    for step in range(1, 1001):
        each.look(Moment(step))
        assert ask(each, step / 100) == []
    assert 30 <= purse.asked <= 41


def test_what_becomes_due_is_asked_for_at_once() -> None:
    purse = Purse("weights")
    each = dues(purse, ascent=100, weights=10)
    assert ask(each, 0.0) == ["weights"]
    each.drop({"weights"})
    assert (ask(each, 0.01), purse.asked) == ([], 2)
    each.look(Moment(9))
    assert (ask(each, 0.02), purse.asked) == ([], 2)
    each.look(Moment(10))
    assert ask(each, 0.03) == ["weights"]


def test_without_anything_due_nobody_is_asked() -> None:
    purse = Purse("maps")
    each = dues(purse, maps=10)
    each.drop({"maps"})
    assert (ask(each, 9.0), purse.asked) == ([], 0)
    each.add_all()
    assert ask(each, 9.0) == ["maps"]


def test_the_newest_weights_alone_make_no_step() -> None:
    each = dues(Purse(NEWEST), **{NEWEST: 1, "maps": 1})
    assert ask(each, 0.0) == []
