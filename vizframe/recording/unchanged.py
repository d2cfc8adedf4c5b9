"""What a recording leaves as it was, whatever its plugins do: Python's and NumPy's random numbers,
the working directory, and what NumPy does about a division by zero."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import numpy as np


@contextmanager
def unchanged_python() -> Iterator[None]:
    """Inside, NumPy says nothing of numbers that are not finite, although the script may have it
    raise; afterwards the global generators draw what they would have drawn."""
    own = random.getstate()
    numpys = np.random.get_state()
    folder = _working_directory()
    try:
        with np.errstate(all="ignore"):
            yield
    finally:
        random.setstate(own)
        np.random.set_state(numpys)
        if folder is not None and folder != _working_directory():
            with suppress(OSError):  # it was removed meanwhile
                os.chdir(folder)


def _working_directory() -> str | None:
    """None where it was removed."""
    try:
        return os.getcwd()
    except OSError:
        return None
