"""Watching any MXNet training of this process, where all of them pass:

    for batch in loader               the data: which epoch it is (see `passes`)
    net(x) under autograd.record()    which net, on what (see `calls`, `owner`)
    loss.backward()                   what is minimised
    trainer.step(), trainer.update()  the update; the net is the Block that owns its parameters
    module.update()                   likewise (see `modules`)
    …                                 weights that no Trainer holds (see `by_hand`)

Nothing else is touched, and everything is put back by the function that ends the watch.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from vizframe.errors import NetworkError
from vizframe.gluon.call import argument_names, batch_of, classes
from vizframe.gluon.compat import mx
from vizframe.gluon.training.by_hand import HandUpdates
from vizframe.gluon.training.calls import CallWatch, RecordedCall
from vizframe.gluon.training.compared import compared
from vizframe.gluon.training.metrics import MetricWatch
from vizframe.gluon.training.modules import ModuleUpdates
from vizframe.gluon.training.optimiser import batch_sizes
from vizframe.gluon.training.owner import TrainedNet, trained_nets
from vizframe.gluon.training.passes import PassWatch
from vizframe.gluon.training.ranks import has_yet_to_meet, worker_of
from vizframe.graph.epochs import Epochs
from vizframe.graph.patches import Patches
from vizframe.network.adapter import Batch, TrainingObserver

UNSEEN = (
    "what is trained is no gluon.Block and no Module, so nothing of it can be seen; "
    "vizframe record --checkpoints shows what it saves"
)


class TrainingWatch:
    """Turns calls of MXNet into the updates that an observer is told of."""

    def __init__(self, observer: TrainingObserver) -> None:
        self._observer = observer
        self._calls = CallWatch()
        self._trained: WeakKeyDictionary[Any, list[TrainedNet]] = WeakKeyDictionary()
        self._passes = PassWatch(observer.guard)
        self._metrics = MetricWatch()
        self._modules = ModuleUpdates(observer.before_update, self._module_updated)
        self._by_hand = HandUpdates(self._before_by_hand, self._after_by_hand)
        self._blind_rounds = 0
        self._patches = Patches(observer.guard)

    def begin(self) -> None:
        patches = self._patches
        patches.see(mx.gluon.Block, "__call__", before=self._next_call)
        self._calls.begin(patches)
        self._passes.begin(patches)
        self._metrics.begin(patches)
        self._modules.begin(patches)
        patches.see(mx.nd.NDArray, "backward", before=self._backward)
        for name in ("backward", "grad"):
            patches.see(mx.autograd, name, before=self._backward)
        for name in ("step", "update"):
            patches.see(mx.gluon.Trainer, name, before=self._before_step, after=self._after_step)
        patches.see(mx.random, "seed", before=self._seed)
        patches.see(mx.gluon.Trainer, "_allreduce_grads", before=self._exchange)

    def end(self) -> None:
        with self._observer.guard("its last update"):
            self._by_hand.end()
        self._patches.remove()

    def _seed(self, seed_state: Any, *_: Any, **__: Any) -> None:
        self._observer.note("seed/mxnet", seed_state)

    def _next_call(self, block: Any, *_: Any) -> None:
        self._by_hand.next_call(block)

    def _backward(self, heads: Any, *_: Any, **__: Any) -> None:
        self._calls.seen.loss = heads
        calls = list(self._calls.seen.outermost.values())
        self._by_hand.backward(calls)
        if not any(call.block.collect_params() for call in calls):
            self._blind_rounds += 1
            if self._blind_rounds == 2 and not self._trained:
                self._observer.guard.say("unseen", UNSEEN)

    def _before_step(self, trainer: Any, *given: Any, **named: Any) -> None:
        size = given[0] if given else named.get("batch_size")
        if isinstance(size, (int, float)) and size > 0:
            batch_sizes[trainer] = size
        nets = self._of(trainer)
        if not has_yet_to_meet(trainer):
            for net in nets:
                self._before_update(net, trainer)

    def _after_step(self, _token: Any, _result: Any, trainer: Any, *_: Any, **__: Any) -> None:
        try:
            for net in self._trained.get(trainer, ()):
                self._after_update(net, trainer)
        finally:
            self._calls.seen.forget()

    def _exchange(self, trainer: Any) -> None:
        """A worker among others has met them by now, and has not told them its gradients yet."""
        if worker_of(trainer) is not None:
            for net in self._of(trainer):
                self._before_update(net, trainer)
                net.monitor.before_exchange(trainer)

    def _before_update(self, net: TrainedNet, trainer: Any) -> None:
        started = time.perf_counter()
        batch = functools.partial(self._batch, net, trainer)
        self._observer.before_update(net.model, batch)
        net.monitor.skip_since(started)

    def _after_update(self, net: TrainedNet, trainer: Any) -> None:
        epoch = net.epochs.at(self._passes.last)
        scalars = self._scalars()
        scalars["learning_rate"] = lambda: float(trainer.learning_rate)
        started = time.perf_counter()
        if worker_of(trainer) is not None:
            size = self._batch_size(net)
            net.monitor.after_update(trainer, size)
            scalars.update(net.monitor.scalars(trainer, size))
            started = time.perf_counter()
        self._observer.after_update(net.model, scalars, epoch)
        net.monitor.skip_since(started)

    def _batch_size(self, net: TrainedNet) -> int:
        call = self._calls.seen.outermost.get(id(net.called))
        arrays = call.inputs if call is not None else ()
        return next((len(each) for each in arrays if isinstance(each, mx.nd.NDArray)), 0)

    def _of(self, trainer: Any) -> list[TrainedNet]:
        if not self._trained.get(trainer):
            updated = {id(parameter) for parameter in trainer._params}
            declared = self._calls.declared(trainer)
            self._trained[trainer] = trained_nets(updated, declared, self._calls.seen)
        return self._trained[trainer]

    def _before_by_hand(self, block: Any, call: RecordedCall) -> None:
        labels = self._labels
        self._observer.before_update(
            block, lambda: batch_of(block, call.inputs, labels(block, call))
        )

    def _after_by_hand(self, block: Any, epochs: Epochs) -> None:
        self._observer.after_update(block, self._scalars(), epochs.at(self._passes.last))
        self._calls.seen.forget()

    def _module_updated(self, module: Any, epochs: Epochs) -> None:
        scalars: dict[str, object] = dict(self._metrics.scalars())
        scalars["learning_rate"] = lambda: float(_optimizer_of(module).learning_rate)
        self._observer.after_update(module, scalars, epochs.at(self._passes.last))

    def _batch(self, net: TrainedNet, trainer: Any) -> Batch:
        """What the model gave last, and the labels that a loss compared it with."""
        seen = self._calls.seen
        call = (
            seen.outermost.get(id(net.model))
            or seen.owners.get(id(net.model))
            or seen.outermost.get(id(net.called))
        )
        if call is None:
            raise NetworkError(f"what {type(net.model).__name__} is trained on was not seen")
        inputs = call.inputs
        if id(net.model) not in seen.outermost:  # the others are the loss's
            inputs = inputs[: len(argument_names(net.model))]
        found = batch_of(net.model, inputs, self._labels(net.model, call))
        targets, outputs = compared(net.model, seen.outermost.values())
        return replace(found, worker=worker_of(trainer), targets=targets, outputs=outputs)

    def _labels(self, model: Any, call: RecordedCall) -> npt.NDArray[np.int64] | None:
        """One number per example, which something beside the net was called with."""
        count = next((len(each) for each in call.inputs if isinstance(each, mx.nd.NDArray)), 0)
        for other in self._calls.seen.outermost.values():
            arrays = [each for each in other.inputs[1:] if isinstance(each, mx.nd.NDArray)]
            if other.block is not model and arrays and arrays[0].shape in ((count,), (count, 1)):
                return classes(arrays[0].asnumpy().reshape(count))
        return None

    def _scalars(self) -> dict[str, object]:
        """Functions, so that nothing is computed, or waited for, at a step not recorded."""
        scalars: dict[str, object] = dict(self._metrics.scalars())
        loss = self._calls.seen.loss
        if loss is not None:
            heads = loss if isinstance(loss, (list, tuple)) else [loss]
            scalars["loss"] = lambda: float(np.mean([head.asnumpy().mean() for head in heads]))
        return scalars


def _optimizer_of(module: Any) -> Any:
    return getattr(module, "_curr_module", module)._optimizer


def watch_trainings(observer: TrainingObserver) -> Callable[[], None]:
    """Tell the observer of every update from now on. Returns what ends the watch."""
    watch = TrainingWatch(observer)
    watch.begin()
    return watch.end
