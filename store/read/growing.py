"""A column that grows at its end without being copied: a reader's tables over the steps of a run.

    values of a look at 10 steps     ├──────────┤
    values of the next look, at 12   ├────────────┤
    what was allocated               ├──────────────────────┤

Who holds the shorter column sees the same numbers for ever: only what lies behind them is written.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
import numpy.typing as npt

Number = TypeVar("Number", bound=np.generic)

LEAST = 32
"""Numbers for which there is room behind what is there, or an eighth more."""


@dataclass(slots=True, eq=False)
class _Room(Generic[Number]):
    """What several columns share, and how much of it the longest of them uses."""

    values: npt.NDArray[Number]
    used: int


class Growing(Generic[Number]):
    """Immutable to its holder. Not to be extended by two threads at once."""

    __slots__ = ("_room", "values")

    def __init__(self, values: npt.NDArray[Number], room: _Room[Number] | None = None) -> None:
        self.values = values
        self._room = room

    def __len__(self) -> int:
        return len(self.values)

    def replaced(self, keep: int, more: npt.NDArray[Number]) -> Growing[Number]:
        """The first numbers, and others behind them; in the same room if nobody else used that."""
        end = keep + len(more)
        room = self._room
        if room is None or room.used != keep or end > len(room.values):
            room = _Room(np.empty(end + max(LEAST, end // 8), self.values.dtype), keep)
            room.values[:keep] = self.values[:keep]
        room.values[keep:end] = more
        room.used = end
        return Growing(room.values[:end], room)
