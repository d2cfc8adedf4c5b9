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
from dataclasses import replace
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
from vizframe.graph.patches import Method, Patches
from vizframe.network.adapter import Batch, TrainingObserver
from vizframe.torch.aside import has_modes, is_transformed, without_modes
from vizframe.torch.batch_targets import comes_from, labels_among, with_targets
from vizframe.torch.by_hand import HandWatch
from vizframe.torch.calls import batch_of, learned_from
from vizframe.torch.loaders import LoaderWatch
from vizframe.torch.module_calls import ModuleCalls
from vizframe.torch.optimiser import SEEN_OFTEN, optimizers, updates
from vizframe.torch.other_optimisers import OtherOptimisers
from vizframe.torch.owners import describe_rest, owning
from vizframe.torch.plain_forward import plain_call
from vizframe.torch.shadow import tensors_in
from vizframe.torch.targets import target_of
from vizframe.torch.thread_state import SeenCall, ThreadState, summed
from vizframe.torch.trained_net import Trained, TrainedNet
from vizframe.torch.wrapped import inner_of

_CHECKED = 5
"""Updates of each optimiser before which it is looked whether gradients begin at 0."""

_BEFORE, _AFTER = "what comes before an update", "an update of its optimiser"
"""What is lost where looking at them breaks."""

_FIRST = 4
"""Parameters of each optimiser of which it is looked whether they have gradients."""

_ROUNDS = 2
"""After so many updates of each optimiser without a new one, the nets are known."""


