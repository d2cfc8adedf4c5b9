"""How much memory the process of a network may take."""

from __future__ import annotations

import errno
import subprocess
import sys

import pytest

from vizframe.asking.memory_limit import is_want_of_memory
from vizframe.errors import NetworkError

PROGRAM = """
from vizframe.asking.memory_limit import MemoryLimit
before = bytearray(100 << 20)
limit = MemoryLimit(64 << 20)
fits = bytearray(20 << 20)
def is_refused():
    try:
        return len(bytearray(100 << 20)) == 0
    except MemoryError:
        return True
assert is_refused()
with limit.lifted():
    code = bytearray(100 << 20)
assert is_refused()
more = bytearray(20 << 20)
"""


def test_it_counts_from_what_the_process_has() -> None:
    subprocess.run([sys.executable, "-c", PROGRAM], check=True, timeout=60)


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        SystemError("error return without exception set"),
        OSError(errno.ENOMEM, "no"),
        ImportError("libx.so: failed to map segment from shared object"),
        RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory"),
        ValueError("std::bad_alloc"),
    ],
)
def test_want_of_memory_is_known_by_its_words(error: Exception) -> None:
    assert is_want_of_memory(error)
    outer = NetworkError("it cannot be read")
    outer.__cause__ = error
    assert is_want_of_memory(outer)


@pytest.mark.parametrize("error", [ValueError("shape"), OSError(errno.ENOENT, "none"), KeyError(1)])
def test_other_errors_are_others(error: Exception) -> None:
    assert not is_want_of_memory(error)
