"""A net that is run for us does not know it afterwards: what its Blocks keep in attributes of their
own, such as a count of their calls, is put back, and what they print is not seen."""

from __future__ import annotations

import sys
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO

_CONTAINERS = (list, dict, set, deque)
"""What a Block may add to; copied one level deep."""


@contextmanager
def untouched(blocks: list[Any]) -> Iterator[None]:
    """Inside, these Blocks may do what they do; afterwards their attributes are what they were."""
    saved = [(vars(each), dict(vars(each))) for each in blocks]
    contents = [
        (value, value.copy())
        for _, former in saved
        for value in former.values()
        if type(value) in _CONTAINERS
    ]
    try:
        with muted():
            yield
    finally:
        for container, former in contents:
            container.clear()
            _refill(container, former)
        for attributes, earlier in saved:
            attributes.clear()
            attributes.update(earlier)


def _refill(container: Any, former: Any) -> None:
    if isinstance(container, (dict, set)):
        container.update(former)
    else:
        container.extend(former)


@contextmanager
def muted() -> Iterator[None]:
    """Inside, what this thread prints goes nowhere; what others print is seen."""
    shown = sys.stdout
    sys.stdout = Muted(shown)
    try:
        yield
    finally:
        sys.stdout = shown


class Muted:
    """Standard output without what one thread writes."""

    def __init__(self, shown: TextIO) -> None:
        self._shown = shown
        self._thread = threading.get_ident()

    def write(self, text: str) -> int:
        if threading.get_ident() == self._thread:
            return len(text)
        return self._shown.write(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._shown, name)
