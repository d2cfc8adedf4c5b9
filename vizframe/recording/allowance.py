"""An allowance: how often something may be done so that it stays cheap."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Clock = Callable[[], float]
"""Gives seconds."""


class Allowance:
    """Allows a piece of work while it takes less than a share of all the time that passes.

    Args:
        share: the share, of the time since `is_left` was first asked.
        credit: seconds that may be spent before they are earned, so that short trainings, and the
            first steps of long ones, are looked at in full.
        clock: tells how much time has passed.
        cost: tells how much of it the work took; `time.thread_time` where the work waits for the
            training, which is not its own cost.
    """

    def __init__(
        self,
        share: float,
        credit: float,
        clock: Clock = time.perf_counter,
        cost: Clock | None = None,
    ) -> None:
        self._share, self._credit, self._clock = share, credit, clock
        self._cost = cost or clock
        self._began: float | None = None
        self.spent = 0.0

    @property
    def is_left(self) -> bool:
        now = self._clock()
        if self._began is None:
            self._began = now
        return self.spent <= self._credit + self._share * (now - self._began)

    @contextmanager
    def spend(self) -> Iterator[None]:
        """Count the time spent inside."""
        began = self._cost()
        try:
            yield
        finally:
            self.spent += self._cost() - began
