"""Memory that a recording has freed, given back to the system before training goes on; and what
training or one plugin has freed, before the next plugin begins.

training  ▁▁▂▅▂▁▂▅▂      the C library keeps what was freed for later, in pieces that the other
recording      ▆▆        does not fit into: without this, both peaks would add up
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable
from dataclasses import dataclass, field

GROWN = 1 << 27
"""Bytes by which a process must have grown before giving memory back is worth while."""


def resident() -> int:
    """Bytes of memory that this process has; 0 where the system does not tell."""
    try:
        with open("/proc/self/statm") as told:
            return int(told.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return 0


def trim() -> None:
    """Have the C library give free memory back; does nothing with one that cannot."""
    try:
        ctypes.CDLL(None).malloc_trim(0)
    except (OSError, AttributeError, TypeError):
        return  # no glibc: others give memory back by themselves


@dataclass(slots=True)
class FreedMemory:
    """Gives memory back, where the process has grown since it last did."""

    _size: Callable[[], int] = resident
    _trim: Callable[[], None] = trim
    _last: int = field(default=0, init=False)

    def begin(self) -> FreedMemory:
        """Give back what others have freed, and count growth from here.

        Returns:
            Another one for the parts of the work: it counts growth from part to part, while this
            one counts it up to the end.
        """
        self.give_back()
        self._last = self._size()
        within = FreedMemory(self._size, self._trim)
        within._last = self._last
        return within

    def give_back(self) -> None:
        """Give memory back where the process has grown. Takes a tenth of a second in a process of
        gigabytes, and nothing where it has not grown."""
        if self._size() > self._last + GROWN:
            self._trim()
            self._last = self._size()
