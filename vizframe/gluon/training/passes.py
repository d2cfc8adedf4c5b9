"""Passes over a training's data, and the epoch that an update belongs to.

for batch in DataLoader     a pass; each batch is drawn from it
    trainer.step()          an update of the pass that was drawn from last
for batch in validation     another pass, but no update is made in it
"""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from vizframe.gluon.compat import mx
from vizframe.gluon.training.patches import Method, Patches


@dataclass(slots=True, eq=False)
class Pass:
    """One way through a training's data.

    Attributes:
        length: how many batches it has; None where that shows only at its end.
        drawn: how many of them were taken.
        outer: the pass in whose midst it began, as a validation's may.
    """

    length: int | None = None
    drawn: int = 0
    outer: Pass | None = None


@dataclass(slots=True, eq=False)
class Epochs:
    """How far one trainer is, by the passes in which it made updates."""

    _complete: int = 0
    _current: Pass | None = None
    _usual: int | None = None
    """Batches of the pass before."""

    def at(self, drawn_from: Pass | None) -> float | None:
        """How many epochs are complete with this update, in parts of one where its length is
        known; None where no pass was ever seen."""
        if drawn_from is not None and drawn_from is not self._current:
            if self._current is not None:
                self._complete += 1
                self._usual = self._current.drawn
            self._current = drawn_from
        if self._current is None:
            return None
        length = self._current.length or self._usual
        return self._complete + (min(1.0, self._current.drawn / length) if length else 0.0)


class LastPass(threading.local):
    """The pass that one thread drew a batch from last."""

    last: Pass | None = None


class PassWatch:
    """Sees the batches that are drawn from Gluon's DataLoaders and MXNet's DataIters."""

    def __init__(self) -> None:
        self._drawn = LastPass()
        self._iterated: WeakKeyDictionary[Any, Pass] = WeakKeyDictionary()

    @property
    def last(self) -> Pass | None:
        """The pass that this thread drew a batch from last, of those that are not over."""
        return self._drawn.last

    def begin(self, doors: Patches) -> None:
        doors.wrap(mx.gluon.data.DataLoader, "__iter__", self._loader)
        doors.wrap(mx.io.DataIter, "__iter__", self._iter)
        doors.wrap(mx.io.DataIter, "__next__", self._next)

    def _loader(self, original: Method, loader: Any) -> Iterator[Any]:
        one = Pass(loader_length(loader), outer=self._drawn.last)
        try:
            for batch in original(loader):
                self._draw(one)
                yield batch
        finally:
            self._end(one)

    def _iter(self, original: Method, data: Any) -> Any:
        if data in self._iterated:  # it may have been left in the middle
            self._end(self._iterated[data])
        self._iterated[data] = Pass(iter_length(data), outer=self._drawn.last)
        return original(data)

    def _next(self, original: Method, data: Any) -> Any:
        one = self._iterated.get(data)
        try:
            batch = original(data)
        except StopIteration:
            if one is not None:
                self._end(one)
            raise
        if one is not None:
            self._draw(one)
        return batch

    def _draw(self, one: Pass) -> None:
        one.drawn += 1
        self._drawn.last = one

    def _end(self, one: Pass) -> None:
        """What was drawn from before goes on, such as a training in whose midst one validates."""
        if self._drawn.last is one:
            self._drawn.last = one.outer


def loader_length(loader: Any) -> int | None:
    """Batches of a DataLoader; None where its sampler does not say."""
    try:
        return len(loader)
    except (TypeError, NotImplementedError, AttributeError):
        return None


def iter_length(data: Any) -> int | None:
    """Batches of a DataIter over arrays; others do not say."""
    if isinstance(data, mx.io.NDArrayIter):
        return math.ceil(int(data.num_data) / int(data.batch_size))
    return None
