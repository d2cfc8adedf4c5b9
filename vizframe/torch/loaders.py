"""The passes over the data of PyTorch's DataLoaders, and the batch that was drawn last."""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

import torch

from vizframe.graph.epochs import Draws, Pass, loader_length
from vizframe.graph.patches import Method, Patches


class LoaderWatch(Draws):
    """Sees the batches that are drawn from DataLoaders; what they give stays as it is."""

    def __init__(self) -> None:
        super().__init__()
        self._iterated: WeakKeyDictionary[Any, Pass] = WeakKeyDictionary()
        self.batch: Any = None

    def begin(self, patches: Patches) -> None:
        data = torch.utils.data
        patches.wrap(data.DataLoader, "__iter__", self._iter)
        patches.wrap(data.dataloader._BaseDataLoaderIter, "__next__", self._next)

    def _iter(self, original: Method, loader: Any) -> Any:
        batches = original(loader)
        if batches in self._iterated:  # workers that stay give the same one again
            self.end(self._iterated[batches])
        self._iterated[batches] = Pass(loader_length(loader), outer=self.last)
        return batches

    def _next(self, original: Method, batches: Any) -> Any:
        one = self._iterated.get(batches)
        try:
            batch = original(batches)
        except StopIteration:
            if one is not None:
                self.end(one)
            raise
        if one is not None:
            self.draw(one)
            self.batch = batch
        return batch
