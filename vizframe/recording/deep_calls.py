"""Room for a script's calls within calls, though the recorder's lie among them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

ROOM = 2
"""How many calls may lie in one another, over those that Python allows: those of the command stand
before the script's, and one or two of ours before each module that another calls, so that a net
which just fits, such as a recursive one, would not."""


@contextmanager
def deep_calls() -> Iterator[None]:
    """Inside, the script's calls may nest as deep as without a recording. A limit that the script
    sets itself stays."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(ROOM * before)
    try:
        yield
    finally:
        if sys.getrecursionlimit() == ROOM * before:
            sys.setrecursionlimit(before)
