"""Arrays that every room passes around."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]

Scalar = TypeVar("Scalar", bound=np.generic)


def read_only(values: npt.NDArray[Scalar]) -> npt.NDArray[Scalar]:
    """The same numbers, as an array that cannot be written to; its owner's still can."""
    view = values.view()
    view.setflags(write=False)
    return view


def even_size(count: int, most: int) -> int:
    """The size of equal batches, none larger than ``most``, that hold so many questions: 9 of at
    most 8 are 5 and 4, not 8 and 1 that is filled up to 8."""
    rounds = -(-count // max(1, most))
    return -(-count // max(1, rounds))


def blocks(values: npt.NDArray[Any], most: int) -> Iterator[slice]:
    """Parts of the first axis that have at most so many values together, and one entry at least."""
    size = max(1, most // max(1, values[:1].size))
    return (slice(first, first + size) for first in range(0, len(values), size))
