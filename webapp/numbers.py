"""Numbers as JSON can say them: NaN and infinities become null."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt


def finite(value: float | None) -> float | None:
    """The number, or None where it is none."""
    return value if value is not None and math.isfinite(value) else None


def plain(values: npt.NDArray[np.generic]) -> list[object]:
    """An array as lists of Python numbers."""
    if values.dtype.kind != "f":
        whole: list[object] = values.tolist()
        return whole
    numbers = values.astype(np.float64)
    if values.dtype != np.float64:
        # float32 holds about 7 digits; more of them would only be noise of the conversion.
        numbers = np.asarray([float(f"{x:.7g}") for x in numbers.ravel()]).reshape(numbers.shape)
    said = numbers.astype(object)
    said[~np.isfinite(numbers)] = None
    known: list[object] = said.tolist()
    return known


def sayable(content: object) -> object:
    """Anything that JSON can say but for its numbers, with null for those that it cannot."""
    if isinstance(content, float):
        return finite(content)
    if isinstance(content, dict):
        return {str(name): sayable(each) for name, each in content.items()}
    if isinstance(content, (list, tuple)):
        return [sayable(each) for each in content]
    return content
