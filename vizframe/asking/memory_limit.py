"""How much memory the process of a network may take; see `child`."""

from __future__ import annotations

import errno
import re
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_STATUS = Path("/proc/self/status")
_DATA = re.compile(r"VmData:\s*(\d+) kB")
_SAID = re.compile(r"alloc|memory|failed to map", re.IGNORECASE)


class MemoryLimit:
    """What the process may take beside its code.

    Python that finds no memory while it loads a module may say anything, a syntax error included.
    So code is loaded without the limit, and the limit begins at what the process takes then.
    """

    def __init__(self, most: int) -> None:
        """Args:
        most: bytes.
        """
        self._most = most
        self._begin()

    @contextmanager
    def lifted(self) -> Iterator[None]:
        """Inside, code is loaded: nothing that comes from a run's files is computed."""
        _limit(resource.RLIM_INFINITY)
        try:
            yield
        finally:
            self._begin()

    def _begin(self) -> None:
        _limit(_taken() + self._most)


def is_want_of_memory(error: BaseException) -> bool:
    """Whether an error, or one that led to it, says so in any of the ways there are: Python raises
    a SystemError where it finds none to raise a MemoryError."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, MemoryError | SystemError) or _SAID.search(str(seen)):
            return True
        if isinstance(seen, OSError) and seen.errno == errno.ENOMEM:
            return True
        seen = seen.__cause__ or seen.__context__
    return False


def _taken() -> int:
    """Bytes of data that the process has; 0 where the system does not tell."""
    try:
        found = _DATA.search(_STATUS.read_text())
    except OSError:
        return 0
    return int(found[1]) << 10 if found else 0


def _limit(wanted: int) -> None:
    """Bytes of data, as far as the process may have them."""
    _, most = resource.getrlimit(resource.RLIMIT_DATA)
    if most != resource.RLIM_INFINITY:
        wanted = most if wanted == resource.RLIM_INFINITY else min(wanted, most)
    resource.setrlimit(resource.RLIMIT_DATA, (wanted, most))