class TrainingWatch:
    """Turns what PyTorch does into the updates that an observer is told of."""

    def __init__(self, observer: TrainingObserver) -> None:
        self._observer = observer
        self._state = ThreadState()
        self._trained: WeakKeyDictionary[Any, Trained] = WeakKeyDictionary()
        self._loaders = LoaderWatch()
        self._guard = observer.guard
        self._patches = Patches(self._guard)
        self._calls = ModuleCalls(self._call)
        self._others = OtherOptimisers(self._patches, self._before_step, self._after_step)
        self._by_hand = HandWatch(observer, self._state, self._batch, self._epoch)
        self._handles: list[Any] = []
        self._without_new = 0
        self._is_wanted = self._is_early = True

    def begin(self) -> None:
        self._loaders.begin(self._patches)
        self._patches.see(torch.autograd, "backward", before=self._backward)
        self._by_hand.begin()
        self._patches.see(torch.amp.GradScaler, "scale", before=self._scale)
        self._patches.see(torch, "manual_seed", before=self._seed)
        self._handles = [
            register_optimizer_step_pre_hook(self._before_step),
            register_optimizer_step_post_hook(self._after_step),
        ]
        self._patches.see(torch.optim.Optimizer, "__init__", before=self._see_all)
        self._calls.see_all()

    def end(self) -> None:
        self._by_hand.end()
        for each in self._handles:
            each.remove()
        self._calls.end()
        self._patches.remove()

    def _see_all(self, *_given: Any, **_named: Any) -> None:
        """Of an optimiser that is new, or unknown, the net has to be found."""
        self._by_hand.stop()
        self._without_new = 0
        self._is_wanted = True
        self._calls.see_all()

    def _call(self, original: Method, module: Any, *args: Any, **kwargs: Any) -> Any:
        state = self._state
        if state.depth or is_transformed():
            return original(module, *args, **kwargs)
        if self._by_hand.is_on:
            self._by_hand.next_call(module)
        if not torch.is_grad_enabled():
            return original(module, *args, **kwargs)
        if self._calls.sees_all:
            self._others.look()
            outer = plain_call(module)
            if outer is not None:
                state.calls.setdefault(id(outer.module), outer)
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
            state.loss[-1] = scaled

    def _see_heads(self, heads: tuple[Any, ...]) -> None:
        state = self._state
        if self._begins_anew():
            state.loss = []
        elif state.stepping and state.is_inside:  # a closure is called again: LBFGS tries weights
            state.loss = state.loss[:-1]
        state.is_inside = bool(state.stepping)
        if len(heads) == 1:
            state.see_loss([heads[0].detach()])
        else:
            state.see_loss([each.detach() for each in heads if isinstance(each, torch.Tensor)])
        if self._is_wanted and state.target is None:
            state.target = next(filter(_is_given, map(target_of, heads)), None)
        if self._is_early:
            self._see_gradients()

    def _begins_anew(self) -> bool:
        """Whether all gradients were let go of, without an update: the loss before is no part of
        the coming update."""
        for optimizer in self._trained:
            for each in optimizer.param_groups[0]["params"][:_FIRST]:
                if each.grad is not None:
                    return False
        return bool(self._trained)

    def _see_gradients(self) -> None:
        """Which of the optimisers that are known find their gradients at 0 as a backward pass
        begins: of one that never does, each update sums all gradients so far."""
        zeroed = self._state.zeroed
        early = [n for n, each in self._trained.items() if each.steps <= _CHECKED]
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
        if len(stack) == 1:
            self._state.is_inside = False
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
            trained.steps += 1
            for net in trained.nets:
                scalars = self._scalars(optimizers.get(net.model, optimizer))
                epoch = net.epochs.at(self._loaders.last)
                net.rounds.end(
                    id(optimizer), functools.partial(self._tell_after, net, scalars, epoch)
                )
            self._look_ahead(trained.nets)
        self._state.forget(() if trained is None else trained.nets)

    def _epoch(self, net: TrainedNet) -> float | None:
        return net.epochs.at(self._loaders.last)

    def _tell_after(self, net: TrainedNet, scalars: dict[str, object], epoch: float | None) -> None:
        net.updates += 1
        self._observer.after_update(net.model, scalars, epoch)

    def _look_ahead(self, nets: list[TrainedNet]) -> None:
        """What is to be seen before the coming update: of which modules the calls, and whether
        the batch is wanted."""
        for net in nets:
            wanted = self._observer.wants_batch(net.model)
            if wanted != net.wanted:
                net.wanted = wanted
                self._is_wanted = any(each.wanted for each in self._nets())
        if self._calls.sees_all:
            self._without_new += 1
            if self._without_new >= _ROUNDS * len(self._trained):
                self._calls.see(self._nets())
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
        if trained.steps < SEEN_OFTEN:
            updates[optimizer] = trained.steps + 1
        for net in trained.nets:
            if net.rounds.begin(id(optimizer), self._state.passes):
                optimizers[net.model] = optimizer
                self._observer.before_update(net.model, functools.partial(self._batch, net))

    def _nets(self) -> list[TrainedNet]:
        """All that are known, each once."""
        return list({id(net): net for each in self._trained.values() for net in each.nets}.values())

    def _of(self, optimizer: Any) -> Trained | None:
        """The modules whose parameters the optimiser updates: of those called since its last
        update, or those that others are known to update."""
        found = self._trained.get(optimizer)
        if found is None:
            updated = {id(each) for group in optimizer.param_groups for each in group["params"]}
            state = self._state
            known = {id(each.called): each for each in self._nets()}
            calls = {key: SeenCall(each.called) for key, each in known.items()}
            chosen = owning({**calls, **state.older, **state.calls}.values(), updated)
            if not chosen:
                return None
            nets = [
                known.get(id(each.module)) or TrainedNet.of(each, updated)
                for each in chosen
                if not each.is_loss
            ]
            self._tell_rest(nets, chosen, updated)
            found = self._trained[optimizer] = Trained(nets)
            self._without_new = 0
            self._is_wanted = self._is_early = True
            self._by_hand.stop()
        return found

    def _tell_rest(self, nets: list[TrainedNet], chosen: list[SeenCall], updated: set[int]) -> None:
        """Say so where the optimiser updates more than the modules that are recorded."""
        models = [each.model for each in nets]
        if rest := describe_rest(models, [each.module for each in chosen], updated):
            self._guard.say(f"the rest of {id(models[0])}", rest)

    def _batch(self, trained: TrainedNet) -> Batch:
        """What the model gave first since the last update, and the labels that go with it."""
        call = self._state.call_of(trained.called)
        args, kwargs = (call.args, call.kwargs) if call is not None else ((), {})
        if trained.model is not trained.called and inner_of(trained.called) is not trained.model:
            args, kwargs = args[:1], {}
        found = batch_of(trained.model, args, kwargs)
        if found is None:
            given = [type(each).__name__ for each in (*args, *kwargs.values())]
            raise NetworkError(
                f"the network {type(trained.model).__name__!r} was given no tensor since its last "
                f"update{' but ' if given else ''}{' and '.join(given)}; it can be given tensors, "
                "or lists and dicts of them"
            )
        found = replace(found, adds_up=self._adds_up(trained))
        output = None if call is None else call.output
        return with_targets(found, self._state.target, self._labels(trained, found), output)

    def _adds_up(self, trained: TrainedNet) -> bool | None:
        """Whether gradients of the update before are in those of this one; None where that is not
        looked at."""
        if not 1 <= trained.updates <= _CHECKED:
            return None
        return id(optimizers.get(trained.model)) not in self._state.zeroed

    def _labels(self, trained: TrainedNet, found: Batch) -> npt.NDArray[np.int64] | None:
        """A vector of whole numbers, one for each image, that the loss was given; else one that
        the loader gave with these images."""
        calls = [each for each in self._state.calls.values() if each.module is not trained.called]
        own = self._state.call_of(trained.called)
        given: list[Any] = [[each.args[1:], dict(each.kwargs)] for each in calls]
        if own is not None and inner_of(trained.called) is not trained.model:  # the loss is in it
            given.append([own.args[1:], dict(own.kwargs)])
        elif own is not None:
            given += learned_from(own.module, own.args, own.kwargs)
        if comes_from(found, self._loaders.batch):
            given.append(self._loaders.batch)
        return labels_among(given, len(found.inputs))

    def _scalars(self, optimizer: Any) -> dict[str, object]:
        """Functions, so that nothing is computed, or waited for, at a step not recorded."""
        group = optimizer.param_groups[0]
        scalars: dict[str, object] = {"learning_rate": lambda: float(group["lr"])}
        if "lr" not in group:
            del scalars["learning_rate"]
        if self._state.loss:
            scalars["loss"] = functools.partial(summed, self._state.loss)
        return scalars


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
