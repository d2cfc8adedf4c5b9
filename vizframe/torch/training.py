"""Watching any training of PyTorch in this process, by what all of them pass through:

    for batch in loader               the data: which epoch it is, and the labels
    net(x) while gradients are kept   the outermost module's call: which net, on what
    loss.backward()                   what is minimised; scaler.scale(loss): before it was scaled
    optimizer.step()                  the update; the net is the module that owns its parameters

Calls of all modules are looked at until the nets are known, then those of these nets alone, and
only before an update whose batch the observer wants: a step between these costs microseconds.
Everything is put back by the function that ends the watch.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt
import torch
from torch.optim.optimizer import (
    register_optimizer_step_post_hook,
    register_optimizer_step_pre_hook,
)

from vizframe.errors import NetworkError
from vizframe.graph.epochs import Epochs
from vizframe.graph.patches import Method, Patches
from vizframe.network import FloatArray
from vizframe.network.adapter import Batch, TrainingObserver
from vizframe.torch.aside import has_modes, is_transformed, without_modes
from vizframe.torch.calls import batch_of, learned_from
from vizframe.torch.loaders import LoaderWatch
from vizframe.torch.module_calls import ModuleCalls
from vizframe.torch.optimiser import SEEN_OFTEN, optimizers, updates
from vizframe.torch.other_optimisers import OtherOptimisers
from vizframe.torch.owners import describe_rest, net_of, owned_of
from vizframe.torch.shadow import tensors_in
from vizframe.torch.targets import target_of
from vizframe.torch.thread_state import SeenCall, ThreadState
from vizframe.torch.wrapped import inner_of

_CHECKED = 5
"""Updates of each optimiser before which it is looked whether gradients begin at 0."""

_BEFORE, _AFTER = "what comes before an update", "an update of its optimiser"
"""What is lost where looking at them breaks."""

_ROUNDS = 2
"""After so many updates of each optimiser without a new one, the nets are known."""


@dataclass(slots=True, eq=False)
class TrainedNet:
    """A net, and the module that the script calls: the net itself, or one with the loss in it.

    Attributes:
        updates: that its optimiser has made.
        wanted: whether the batch of its coming update is.
    """

    model: Any
    called: Any
    epochs: Epochs = field(default_factory=Epochs)
    updates: int = 0
    wanted: bool = True


class TrainingWatch:
    """Turns what PyTorch does into the updates that an observer is told of."""

    def __init__(self, observer: TrainingObserver) -> None:
        self._observer = observer
        self._state = ThreadState()
        self._trained: WeakKeyDictionary[Any, TrainedNet] = WeakKeyDictionary()
        self._loaders = LoaderWatch()
        self._guard = observer.guard
        self._patches = Patches(self._guard)
        self._calls = ModuleCalls(self._call)
        self._others = OtherOptimisers(self._patches, self._before_step, self._after_step)
        self._handles: list[Any] = []
        self._without_new = 0
        self._is_wanted = self._is_early = True

    def begin(self) -> None:
        self._loaders.begin(self._patches)
        self._patches.see(torch.autograd, "backward", before=self._backward)
        self._patches.see(torch.amp.GradScaler, "scale", before=self._scale)
        self._patches.see(torch, "manual_seed", before=self._seed)
        self._handles = [
            register_optimizer_step_pre_hook(self._before_step),
            register_optimizer_step_post_hook(self._after_step),
        ]
        self._patches.see(torch.optim.Optimizer, "__init__", before=self._see_all)
        self._calls.see_all()

    def end(self) -> None:
        for each in self._handles:
            each.remove()
        self._calls.end()
        self._patches.remove()

    def _see_all(self, *_given: Any, **_named: Any) -> None:
        """Of an optimiser that is new, or unknown, the net has to be found."""
        self._without_new = 0
        self._is_wanted = True
        self._calls.see_all()

    def _call(self, original: Method, module: Any, *args: Any, **kwargs: Any) -> Any:
        state = self._state
        if state.depth or not torch.is_grad_enabled() or is_transformed():
            return original(module, *args, **kwargs)
        if self._calls.sees_all:
            self._others.look()
        state.depth += 1
        try:
            output = original(module, *args, **kwargs)
        finally:
            state.depth -= 1
        if id(module) not in state.calls:
            tensor = next(tensors_in(output), None)
            with without_modes():
                kept = None if tensor is None else tensor.detach()
            state.calls[id(module)] = SeenCall(module, args, kwargs, kept)
        return output

    def _seed(self, seed: Any) -> None:
        self._observer.note("seed/torch", seed)

    def _backward(self, tensors: Any, *_given: Any, **_named: Any) -> None:
        if is_transformed():
            return
        state = self._state
        heads = (tensors,) if isinstance(tensors, torch.Tensor) else tuple(tensors)
        scaled, state.unscaled = state.unscaled, None
        if has_modes():
            with without_modes():
                self._see_heads(heads)
        else:
            self._see_heads(heads)
        if scaled is not None:
            state.loss = scaled

    def _see_heads(self, heads: tuple[Any, ...]) -> None:
        state = self._state
        if len(heads) == 1:
            state.loss = [heads[0].detach()]
        else:
            state.loss = [each.detach() for each in heads if isinstance(each, torch.Tensor)]
        if self._is_wanted and state.target is None:
            state.target = next(filter(_is_given, map(target_of, heads)), None)
        if self._is_early:
            self._see_gradients()

    def _see_gradients(self) -> None:
        """Which of the optimisers that are known find their gradients at 0 as a backward pass
        begins: of one that never does, each update sums all gradients so far."""
        zeroed = self._state.zeroed
        early = [n for n, each in self._trained.items() if each.updates <= _CHECKED]
        self._is_early = bool(early) or not len(self._trained)
        for optimizer in early:
            if id(optimizer) not in zeroed and not _has_gradient(optimizer):
                zeroed.add(id(optimizer))

    def _scale(self, _scaler: Any, outputs: Any) -> None:
        with without_modes():
            self._state.unscaled = [each.detach() for each in tensors_in(outputs)]

    def _before_step(self, optimizer: Any, args: Any, kwargs: Any) -> Any:
        try:
            if has_modes():
                with without_modes():
                    return self._see_step(optimizer, args, kwargs)
            return self._see_step(optimizer, args, kwargs)
        except (Exception, SystemExit) as error:
            self._guard.meet(_BEFORE, error)
        return None

    def _see_step(self, optimizer: Any, args: Any, kwargs: Any) -> Any:
        stack = self._state.stepping
        if optimizer in stack:  # its last step was broken off
            del stack[stack.index(optimizer) :]
        stack.append(optimizer)
        if len(stack) > 1:
            return None  # an optimiser inside of another
        closure = kwargs.get("closure", args[1] if len(args) > 1 else None)
        if callable(closure):
            return self._at_first_closure(optimizer, closure, args, kwargs)
        self._tell_before(optimizer)
        return None

    def _after_step(self, optimizer: Any, _args: Any, _kwargs: Any) -> None:
        try:
            if has_modes():
                with without_modes():
                    self._count_step(optimizer)
            else:
                self._count_step(optimizer)
        except (Exception, SystemExit) as error:
            self._guard.meet(_AFTER, error)

    def _count_step(self, optimizer: Any) -> None:
        stack = self._state.stepping
        is_outermost = stack[:1] == [optimizer]
        if optimizer in stack:
            del stack[stack.index(optimizer) :]
        if not is_outermost:
            return
        trained = self._of(optimizer)
        self._state.zeroed.discard(id(optimizer))
        if trained is None:
            self._see_all()
        else:
            trained.updates += 1
            epoch = trained.epochs.at(self._loaders.last)
            self._observer.after_update(trained.model, self._scalars(optimizer), epoch)
            self._look_ahead(trained)
        self._state.forget(None if trained is None else trained.called)

    def _look_ahead(self, trained: TrainedNet) -> None:
        """What is to be seen before the coming update: of which modules the calls, and whether
        the batch is wanted."""
        wanted = self._observer.wants_batch(trained.model)
        if wanted != trained.wanted:
            trained.wanted = wanted
            self._is_wanted = any(each.wanted for each in self._trained.values())
        if self._calls.sees_all:
            self._without_new += 1
            if self._without_new >= _ROUNDS * len(self._trained):
                self._calls.see(self._trained.values())
                self._state.older.clear()

    def _at_first_closure(self, optimizer: Any, closure: Any, args: Any, kwargs: Any) -> Any:
        """A net that is first called inside the step, as LBFGS does: tell of the update when the
        closure was called once, which is before anything changes."""
        told = False

        def first(*given: Any, **given_named: Any) -> Any:
            nonlocal told
            result = closure(*given, **given_named)
            with self._guard(_BEFORE), without_modes():
                if not told and self._of(optimizer) is not None:
                    told = True
                    self._tell_before(optimizer)
            return result

        if "closure" in kwargs:
            return args, {**kwargs, "closure": first}
        return (args[0], first, *args[2:]), dict(kwargs)

    def _tell_before(self, optimizer: Any) -> None:
        trained = self._of(optimizer)
        if trained is None:
            return
        if trained.updates < SEEN_OFTEN:
            updates[optimizer] = trained.updates + 1
        self._observer.before_update(trained.model, functools.partial(self._batch, trained))

    def _of(self, optimizer: Any) -> TrainedNet | None:
        """The module whose parameters the optimiser updates: of those called since its last
        update, the one that owns most of them."""
        found = self._trained.get(optimizer)
        if found is None:
            updated = {id(each) for group in optimizer.param_groups for each in group["params"]}
            state = self._state
            calls = list({**state.older, **state.calls}.values())
            owned = [(owned_of(each.module, updated), each) for each in calls]
            most, call = max(owned, key=lambda pair: pair[0], default=(0, None))
            if call is None or not most:
                return None
            net = net_of(call, updated)
            self._tell_rest(net, updated)
            found = self._trained[optimizer] = TrainedNet(net, call.module)
            optimizers[net] = optimizer
            self._without_new = 0
            self._is_wanted = self._is_early = True
        return found

    def _tell_rest(self, net: Any, updated: set[int]) -> None:
        """Say so where the optimiser updates more than the module that is recorded."""
        if rest := describe_rest(net, updated):
            self._guard.say(f"the rest of {id(net)}", rest)

    def _batch(self, trained: TrainedNet) -> Batch:
        """What the model gave first since the last update, and the labels that go with it."""
        call = self._state.call_of(trained.called)
        args, kwargs = (call.args, call.kwargs) if call is not None else ((), {})
        if trained.model is not trained.called and inner_of(trained.called) is not trained.model:
            args, kwargs = args[:1], {}
        found = batch_of(trained.model, args, kwargs)
        if found is None:
            raise NetworkError(
                f"the network {type(trained.model).__name__!r} was given no tensor since its last "
                "update; it can be given one"
            )
        found = replace(found, adds_up=self._adds_up(trained))
        return self._with_targets(found, trained, None if call is None else call.output)

    def _with_targets(self, found: Batch, trained: TrainedNet, output: Any) -> Batch:
        """With what the loss compared: the targets that it keeps, else labels given elsewhere."""
        count = len(found.inputs)
        target = self._state.target
        labels = self._labels(trained, count)
        if _is_given(target) and target.ndim and len(target) == count:
            targets: FloatArray = _floats(target).copy()
            if target.ndim == 1 and target.dtype == torch.int64:
                labels = target.cpu().numpy().copy()
            elif labels is None and _chooses_one(targets):
                labels = targets.argmax(1)
        elif labels is None:
            return found
        else:
            targets = labels.astype(np.float32)
        fits = output is not None and output.ndim >= 1 and len(output) == count
        outputs = functools.partial(_floats, output) if fits else None
        return replace(found, labels=labels, targets=targets, outputs=outputs)

    def _adds_up(self, trained: TrainedNet) -> bool | None:
        """Whether gradients of the update before are in those of this one; None where that is not
        looked at."""
        if not 1 <= trained.updates <= _CHECKED:
            return None
        return id(optimizers.get(trained.model)) not in self._state.zeroed

    def _labels(self, trained: TrainedNet, count: int) -> npt.NDArray[np.int64] | None:
        """A vector of whole numbers, one for each image, that the loss was given; else one that
        the loader gave."""
        calls = [each for each in self._state.calls.values() if each.module is not trained.called]
        own = self._state.call_of(trained.called)
        given: list[Any] = [[each.args[1:], dict(each.kwargs)] for each in calls]
        if own is not None and trained.model is not trained.called:  # one with the loss in it
            given.append([own.args[1:], dict(own.kwargs)])
        elif own is not None:
            given += learned_from(own.module, own.args, own.kwargs)
        for tensor in tensors_in([*given, self._loaders.batch]):
            if tensor.shape == (count,) and tensor.dtype == torch.int64:
                labels: npt.NDArray[np.int64] = tensor.detach().cpu().numpy().copy()
                return labels
        return None

    def _scalars(self, optimizer: Any) -> dict[str, object]:
        """Functions, so that nothing is computed, or waited for, at a step not recorded."""
        group = optimizer.param_groups[0]
        scalars: dict[str, object] = {"learning_rate": lambda: float(group["lr"])}
        loss = self._state.loss
        if loss:
            scalars["loss"] = lambda: float(np.mean([float(each.mean()) for each in loss]))
        if "lr" not in group:
            del scalars["learning_rate"]
        return scalars


def _floats(tensor: Any) -> FloatArray:
    found: FloatArray = tensor.to(torch.float32).cpu().numpy()
    return found


def _chooses_one(targets: FloatArray) -> bool:
    """Whether each row is 1 for one class of several, and 0 for the others."""
    is_table = targets.ndim == 2 and targets.shape[1] > 1
    return is_table and bool(np.isin(targets, (0, 1)).all() and (targets.sum(1) == 1).all())


def _is_given(tensor: Any) -> bool:
    return tensor is not None


def _has_gradient(optimizer: Any) -> bool:
    """Whether any of what it updates has a gradient that is not 0."""
    return any(
        each.grad is not None and bool(each.grad.count_nonzero())
        for group in optimizer.param_groups
        for each in group["params"]
    )


def watch_trainings(observer: TrainingObserver) -> Callable[[], None]:
    """Tell the observer of every update from now on. Returns what ends the watch."""
    watch = TrainingWatch(observer)
    watch.begin()
    return watch.end
