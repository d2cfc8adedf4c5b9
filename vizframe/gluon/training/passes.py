"""The passes over the data of MXNet's loaders; see `vizframe.graph.epochs`."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any
from weakref import WeakKeyDictionary

from vizframe.gluon.compat import mx
from vizframe.graph.epochs import Draws, Pass, loader_length
from vizframe.graph.patches import Patches
from vizframe.network.guard import Guard


class PassWatch(Draws):
    """Sees the batches that are drawn from Gluon's DataLoaders and MXNet's DataIters."""

    def __init__(self, guard: Guard) -> None:
        super().__init__(guard)
        self._iterated: WeakKeyDictionary[Any, Pass] = WeakKeyDictionary()

    def begin(self, patches: Patches) -> None:
        patches.change(mx.gluon.data.DataLoader, "__iter__", self._loader)
        patches.see(mx.io.DataIter, "__iter__", before=self._iter)
        patches.see(
            mx.io.DataIter, "__next__", before=self._known, after=self._next, failed=self._over
        )

    def _loader(self, batches: Any, loader: Any) -> Iterator[Any]:
        return self.count(batches, loader_length(loader))

    def _iter(self, data: Any) -> None:
        if data in self._iterated:  # it may have been left in the middle
            self.end(self._iterated[data])
        self._iterated[data] = Pass(iter_length(data), outer=self.last)

    def _known(self, data: Any) -> Pass | None:
        return self._iterated.get(data)

    def _next(self, one: Pass | None, _batch: Any, _data: Any) -> None:
        if one is not None:
            self.draw(one)

    def _over(self, one: Pass | None) -> None:
        """There is no batch any more."""
        if one is not None:
            self.end(one)


def iter_length(data: Any) -> int | None:
    """Batches of a DataIter over arrays; others do not say."""
    if isinstance(data, mx.io.NDArrayIter):
        return math.ceil(int(data.num_data) / int(data.batch_size))
    return None
