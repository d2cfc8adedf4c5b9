"""A clock of work: seconds of the wall, or, where the machine is overloaded, this process's share.

quiet   1 s of work takes 1 s         the wall tells both recording and training alike
busy    1 s of work takes 2 to 8 s    as much as others leave, now more, now less: what the wall
                                      charges a recording with is mostly waiting
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable

Seconds = Callable[[], float]


class WorkClock:
    """Moves on by what passes on the wall, or by less where the machine has more to do than cores:
    then by what the processor did, but no less than a fair share, as one who waits is not idle.

    Args:
        wall, processor: clocks.
        share: of the cores, what is left to each process that wants to run; 1 where all have one.
    """

    def __init__(
        self,
        wall: Seconds = time.perf_counter,
        processor: Seconds = time.process_time,
        share: Callable[[], float] | None = None,
    ) -> None:
        self._wall, self._processor = wall, processor
        self.share = fair_share if share is None else share
        self._lock = threading.Lock()
        self._last = wall(), processor()
        self._now = 0.0

    def __call__(self) -> float:
        with self._lock:
            now = self._wall(), self._processor()
            passed, worked = now[0] - self._last[0], now[1] - self._last[1]
            self._now += min(passed, max(worked, passed * self.share()))
            self._last = now
            return self._now


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
