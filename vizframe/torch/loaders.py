"""The passes over the data of PyTorch's DataLoaders, and the batch that was drawn last."""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

import torch

from vizframe.graph.epochs import Draws, Pass, loader_length
from vizframe.graph.patches import Patches


class LoaderWatch(Draws):
    """Sees the batches that are drawn from DataLoaders; what they give stays as it is."""

    def __init__(self) -> None:
        super().__init__()
        self._iterated: WeakKeyDictionary[Any, Pass] = WeakKeyDictionary()
        self.batch: Any = None

    def begin(self, patches: Patches) -> None:
        data = torch.utils.data
        patches.see(data.DataLoader, "__iter__", after=self._iter)
        batches = data.dataloader._BaseDataLoaderIter
        patches.see(batches, "__next__", before=self._known, after=self._next, failed=self._over)

    def _iter(self, _token: None, batches: Any, loader: Any) -> None:
        if batches in self._iterated:  # workers that stay give the same one again
            self.end(self._iterated[batches])
        self._iterated[batches] = Pass(loader_length(loader), outer=self.last)

    def _known(self, batches: Any) -> Pass | None:
        return self._iterated.get(batches)

    def _next(self, one: Pass | None, batch: Any, _batches: Any) -> None:
        if one is not None:
            self.draw(one)
            self.batch = batch

    def _over(self, one: Pass | None) -> None:
        """The pass has given its last batch."""
        if one is not None:
            self.end(one)
