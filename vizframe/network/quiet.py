"""What a net prints and warns of while it is run for us alone, which a training would not have."""

from __future__ import annotations

import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO


@contextmanager
def without_warnings() -> Iterator[None]:
    """Inside, no warning is shown, and none counts as shown.

    `warnings.catch_warnings` would have Python forget which warnings it has shown, so that those of
    the training came again.
    """
    filters: Any = warnings.filters
    own = ("ignore", None, Warning, None, 0)  # known by its identity
    filters.insert(0, own)
    try:
        yield
    finally:
        place = next((n for n, each in enumerate(filters) if each is own), None)
        if place is not None:  # the script has not put other filters in their place
            del filters[place]


@contextmanager
def muted() -> Iterator[None]:
    """Inside, what this thread prints goes nowhere; what others print is seen."""
    shown = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = (None if each is None else Muted(each) for each in shown)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = shown


class Muted:
    """A stream without what one thread writes."""

    def __init__(self, shown: TextIO) -> None:
        self._shown = shown
        self._thread = threading.get_ident()

    def write(self, text: str) -> int:
        if threading.get_ident() == self._thread:
            return len(text)
        return self._shown.write(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._shown, name)
