"""Steps as a sequence of whole numbers, without a Python object for each of a hundred thousand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, overload

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[Any]


class Steps(Sequence[int]):
    """Increasing steps; equal to any sequence of the same numbers. NumPy takes it without a copy.

    >>> Steps(np.array([0, 10, 20]))[-1]
    20
    """

    __hash__ = None  # type: ignore[assignment]  # as lists have none

    def __init__(self, numbers: npt.NDArray[np.int64]) -> None:
        self._numbers = numbers

    def __len__(self) -> int:
        return len(self._numbers)

    @overload
    def __getitem__(self, place: int) -> int: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[int]: ...
    def __getitem__(self, place: int | slice) -> int | Sequence[int]:
        found = self._numbers[place]
        return found.tolist() if isinstance(place, slice) else int(found)

    def __iter__(self) -> Iterator[int]:
        return iter(self._numbers.tolist())

    def __contains__(self, step: object) -> bool:
        if not isinstance(step, (int, np.integer)):
            return False
        place = int(self._numbers.searchsorted(step))
        return place < len(self._numbers) and self._numbers.item(place) == step

    def __eq__(self, other: object) -> bool:
        if isinstance(other, (Sequence, np.ndarray)) and not isinstance(other, str):
            return len(self) == len(other) and bool((self._numbers == np.asarray(other)).all())
        return NotImplemented

    def __array__(self, dtype: npt.DTypeLike = None, copy: bool | None = None) -> Numbers:
        found: Numbers = np.asarray(self._numbers, dtype)
        return found.copy() if copy else found

    def __repr__(self) -> str:
        return repr(self._numbers.tolist())
