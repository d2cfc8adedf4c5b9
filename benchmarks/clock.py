"""The clock: the one on the wall, or with ``--cpu`` the processor's, where others use the machine.

With ``--cpu`` set ``OMP_NUM_THREADS=1`` as well: threads that wait for each other count as busy.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

on_processor = "--cpu" in sys.argv
now: Callable[[], float] = time.process_time if on_processor else time.perf_counter
"""Seconds since whenever."""


def seconds(run: Callable[[], object]) -> float:
    """How long one run takes."""
    start = now()
    run()
    return now() - start
