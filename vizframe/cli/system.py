"""What the operating system refuses, and streams that cannot show all letters, met in words."""

from __future__ import annotations

import errno
import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from vizframe.errors import LONGEST, VizframeError
from vizframe.wording import short

_ROOM = "make room there"
_RIGHT = "choose a place that is yours"
CURES = {
    errno.ENOSPC: _ROOM,
    errno.EDQUOT: _ROOM,
    errno.EFBIG: _ROOM,
    errno.EACCES: _RIGHT,
    errno.EPERM: _RIGHT,
    errno.EROFS: "choose a place that can be written to",
    errno.EMFILE: "allow more: ulimit -n 4096",
    errno.ENFILE: "end some programs",
    errno.ENAMETOOLONG: "give a shorter one",
}


@contextmanager
def refusals_told() -> Iterator[None]:
    """Inside, what the system refuses is a VizframeError: one sentence with the cure. What was
    printed is written at the end, while a refusal can still be told."""
    try:
        yield
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError as refused:
        _give_up_output()
        raise VizframeError(refusal_sentence(refused)) from refused


def refusal_sentence(refused: OSError) -> str:
    """What the system said, of which file, and what helps."""
    reason = refused.strerror or " ".join(str(refused).split()) or type(refused).__name__
    told = "" if refused.filename is None else f"{short(refused.filename, LONGEST)}: "
    cure = CURES.get(refused.errno or 0)
    return f"{told}{reason}{f'; {cure}' if cure else ''}"


def show_all_letters() -> None:
    """Let standard output escape letters that its encoding lacks (``LC_ALL=C``), or that are none
    (a file name of other bytes), rather than break at them."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def _give_up_output() -> None:
    """Where standard output itself is refused, Python would try again at its end and say so."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError:
        with suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
