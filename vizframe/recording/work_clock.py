"""A clock of work: seconds of the wall, less those in which this process waited for a processor.

quiet   1 s of work takes 1 s         the wall tells both recording and training alike
busy    1 s of work takes 2 to 8 s    as much as others leave, now more, now less: what the wall
                                      charges a recording with is mostly waiting

Linux tells how long each thread stood ready and did not run, which is exact and at once. Elsewhere
the machine's load tells what a fair share would be, a minute late.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

Seconds = Callable[[], float]

EVERY = 0.02
"""Seconds of the wall after which the threads are looked at again, which takes a quarter of a
millisecond; until then the clock moves like the wall, and then stands until it is right."""


class WorkClock:
    """Moves on by what passes on the wall, or by less where the machine has more to do than cores.

    Args:
        wall, processor: clocks.
        waited: how long the threads of this process have been ready without running, in all; where
            nobody tells, None.
        share: of the cores, what is left to each process that wants to run; 1 where all have one.
            Where ``waited`` tells nothing, a second counts by what the processor did in it, but no
            less than this share, as one who waits for something else is not idle.
    """

    def __init__(
        self,
        wall: Seconds = time.perf_counter,
        processor: Seconds = time.process_time,
        waited: Callable[[], float | None] | None = None,
        share: Callable[[], float] | None = None,
    ) -> None:
        self._wall, self._processor = wall, processor
        self.waited = ReadyThreads() if waited is None else waited
        self.share = fair_share if share is None else share
        self._lock = threading.RLock()
        self._is_read = False
        self._last = wall(), processor(), self.waited()
        self._work = self._now = 0.0

    def __call__(self) -> float:
        with self._lock:
            if self._is_read:  # a signal came while this thread reads it
                return self._now
            self._is_read = True
            try:
                self._now = max(self._now, self._read())
            finally:
                self._is_read = False
            return self._now

    def _read(self) -> float:
        wall = self._wall()
        passed = wall - self._last[0]
        if passed < EVERY:
            return self._work + passed
        now = wall, self._processor(), self.waited()
        self._work += self._charge(passed, now[1] - self._last[1], now[2])
        self._last = now
        return self._work

    def _charge(self, passed: float, worked: float, waited: float | None) -> float:
        """Of threads one after the other the wall less the waiting, of those side by side, which
        wait at the same time, the part of it that they ran."""
        before = self._last[2]
        if waited is None or before is None:
            return min(passed, max(worked, passed * self.share()))
        ready = max(0.0, waited - before)
        ran = passed * worked / (worked + ready) if ready > 0 else passed
        return min(passed, max(0.0, passed - ready, ran))


class ReadyThreads:
    """How long the threads of this process were ready without running, seconds since the first
    question; None where the system does not tell.

    Args:
        tasks: a folder for each thread, whose ``schedstat`` has the nanoseconds as its second word.
    """

    def __init__(self, tasks: Path = Path("/proc/self/task")) -> None:
        self._tasks = tasks
        self._known: dict[str, int] = {}
        self._ended = 0

    def __call__(self) -> float | None:
        try:
            found = {name: self._of(name) for name in os.listdir(self._tasks)}
        except (OSError, ValueError, IndexError):
            return None
        known = {name: each for name, each in found.items() if each is not None}
        self._ended += sum(self._known[name] for name in self._known.keys() - known.keys())
        self._known = known
        return (self._ended + sum(known.values())) / 1e9 if known else None

    def _of(self, name: str) -> int | None:
        """Nanoseconds; None of a thread that has ended meanwhile."""
        try:
            with open(self._tasks / name / "schedstat", "rb") as told:
                return int(told.read().split()[1])
        except (FileNotFoundError, ProcessLookupError):
            return None


def fair_share() -> float:
    """How much of a core each process that wants to run gets; 1 where nobody can tell."""
    try:
        wanting = os.getloadavg()[0]
    except OSError:
        return 1.0
    cores = os.cpu_count() or 1
    return cores / wanting if wanting > cores + 0.5 else 1.0


work_time = WorkClock()
"""The clock that recording and training are measured with."""
