"""What vizframe says while a script runs: on standard error, never into the script's own logs.

A script may have closed standard error, taken it away or put something of its own in its place,
which need not be a whole stream. Then there may be nowhere to say anything, and nothing is said.
"""

from __future__ import annotations

import logging
import sys

log = logging.getLogger("vizframe")


class Voice(logging.Handler):
    """Writes one line on what standard error is by then."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            sentence = record.getMessage()
        except Exception:  # what is to be said does not fit its sentence; no script ends for that
            sentence = str(record.msg)
        say(sentence)


def say(sentence: str) -> None:
    """Write one line on what standard error is by now, if anything."""
    if sys.stderr is None:
        return  # print would write it on standard output, which is the script's own
    try:
        print(f"vizframe: {sentence}", file=sys.stderr, flush=True)
    except Exception:  # of a stream that was closed, or of the script's own
        return


def is_terminal() -> bool:
    """Whether somebody sees at once what is written on standard error."""
    try:
        return sys.stderr.isatty()
    except Exception:  # there is none, it was closed, or it is the script's own and cannot tell
        return False


def speak() -> None:
    """Give vizframe's logger a handler of its own; one that has any is left as it is, with which a
    program says where it wants these lines."""
    if not log.handlers:
        log.addHandler(Voice())
        log.propagate = False
        if log.level == logging.NOTSET:
            log.setLevel(logging.INFO)
