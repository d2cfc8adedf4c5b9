"""The passes over the data of MXNet's loaders; see `vizframe.graph.epochs`."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any
from weakref import WeakKeyDictionary

from vizframe.gluon.compat import mx
from vizframe.graph.epochs import Draws, Pass, loader_length
from vizframe.graph.patches import Method, Patches


class PassWatch(Draws):
    """Sees the batches that are drawn from Gluon's DataLoaders and MXNet's DataIters."""

    def __init__(self) -> None:
        super().__init__()
        self._iterated: WeakKeyDictionary[Any, Pass] = WeakKeyDictionary()

    def begin(self, doors: Patches) -> None:
        doors.wrap(mx.gluon.data.DataLoader, "__iter__", self._loader)
        doors.wrap(mx.io.DataIter, "__iter__", self._iter)
        doors.wrap(mx.io.DataIter, "__next__", self._next)

    def _loader(self, original: Method, loader: Any) -> Iterator[Any]:
        return self.count(original(loader), loader_length(loader))

    def _iter(self, original: Method, data: Any) -> Any:
        if data in self._iterated:  # it may have been left in the middle
            self.end(self._iterated[data])
        self._iterated[data] = Pass(iter_length(data), outer=self.last)
        return original(data)

    def _next(self, original: Method, data: Any) -> Any:
        one = self._iterated.get(data)
        try:
            batch = original(data)
        except StopIteration:
            if one is not None:
                self.end(one)
            raise
        if one is not None:
            self.draw(one)
        return batch


def iter_length(data: Any) -> int | None:
    """Batches of a DataIter over arrays; others do not say."""
    if isinstance(data, mx.io.NDArrayIter):
        return math.ceil(int(data.num_data) / int(data.batch_size))
    return None
