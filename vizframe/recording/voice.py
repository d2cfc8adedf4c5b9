"""What vizframe says while a script runs: on standard error, never into the script's own logs.

A script may put a stream of its own in the place of standard error, such as a log file or standard
output. What vizframe says is no part of that: it goes to the stream that was there before the
script began. Where that was closed, there is nowhere to say anything, and nothing is said.
"""

from __future__ import annotations

import logging
import sys
from typing import TextIO

log = logging.getLogger("vizframe")


class Voice(logging.Handler):
    """Writes one line on what standard error is when this is made."""

    def __init__(self) -> None:
        super().__init__()
        self._stream = sys.stderr

    @property
    def is_silenced(self) -> bool:
        """Whether its stream is closed."""
        return self._stream is None or getattr(self._stream, "closed", False)

    def emit(self, record: logging.LogRecord) -> None:
        try:
            sentence = record.getMessage()
        except Exception:  # what is to be said does not fit its sentence; no script ends for that
            sentence = str(record.msg)
        _write(sentence, self._stream)


def say(sentence: str) -> None:
    """Write one line on the present standard error, if there is one."""
    _write(sentence, sys.stderr)


def _write(sentence: str, stream: TextIO | None) -> None:
    if stream is None:
        return  # print would write it on standard output, which is the script's own
    try:
        print(f"vizframe: {sentence}", file=stream, flush=True)
    except Exception:  # of a stream that was closed, or of the script's own
        return


def is_terminal() -> bool:
    """Whether somebody sees at once what is written on standard error."""
    try:
        return sys.stderr.isatty()
    except Exception:  # there is none, it was closed, or it is the script's own and cannot tell
        return False


def speak() -> None:
    """Give vizframe's logger a handler, unless it has one: a program says by that where it wants
    these lines."""
    for each in [each for each in log.handlers if isinstance(each, Voice) and each.is_silenced]:
        log.removeHandler(each)
    if not log.handlers:
        log.addHandler(Voice())
        log.propagate = False
        if log.level == logging.NOTSET:
            log.setLevel(logging.INFO)
