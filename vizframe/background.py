"""Work of ours in a thread that a program which we look at does not see.

A script may wait for all threads that there are, count them, or write their names into its log:
`threading.enumerate` has none of these, and the script's own have the names that they have alone.
They end with the process, as daemons do.
"""

from __future__ import annotations

import _thread
import os
import threading
from collections.abc import Callable
from typing import Any


class Background:
    """One piece of work, done beside everything else.

    Args:
        work: is called once. Nobody hears what it raises but `sys.unraisablehook`.
    """

    def __init__(self, work: Callable[[], object]) -> None:
        self._work = work
        self._ended = threading.Event()
        self._process = 0

    def start(self) -> None:
        """Raises RuntimeError where the system gives no thread."""
        self._process = os.getpid()
        _thread.start_new_thread(self._run, ())

    def join(self, timeout: float | None = None) -> None:
        """Wait for its end, at most so many seconds; a fork has none to wait for."""
        if self._process == os.getpid():
            self._ended.wait(timeout)

    def _run(self) -> None:
        try:
            self._work()
        finally:
            # What was logged has asked who speaks, which makes a thread known that was not.
            known: dict[int, Any] = getattr(threading, "_active", {})
            known.pop(threading.get_ident(), None)
            self._ended.set()
