"""A deadline: a plugin is stopped whose own report of progress foretells that it takes too long.

    progress(3, 12, "conv1") ──► a quarter took 2 s ──► 8 s ──► over the limit: Stopped

What comes before the first report, compiling mostly, is counted once and not extrapolated.
"""

from __future__ import annotations

from collections.abc import Callable

from vizframe.plugin import Progress
from vizframe.recording.work_clock import work_time

Clock = Callable[[], float]

SURE = 0.1
"""Seconds that must lie between two reports before anything is foretold from them."""


class Stopped(Exception):
    """A plugin would take longer than it may.

    Attributes:
        seconds: what it would take.
    """

    def __init__(self, seconds: float) -> None:
        super().__init__(f"it would take {seconds:.2g} s")
        self.seconds = seconds


class Deadline:
    """A report of progress that passes on what it is told, and stops a plugin that would take
    longer than ``limit`` seconds, by raising `Stopped` inside it."""

    def __init__(self, limit: float, progress: Progress, clock: Clock = work_time) -> None:
        self._limit = limit
        self._progress = progress
        self._clock = clock
        self._started = clock()
        self._first: tuple[float, int, int] | None = None

    def __call__(self, done: int, total: int, what: str) -> None:
        """Raises Stopped."""
        self._progress(done, total, what)
        passed = self._clock() - self._started
        if self._first is None or done < self._first[1] or total != self._first[2]:
            self._first = (passed, done, total)  # what starts over is another piece of work
            return
        since, before, _ = self._first
        if done > before and passed - since >= SURE:
            foretold = passed + (passed - since) / (done - before) * (total - done)
            if foretold > self._limit:
                raise Stopped(foretold)
