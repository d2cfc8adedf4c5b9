"""What a recording leaves as it was, whatever its plugins do: Python's and NumPy's random numbers,
the working directory, what NumPy does about a division by zero, how deep Python may call, and who
handles signals. What another thread of the script may change at the same time is not touched."""

from __future__ import annotations

import os
import random
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import numpy as np

Restore = Callable[[], object]

_SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGALRM")


@contextmanager
def unchanged_python() -> Iterator[None]:
    """Inside, NumPy says nothing of numbers that are not finite, although the script may have it
    raise; afterwards the global generators draw what they would have drawn."""
    restores = [*_random_numbers(), *_settings(), *_signal_handlers()]
    try:
        with np.errstate(all="ignore"):
            yield
    finally:
        for restore in restores:
            restore()


def _random_numbers() -> Iterator[Restore]:
    own, numpys = random.getstate(), np.random.get_state()
    yield lambda: random.setstate(own)
    yield lambda: np.random.set_state(numpys)


def _settings() -> Iterator[Restore]:
    folder, limit = _working_directory(), sys.getrecursionlimit()

    def restore() -> None:
        if folder is not None and folder != _working_directory():
            with suppress(OSError):  # it was removed meanwhile
                os.chdir(folder)
        if sys.getrecursionlimit() != limit:
            sys.setrecursionlimit(limit)

    yield restore


def _signal_handlers() -> Iterator[Restore]:
    """Only the main thread may set them, and what no Python code had set stays."""
    if threading.current_thread() is not threading.main_thread():
        return
    names = (getattr(signal, name, None) for name in _SIGNALS)
    before = {number: signal.getsignal(number) for number in names if number is not None}

    def restore() -> None:
        for number, handler in before.items():
            if handler is not None and signal.getsignal(number) is not handler:
                signal.signal(number, handler)

    yield restore


def _working_directory() -> str | None:
    """The working directory; None where it was removed."""
    try:
        return os.getcwd()
    except OSError:
        return None
