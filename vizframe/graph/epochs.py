"""Passes over a training's data, and the epoch that an update belongs to.

for batch in DataLoader     a pass; each batch is drawn from it
    trainer.step()          an update of the pass that was drawn from last
for batch in validation     another pass, but no update is made in it
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sized
from dataclasses import dataclass
from typing import cast

from vizframe.network.guard import Guard


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


class Draws:
    """Counts the batches that are drawn from whatever gives a training its data."""

    def __init__(self, guard: Guard | None = None) -> None:
        self._drawn = LastPass()
        self._guard = guard or Guard()

    @property
    def last(self) -> Pass | None:
        """The pass that this thread drew a batch from last, of those that are not over."""
        return self._drawn.last

    def count(self, batches: Iterable[object], length: int | None) -> Iterator[object]:
        """The batches of one pass of so many, each counted as it is drawn."""
        return CountedBatches(iter(batches), self, Pass(length, outer=self.last), self._guard)

    def draw(self, one: Pass) -> None:
        """Count another batch of this pass."""
        one.drawn += 1
        self._drawn.last = one

    def end(self, one: Pass) -> None:
        """It is over: what was drawn from before
        goes on, such as a training in whose midst one validates."""
        if self._drawn.last is one:
            self._drawn.last = one.outer


class CountedBatches:
    """An iterator as it was, whose batches are counted. What breaks in counting is not seen."""

    def __init__(self, batches: Iterator[object], draws: Draws, one: Pass, guard: Guard) -> None:
        self._batches = batches
        self._draws, self._pass, self._guard = draws, one, guard

    def __iter__(self) -> Iterator[object]:
        return self

    def __next__(self) -> object:
        try:
            batch = next(self._batches)
        except BaseException:
            with self._guard("its epochs"):
                self._draws.end(self._pass)
            raise
        with self._guard("its epochs"):
            self._draws.draw(self._pass)
        return batch

    def __del__(self) -> None:
        """It may be left in the middle."""
        with self._guard("its epochs"):
            self._draws.end(self._pass)

    def __getattr__(self, name: str) -> object:
        return getattr(self._batches, name)


def loader_length(loader: object) -> int | None:
    """Batches of a DataLoader; None where its sampler does not say."""
    try:
        return len(cast(Sized, loader))
    except (TypeError, NotImplementedError, AttributeError):
        return None
