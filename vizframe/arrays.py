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
