"""Updates that no Trainer makes: ``nd.sgd_update(w, g, out=w)``, ``w[:] = w - rate * g``, an
Updater, an Optimizer. Nothing of Gluon is called then: see `vizframe.graph.hand_updates`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from vizframe.gluon.training.calls import RecordedCall
from vizframe.graph import hand_updates
from vizframe.graph.epochs import Epochs

_TRIES = 5
"""Backward passes after which a net whose weights stay as they are counts as not trained."""

Before = Callable[[Any, RecordedCall], None]
After = Callable[[Any, Epochs], None]


@dataclass(slots=True, eq=False)
class Round(hand_updates.Round):
    """A Block between its backward pass and its next call, with the call that was recorded."""

    call: RecordedCall
    epochs: Epochs = field(default_factory=Epochs)


class HandUpdates(hand_updates.HandUpdates[Round]):
    """Finds the updates of Blocks whose parameters no Trainer holds."""

    def __init__(self, before: Before, after: After) -> None:
        super().__init__(_TRIES)
        self._before, self._after = before, after

    def backward(self, calls: Sequence[RecordedCall]) -> None:
        """A backward pass begins, after these calls."""
        for call in calls:
            known = self._rounds.get(call.block)
            if known is None:
                if not _is_trained_by_hand(call.block):
                    continue
                known = self._rounds[call.block] = Round(call)
            known.call = call
            self._open(call.block, known)

    def _is_held(self, net: Any) -> bool:
        return _held(net)  # a Trainer came late

    def _copies(self, net: Any) -> Mapping[str, Any]:
        """Of all parameters, statistics too, on each of their devices."""
        return {
            each.name: [array.copy() for array in each._data]
            for each in net.collect_params().values()
            if each._data is not None
        }

    def _differs(self, net: Any, copies: Mapping[str, Any]) -> bool:
        return any(
            not np.array_equal(
                each._data[0].asnumpy(), copies[each.name][0].asnumpy(), equal_nan=True
            )
            for each in _trainable(net)
            if each.name in copies
        )

    @contextmanager
    def _lent(self, net: Any, copies: Mapping[str, Any]) -> Iterator[None]:
        owned = [(each, each._data) for each in net.collect_params().values()]
        try:
            for parameter, _ in owned:
                if parameter.name in copies:
                    parameter._data = copies[parameter.name]
            yield
        finally:
            for parameter, own in owned:
                parameter._data = own

    def _tell_before(self, net: Any, known: Round) -> None:
        self._before(net, known.call)

    def _tell_after(self, net: Any, known: Round) -> None:
        self._after(net, known.epochs)


def _is_trained_by_hand(block: Any) -> bool:
    parameters = _trainable(block)
    return bool(parameters) and not _held(block)


def _held(block: Any) -> bool:
    return any(each._trainer is not None for each in _trainable(block))


def _trainable(block: Any) -> list[Any]:
    return [each for each in block.collect_params().values() if each._grad is not None]
