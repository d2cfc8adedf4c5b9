"""Arrays that every room passes around."""

from __future__ import annotations

from typing import TypeVar

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
