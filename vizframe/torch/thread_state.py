"""What one thread of a training did since its last update: the calls of modules, the loss."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from vizframe.torch.shadow import tensors_in

_MOST_PASSES = 1000
"""Backward passes whose losses are kept where no update is seen to follow."""


@dataclass(slots=True, eq=False)
class SeenCall:
    """An outermost call of a module while gradients are kept.

    Attributes:
        output: its first tensor; None: there was none, or it is not known yet.
        is_plain: whether it is a call of its forward, which `nn.Module.__call__` does not see.
    """

    module: Any
    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    output: Any = None
    is_plain: bool = False

    @property
    def is_loss(self) -> bool:
        """Whether it made one number of what other modules had computed."""
        if self.output is None or self.output.ndim:
            return False
        given = tensors_in([self.args, dict(self.kwargs)])
        return any(each.grad_fn is not None for each in given)


class Called(Protocol):
    """What is updated, by the module that the script calls."""

    called: Any


@dataclass(eq=False)
class ThreadState(threading.local):
    """What one thread did since its last update.

    Attributes:
        loss: what each backward pass began at; they are one update's.
        target: what the first of these passes compared with.
        passes: backward passes so far.
        is_over: whether an update has followed; of the nets that others update then, loss and
            target are theirs, too.
        is_inside: whether the last pass was made inside of the step that is being made.
    """

    depth: int = 0
    calls: dict[int, SeenCall] = field(default_factory=dict)
    older: dict[int, SeenCall] = field(default_factory=dict)
    loss: list[list[Any]] = field(default_factory=list)
    unscaled: Any = None
    target: Any = None
    passes: int = 0
    is_over: bool = False
    is_inside: bool = False
    zeroed: set[int] = field(default_factory=set)
    stepping: list[Any] = field(default_factory=list)

    def see_loss(self, heads: list[Any]) -> None:
        """A backward pass begins there."""
        self.passes += 1
        if self.is_over:
            self.loss, self.target, self.is_over = [], None, False
        self.loss = [*self.loss[-_MOST_PASSES:], heads]

    def forget(self, updated: Sequence[Called]) -> None:
        """Nets were updated: what was seen of them is over. Of another net, the calls before this
        update count if none comes after it: a generator is called before its discriminator is
        updated, and is updated after that."""
        for net in updated:
            self.calls.pop(id(net.called), None)
            self.older.pop(id(net.called), None)
        for key, call in self.calls.items():
            if next(call.module.parameters(), None) is not None:
                self.older.setdefault(key, call)
        self.calls.clear()
        self.is_over = True

    def call_of(self, module: Any) -> SeenCall | None:
        """The first call of a module since the last update of any, or else since its own."""
        return self.calls.get(id(module)) or self.older.get(id(module))


def summed(loss: list[list[Any]]) -> float:
    """Of all backward passes of an update, each the mean of what it began at."""
    return float(sum(np.mean([float(each.mean()) for each in heads]) for heads in loss))
