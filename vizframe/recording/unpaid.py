"""What is due and cannot be paid yet: how often the budget is asked about it again."""

from __future__ import annotations

from collections.abc import Set

EVERY = 0.25
"""Seconds until the budget is asked again: asking takes half a millisecond, a step perhaps four."""


class Unpaid:
    """The plugins that could not be paid when the budget was last asked."""

    def __init__(self) -> None:
        self._labels: Set[str] = frozenset()
        self._asked = 0.0

    def may_be_paid(self, due: Set[str], now: float) -> bool:
        """Whether something else has become due since then, or time has passed.

        Args:
            now: seconds, of the clock that `refuse` is told.
        """
        return not due <= self._labels or now - self._asked >= EVERY

    def refuse(self, due: Set[str], now: float) -> None:
        """None of these could be paid."""
        self._labels, self._asked = frozenset(due), now
