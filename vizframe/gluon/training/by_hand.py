"""Updates that no Trainer makes: ``nd.sgd_update(w, g, out=w)``, ``w[:] = w - rate * g``, an
Updater, an Optimizer. Nothing of Gluon is called then, so they are found by what they leave:

    net(x) ─► backward ─► …the script changes the weights… ─► net(x)
               │ copies of the weights, the first times        │ do they differ?
               ▼                                               ▼
          no Trainer holds them                   an update: told with the weights as they were,
                                                  and every later round is one
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from vizframe.gluon.training.calls import RecordedCall
from vizframe.graph.epochs import Epochs

_TRIES = 5
"""Backward passes after which a net whose weights stay as they are counts as not trained."""

Before = Callable[[Any, RecordedCall], None]
After = Callable[[Any, Epochs], None]


@dataclass(slots=True, eq=False)
class Round:
    """A net between its backward pass and its next call.

    Attributes:
        copies: of its weights, where it is not known yet whether it is trained.
        tries: how many backward passes left it as it was.
    """

    call: RecordedCall
    is_trained: bool = False
    is_open: bool = False
    tries: int = 0
    copies: dict[str, list[Any]] = field(default_factory=dict)
    epochs: Epochs = field(default_factory=Epochs)


class HandUpdates:
    """Finds the updates of Blocks whose parameters no Trainer holds."""

    def __init__(self, before: Before, after: After) -> None:
        self._before, self._after = before, after
        self._rounds: WeakKeyDictionary[Any, Round] = WeakKeyDictionary()

    def backward(self, calls: Sequence[RecordedCall]) -> None:
        """A backward pass begins, after these calls."""
        for call in calls:
            known = self._rounds.get(call.block)
            if known is None:
                if not _is_trained_by_hand(call.block):
                    continue
                known = self._rounds[call.block] = Round(call)
            known.call, known.is_open = call, True
            if not known.is_trained and known.tries < _TRIES and not known.copies:
                known.copies = _copies(call.block)

    def next_call(self, block: Any) -> None:
        """A Block is about to be called: what was changed since its backward pass is an update."""
        known = self._rounds.get(block) if self._rounds else None
        if known is None or not known.is_open:
            return
        known.is_open = False
        if _held(block):  # a Trainer came late
            del self._rounds[block]
        elif known.is_trained:
            self._after(block, known.epochs)
        elif known.copies:
            self._decide(block, known)

    def end(self) -> None:
        """The script is over: its last update has no call after it."""
        for block in list(self._rounds):
            self.next_call(block)

    def _decide(self, block: Any, known: Round) -> None:
        copies, known.copies = known.copies, {}
        if not _differs(block, copies):
            known.tries += 1
            return
        known.is_trained = True
        with _lent(block, copies):
            self._before(block, known.call)
        self._after(block, known.epochs)


def _is_trained_by_hand(block: Any) -> bool:
    parameters = _trainable(block)
    return bool(parameters) and not _held(block)


def _held(block: Any) -> bool:
    return any(each._trainer is not None for each in _trainable(block))


def _trainable(block: Any) -> list[Any]:
    return [each for each in block.collect_params().values() if each._grad is not None]


def _copies(block: Any) -> dict[str, list[Any]]:
    """Of all parameters, statistics too, on each of their devices."""
    return {
        each.name: [array.copy() for array in each._data]
        for each in block.collect_params().values()
        if each._data is not None
    }


def _differs(block: Any, copies: dict[str, list[Any]]) -> bool:
    """Whether any weight that has a gradient has changed."""
    return any(
        not np.array_equal(each._data[0].asnumpy(), copies[each.name][0].asnumpy(), equal_nan=True)
        for each in _trainable(block)
        if each.name in copies
    )


@contextmanager
def _lent(block: Any, copies: dict[str, list[Any]]) -> Iterator[None]:
    """Inside, the Block has its former weights. Only references change hands."""
    owned = [(each, each._data) for each in block.collect_params().values()]
    try:
        for parameter, _ in owned:
            if parameter.name in copies:
                parameter._data = copies[parameter.name]
        yield
    finally:
        for parameter, own in owned:
            parameter._data = own
