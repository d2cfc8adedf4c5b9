"""Watching any Gluon training of this process, through the doors that all of them pass:

    for batch in loader               the data: which epoch it is (see `passes`)
    net(x) under autograd.record()    the outermost Block call: which net, on what
    loss.backward()                   what is minimised
    trainer.step(), trainer.update()  the update; the net is the Block that owns its parameters

Nothing else is touched, and everything is put back by the function that ends the watch.
"""

from __future__ import annotations

import functools
import threading
import time
from collections.abc import Callable, Container
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from vizframe.gluon.compat import mx
from vizframe.gluon.training.passes import PassWatch
from vizframe.gluon.training.ranks import RankMonitor, has_yet_to_meet, worker_of
from vizframe.graph.epochs import Epochs
from vizframe.graph.patches import Method, Patches
from vizframe.network.adapter import Batch, TrainingObserver


@dataclass(slots=True, eq=False)
class RecordedCall:
    """An outermost Block call while gradients are recorded."""

    block: Any
    inputs: tuple[Any, ...]


@dataclass(frozen=True, slots=True, eq=False)
class TrainedNet:
    """A net, and the Block that the script calls: the net itself, or one with the loss in it,
    as in ``TrainNet(net, loss)(x, y)``."""

    model: Any
    called: Any
    epochs: Epochs = field(default_factory=Epochs)
    monitor: RankMonitor = field(default_factory=RankMonitor)


@dataclass(eq=False)
class ThreadState(threading.local):
    """What one thread did since its last update."""

    depth: int = 0
    calls: dict[int, RecordedCall] = field(default_factory=dict)
    loss: Any = None

    def forget(self) -> None:
        self.calls.clear()
        self.loss = None


class TrainingWatch:
    """Turns calls of Gluon into the updates that an observer is told of."""

    def __init__(self, observer: TrainingObserver) -> None:
        self._observer = observer
        self._seen = ThreadState()
        self._trained: WeakKeyDictionary[Any, TrainedNet] = WeakKeyDictionary()
        self._passes = PassWatch()
        self._doors = Patches()

    def begin(self) -> None:
        self._passes.begin(self._doors)
        self._doors.wrap(mx.gluon.Block, "__call__", self._call)
        self._doors.wrap(mx.nd.NDArray, "backward", self._backward)
        self._doors.wrap(mx.autograd, "backward", self._backward)
        self._doors.wrap(mx.gluon.Trainer, "step", self._update)
        self._doors.wrap(mx.gluon.Trainer, "update", self._update)
        self._doors.wrap(mx.gluon.Trainer, "_allreduce_grads", self._exchange)

    def end(self) -> None:
        self._doors.remove()

    def _call(self, original: Method, block: Any, *inputs: Any) -> Any:
        seen = self._seen
        if seen.depth or not mx.autograd.is_recording():
            return original(block, *inputs)
        seen.depth += 1
        try:
            output = original(block, *inputs)
        finally:
            seen.depth -= 1
        seen.calls[id(block)] = RecordedCall(block, inputs)
        return output

    def _backward(self, original: Method, heads: Any, *given: Any, **named: Any) -> Any:
        self._seen.loss = heads
        return original(heads, *given, **named)

    def _update(self, original: Method, trainer: Any, *given: Any, **named: Any) -> Any:
        trained = self._of(trainer)
        if trained is not None and not has_yet_to_meet(trainer):
            self._before_update(trained, trainer)
        result = original(trainer, *given, **named)
        if trained is not None:
            self._after_update(trained, trainer)
        self._seen.forget()
        return result

    def _exchange(self, original: Method, trainer: Any, *given: Any, **named: Any) -> Any:
        """A worker among others has met them by now, and has not told them its gradients yet."""
        trained = self._of(trainer)
        if trained is not None and worker_of(trainer) is not None:
            self._before_update(trained, trainer)
            trained.monitor.before_exchange(trainer)
        return original(trainer, *given, **named)

    def _before_update(self, trained: TrainedNet, trainer: Any) -> None:
        batch = functools.partial(self._batch, trained, trainer)
        started = time.perf_counter()
        self._observer.before_update(trained.model, batch)
        trained.monitor.skip(time.perf_counter() - started)

    def _after_update(self, trained: TrainedNet, trainer: Any) -> None:
        epoch = trained.epochs.at(self._passes.last)
        scalars = self._scalars(trainer)
        started = time.perf_counter()
        if worker_of(trainer) is not None:
            size = self._batch_size(trained)
            trained.monitor.after_update(trainer, size)
            scalars.update(trained.monitor.scalars(trainer, size))
            started = time.perf_counter()
        self._observer.after_update(trained.model, scalars, epoch)
        trained.monitor.skip(time.perf_counter() - started)

    def _batch_size(self, trained: TrainedNet) -> int:
        called = self._seen.calls.get(id(trained.called))
        return len(called.inputs[0]) if called is not None and called.inputs else 0

    def _of(self, trainer: Any) -> TrainedNet | None:
        """The Block whose parameters the trainer updates: of those called since its last update,
        the one that owns most of them. Losses are Blocks too, but own none."""
        if trainer not in self._trained:
            updated = {id(parameter) for parameter in trainer._params}
            owned = [(owned_of(call.block, updated), call) for call in self._seen.calls.values()]
            most, call = max(owned, key=lambda pair: pair[0], default=(0, None))
            if call is None or not most:
                return None
            model = call.block if len(call.inputs) == 1 else only_heir(call.block, updated)
            self._trained[trainer] = TrainedNet(model, call.block)
        return self._trained[trainer]

    def _batch(self, trained: TrainedNet, trainer: Any) -> Batch:
        """What the model answered last, and the labels that a loss compared it with."""
        called = self._seen.calls[id(trained.called)]
        inputs = called.inputs[0].asnumpy().astype(np.float32, copy=False)
        labels = self._labels(trained.model, len(inputs))
        return Batch(inputs, labels, worker=worker_of(trainer))

    def _labels(self, model: Any, count: int) -> npt.NDArray[np.int64] | None:
        for call in self._seen.calls.values():
            arrays = [each for each in call.inputs[1:] if isinstance(each, mx.nd.NDArray)]
            if call.block is not model and arrays and arrays[0].shape == (count,):
                labels: npt.NDArray[np.int64] = arrays[0].asnumpy().astype(np.int64)
                return labels
        return None

    def _scalars(self, trainer: Any) -> dict[str, object]:
        """Functions, so that nothing is computed, or waited for, at a step not recorded."""
        scalars: dict[str, object] = {"learning_rate": lambda: float(trainer.learning_rate)}
        loss = self._seen.loss
        if loss is not None:
            heads = loss if isinstance(loss, (list, tuple)) else [loss]
            scalars["loss"] = lambda: float(np.mean([head.asnumpy().mean() for head in heads]))
        return scalars


def owned_of(block: Any, updated: Container[int]) -> int:
    """How many of the parameters that a trainer updates are the Block's."""
    return sum(id(each) in updated for each in block.collect_params().values())


def only_heir(block: Any, updated: Container[int]) -> Any:
    """The one child that owns all that the Block does of the updated parameters; else the Block."""
    whole = owned_of(block, updated)
    heirs = [each for each in block._children.values() if owned_of(each, updated) == whole]
    return heirs[0] if len(heirs) == 1 else block


def watch_trainings(observer: TrainingObserver) -> Callable[[], None]:
    """Tell the observer of every update from now on. Returns what ends the watch."""
    watch = TrainingWatch(observer)
    watch.begin()
    return watch.end
