"""What is due: plugins whose schedule asks for them, until the budget pays for them.

schedules ──► due ──► the budget ──► recorded, and due no more
               ▲          └ not now: asked again a quarter of a second later, or when more is due
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set

from vizframe.recording.budget import Budget
from vizframe.recording.newest import LABEL as NEWEST
from vizframe.recording.schedule import Moment, Rhythms, Schedule

EVERY = 0.25
"""Seconds until the budget is asked again: asking takes half a millisecond, a step perhaps four."""


class Dues:
    """The plugins of one recording that are due.

    Args:
        schedules: of each plugin, by label, in the order in which they are recorded.
        budget: that pays for them.
    """

    def __init__(self, schedules: Mapping[str, Schedule], budget: Budget) -> None:
        self._schedules, self._budget = schedules, budget
        self._rhythms = Rhythms(schedules)
        self._due: set[str] = set()
        self._refused: Set[str] = frozenset()
        self._asked = 0.0

    @property
    def counts_epochs(self) -> bool:
        """Whether a schedule needs to know how many epochs are complete."""
        return self._rhythms.in_epochs

    def look(self, moment: Moment) -> None:
        """Add the plugins whose schedules ask for this moment; to be called once at each."""
        self._due |= self._rhythms.due(moment)

    def add_all(self) -> None:
        """Make all plugins due, since the training has ended."""
        self._due = set(self._schedules)

    def drop(self, labels: Set[str]) -> None:
        """Make these due no more: they have been recorded, or never will be."""
        self._due -= labels

    def may_be_paid(self, now: float) -> bool:
        """Whether the budget is worth asking: something has become due since it last refused all,
        or time has passed.

        Args:
            now: seconds, of the clock of the moments.
        """
        if not self._due:
            return False
        return not self._due <= self._refused or now - self._asked >= EVERY

    def payable(self, now: float, *, at_end: bool = False) -> list[str]:
        """The labels that the budget pays for now; none where that would be the newest weights
        alone, for which no step is made."""
        due = [label for label in self._schedules if label in self._due]
        paid = self._budget.choose_affordable(due, at_end=at_end)
        if set(paid) - {NEWEST}:
            return paid
        self._refused, self._asked = frozenset(self._due), now
        return []

    def describe_unpaid(self) -> Iterator[str]:
        """A sentence on each plugin that the budget has never paid for."""
        return filter(None, map(self._budget.describe_unpaid, self._schedules))
