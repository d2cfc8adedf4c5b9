"""A plugin that does not end is interrupted, so that the training goes on.

In the main thread by an alarm, which ends waiting and sleeping too; where the script uses that
itself, or trains in another thread, by an exception that Python raises there between two of its
instructions. What neither of them ends, such as a loop in C, is said once.

Its time is that of `work_clock`: on a busy machine a plugin has not used what others took.
"""

from __future__ import annotations

import ctypes
import logging
import math
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from types import FrameType

from vizframe.background import Background
from vizframe.recording.work_clock import work_time

log = logging.getLogger("vizframe")

AGAIN = 0.1
"""Seconds until the next try, where a plugin catches what interrupts it."""

LEAST = 60.0
LONGEST = 3600.0
"""Seconds that a plugin may take where no timeout is given."""

PATIENCE = 5.0
"""Seconds after which an interruption that had no effect is logged."""


def timeout_of(given: float | None, limit: float, cost: float | None = None) -> float:
    """Seconds that a plugin may take: those given, or ten times what it cost before, or what the
    budget pays for, a minute at least and an hour at most."""
    if given is not None:
        return given
    return min(max(LEAST, 10 * (limit if cost is None else cost)), LONGEST)


class Overdue(BaseException):
    """A plugin took longer than it may. No `Exception`, which a plugin may catch."""


@contextmanager
def interrupted_after(seconds: float, label: str) -> Iterator[None]:
    """Raise Overdue inside the block once it has taken so long, and again until it ends; never,
    where that is endless."""
    if math.isinf(seconds):
        yield
        return
    watch = _Alarm(seconds) if _alarm_is_free() else _Watch(seconds)
    ended = threading.Event()
    Background(partial(_say_later, ended, label, seconds)).start()
    try:
        watch.start()
        yield
    finally:
        watch.stop()
        ended.set()


def _say_later(ended: threading.Event, label: str, seconds: float) -> None:
    if _ended_within(ended, work_time() + seconds + PATIENCE):
        return
    log.warning(
        "plugin %r has taken more than %.3g s and cannot be interrupted: the training waits for it",
        label,
        seconds,
    )


def _ended_within(ended: threading.Event, until: float) -> bool:
    """Wait for the end until the clock of work is there, and say whether it came."""
    while (left := until - work_time()) > 0:
        if ended.wait(max(left, AGAIN)):
            return True
    return ended.is_set()


def _alarm_is_free() -> bool:
    """Whether this is the main thread, and the script has no alarm of its own."""
    return (
        threading.current_thread() is threading.main_thread()
        and hasattr(signal, "setitimer")
        and signal.getsignal(signal.SIGALRM) is signal.SIG_DFL
        and signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
    )


class _Alarm:
    """The operating system's timer."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._until = math.inf
        self._armed = False

    def start(self) -> None:
        self._until = work_time() + self._seconds
        self._armed = True
        signal.signal(signal.SIGALRM, self._ring)
        signal.setitimer(signal.ITIMER_REAL, self._seconds)

    def _ring(self, number: int, frame: FrameType | None) -> None:
        if not self._armed:
            return
        left = self._until - work_time()
        signal.setitimer(signal.ITIMER_REAL, max(left, AGAIN))
        if left <= 0:
            raise Overdue

    def stop(self) -> None:
        while True:
            try:
                self._armed = False
                signal.setitimer(signal.ITIMER_REAL, 0.0)
                signal.signal(signal.SIGALRM, signal.SIG_DFL)
                return
            except Overdue:  # it rang right now
                continue


class _Watch:
    """A thread that asks Python to raise the exception in the one that is watched."""

    def __init__(self, seconds: float) -> None:
        self._until = work_time() + seconds
        self._watched = threading.get_ident()
        self._ended = threading.Event()
        self._lock = threading.Lock()
        self._thread = Background(self._wait)

    def start(self) -> None:
        self._thread.start()

    def _wait(self) -> None:
        if _ended_within(self._ended, self._until):
            return
        while True:
            with self._lock:
                if self._ended.is_set():
                    return
                _raise_in(self._watched, Overdue)
            self._ended.wait(AGAIN)

    def stop(self) -> None:
        while True:
            try:
                with self._lock:
                    self._ended.set()
                _let_pending_in()
                return
            except Overdue:
                continue


def _raise_in(thread: int, error: type[BaseException]) -> None:
    """Ask Python to raise it there soon."""
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(error))


def _let_pending_in() -> None:
    """What Python was asked to raise here, it raises when a function is called or a loop turns.

    It could be asked for nothing instead, to take that back; but Python 3.11 and 3.12 keep a mark
    then that something is to be raised, and a profiler, a debugger or coverage, which look for the
    mark at each call, wait for ever.
    """
    for _ in range(2):
        pass
