"""Which net a script calls, with what: the outermost Block calls while gradients are recorded.

loss(net(x), y)              net and loss are called
TrainNet(net, loss)(x, y)    one Block with the loss in it
net.loss_of(x, y)            a method of the Block, in which only its children are called
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import FrameType
from typing import Any
from weakref import WeakKeyDictionary

from vizframe.gluon.compat import mx
from vizframe.graph.patches import Patches

_MOST = 64
"""Calls that are remembered, where no update lets them be forgotten."""

_FRAMES = 12
"""How far up it is looked for the method in which a child is called."""


@dataclass(slots=True, eq=False)
class RecordedCall:
    """A Block and what it was called with."""

    block: Any
    inputs: tuple[Any, ...]


class Depth(threading.local):
    """How many Blocks deep this thread is."""

    value: int = 0


@dataclass(eq=False)
class SeenCalls:
    """What was called since the last update, by any thread: the net may run in workers.

    Attributes:
        outermost: the Blocks that no other Block called, by identity.
        owners: Blocks one of whose methods called these, and the method's arguments.
    """

    outermost: dict[int, RecordedCall] = field(default_factory=dict)
    owners: dict[int, RecordedCall] = field(default_factory=dict)
    loss: Any = None
    is_over: bool = False

    def forget(self) -> None:
        """An update was made of it; another Trainer may make one, too, before the next call."""
        self.is_over = True

    def begin_round(self) -> None:
        """A call comes: after an update it is the first of another round."""
        if self.is_over:
            self.outermost.clear()
            self.owners.clear()
            self.loss = None
            self.is_over = False


class CallWatch:
    """Sees Block calls, where backward starts, and whose parameters a Trainer was given."""

    def __init__(self) -> None:
        self.seen = SeenCalls()
        self.looks_for_owners = True
        self._depth = Depth()
        self._collected: WeakKeyDictionary[Any, Any] = WeakKeyDictionary()
        self._declared: WeakKeyDictionary[Any, Any] = WeakKeyDictionary()

    def begin(self, patches: Patches) -> None:
        patches.see(
            mx.gluon.Block, "__call__", before=self._enter, after=self._leave, failed=self._failed
        )
        patches.see(mx.gluon.Block, "collect_params", after=self._collect)
        patches.see(mx.gluon.Trainer, "__init__", after=self._declare)

    def declared(self, trainer: Any) -> Any:
        """The Block whose ``collect_params()`` the Trainer was made with; None where unknown."""
        return self._declared.get(trainer)

    def _enter(self, block: Any, *inputs: Any) -> bool:
        """Whether this is an outermost call that counts."""
        depth = self._depth
        if depth.value:
            depth.value += 1
            return False
        if not mx.autograd.is_recording():
            return False
        depth.value = 1
        self.seen.begin_round()
        if self.looks_for_owners:
            self._look_for_owner(block)
        return True

    def _leave(self, counts: Any, _output: Any, block: Any, *inputs: Any) -> None:
        self._failed(counts)
        if counts:
            found = self.seen.outermost
            found[id(block)] = RecordedCall(block, inputs)
            if len(found) > _MOST:
                del found[next(iter(found))]

    def _failed(self, counts: Any) -> None:
        if self._depth.value:
            self._depth.value -= 1

    def _collect(self, _token: Any, found: Any, block: Any, *_: Any, **__: Any) -> None:
        self._collected[found] = block

    def _declare(self, _token: Any, _result: Any, trainer: Any, *given: Any, **named: Any) -> None:
        params = given[0] if given else named.get("params")
        if isinstance(params, mx.gluon.ParameterDict) and params in self._collected:
            self._declared[trainer] = self._collected[params]

    def _look_for_owner(self, block: Any) -> None:
        for owner, arguments in methods_above(sys._getframe(1)):
            if owner is not block:
                self.seen.owners[id(owner)] = RecordedCall(owner, arguments)


def methods_above(frame: FrameType | None) -> Iterator[tuple[Any, tuple[Any, ...]]]:
    """The Blocks whose methods are running, innermost first, and what each was called with."""
    for _ in range(_FRAMES):
        if frame is None:
            return
        code = frame.f_code
        if code.co_argcount:
            found = frame.f_locals
            owner = found.get(code.co_varnames[0])  # self, by whatever name
            if isinstance(owner, mx.gluon.Block):
                names = code.co_varnames[1 : code.co_argcount]
                yield owner, tuple(found[name] for name in names if name in found)
        frame = frame.f_back
