"""Numbers over steps, each name's column made when it is asked for.

Two files may each name as many numbers as the other has steps: a table of all of them would be
their product, though hardly anything is in it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import numpy as np
import numpy.typing as npt

Column = npt.NDArray[np.float64]


class LazyColumns(Mapping[str, Column]):
    """Columns by name; the last few that were asked for are kept."""

    def __init__(self, names: Mapping[str, object], make: Callable[[str], Column]) -> None:
        self._names = dict.fromkeys(names)
        self._make = make
        self._kept: dict[str, Column] = {}

    KEPT = 1 << 24
    """Bytes of columns that are kept."""

    def __getitem__(self, name: str) -> Column:
        if name not in self._names:
            raise KeyError(name)
        found = self._kept.get(name)
        if found is None:
            found = self._make(name)
            if sum(each.nbytes for each in self._kept.values()) + found.nbytes > self.KEPT:
                self._kept.clear()
            self._kept[name] = found
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)
