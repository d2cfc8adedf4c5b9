"""What a recording leaves as it was, whatever its plugins do: Python's and NumPy's random numbers,
and what NumPy does about a division by zero."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np


@contextmanager
def unchanged_python() -> Iterator[None]:
    """Inside, NumPy says nothing of numbers that are not finite, although the script may have it
    raise; afterwards the global generators draw what they would have drawn."""
    own = random.getstate()
    numpys = np.random.get_state()
    try:
        with np.errstate(all="ignore"):
            yield
    finally:
        random.setstate(own)
        np.random.set_state(numpys)
