"""A clock of work: seconds of the wall, or, where the machine is overloaded, of the processor.

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
    """Moves on by what passes on the wall, or by less where the machine has more to do than cores.

    Args:
        wall, processor: clocks.
        is_busy: whether the machine has more to do than it has cores.
    """

    def __init__(
        self,
        wall: Seconds = time.perf_counter,
        processor: Seconds = time.process_time,
        is_busy: Callable[[], bool] | None = None,
    ) -> None:
        self._wall, self._processor = wall, processor
        self._is_busy = machine_is_busy if is_busy is None else is_busy
        self._lock = threading.Lock()
        self._last = wall(), processor()
        self._now = 0.0

    def __call__(self) -> float:
        with self._lock:
            now = self._wall(), self._processor()
            passed, worked = now[0] - self._last[0], now[1] - self._last[1]
            self._now += min(passed, worked) if self._is_busy() else passed
            self._last = now
            return self._now


def machine_is_busy() -> bool:
    """Whether more processes want to run than there are cores; never where nobody can tell."""
    try:
        return os.getloadavg()[0] > (os.cpu_count() or 1) + 0.5
    except OSError:
        return False


work_time = WorkClock()
"""The clock that recording and training are measured with."""
