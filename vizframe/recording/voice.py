"""What vizframe says while a script runs: on standard error, never into the script's own logs."""

from __future__ import annotations

import logging
import sys

log = logging.getLogger("vizframe")


class Voice(logging.Handler):
    """Writes one line on what standard error is by then."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            print(f"vizframe: {record.getMessage()}", file=sys.stderr, flush=True)
        except Exception:  # a script may have closed it
            self.handleError(record)

    def handleError(self, record: logging.LogRecord) -> None:
        """Nothing can be said where there is nowhere to say it."""


def speak() -> None:
    """Give vizframe's logger a handler of its own; one that has any is left as it is, with which a
    program says where it wants these lines."""
    if not log.handlers:
        log.addHandler(Voice())
        log.propagate = False
        if log.level == logging.NOTSET:
            log.setLevel(logging.INFO)
