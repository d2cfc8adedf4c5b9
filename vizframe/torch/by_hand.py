"""Updates that no optimiser makes: ``p.data.add_(p.grad, alpha=-rate)``, ``p -= rate * p.grad``.
Nothing of PyTorch is called that says so: see `vizframe.graph.hand_updates`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from weakref import WeakKeyDictionary

import torch

from vizframe.graph import hand_updates
from vizframe.graph.hand_updates import Round
from vizframe.graph.patches import Patches
from vizframe.network.adapter import Batch, TrainingObserver
from vizframe.torch.aside import has_modes, is_transformed, without_modes
from vizframe.torch.owners import owned_of
from vizframe.torch.shadow import tensors_in
from vizframe.torch.thread_state import ThreadState, summed
from vizframe.torch.trained_net import TrainedNet

_TRIES = 3
"""Backward passes after which a net whose weights stay as they are counts as not trained."""

_MOST = 1 << 26
"""Numbers of a net whose weights are copied for that."""


class HandUpdates(hand_updates.HandUpdates[Round]):
    """Finds the updates of modules whose parameters no optimiser holds.

    Args:
        before, after: told of an update.
    """

    def __init__(
        self,
        before: Callable[[Any], None],
        after: Callable[[Any], None],
    ) -> None:
        super().__init__(_TRIES)
        self._before, self._after = before, after

    def differentiated(self, modules: Iterable[Any]) -> None:
        """A backward pass is over, after calls of these."""
        self.asked(each for each in modules if each in self._rounds or _has_gradient(each))

    def asked(self, modules: Iterable[Any]) -> None:
        """These were differentiated by their parameters."""
        for module in modules:
            known = self._rounds.get(module)
            if known is None:
                if sum(each.numel() for each in module.parameters()) > _MOST:
                    continue
                known = self._rounds[module] = Round()
            self._open(module, known)

    def forget(self) -> None:
        """Watch none any more."""
        self._rounds.clear()

    def _copies(self, net: Any) -> Mapping[str, Any]:
        with torch.no_grad():
            return {name: each.detach().clone() for name, each in _tensors(net)}

    def _differs(self, net: Any, copies: Mapping[str, Any]) -> bool:
        with torch.no_grad():
            return any(
                name in copies
                and each.requires_grad
                and not torch.equal(each.nan_to_num(), copies[name].nan_to_num())
                for name, each in net.named_parameters()
            )

    @contextmanager
    def _lent(self, net: Any, copies: Mapping[str, Any]) -> Iterator[None]:
        own = [(each, each.data) for name, each in _tensors(net) if name in copies]
        try:
            for name, each in _tensors(net):
                if name in copies:
                    each.data = copies[name]
            yield
        finally:
            for each, data in own:
                each.data = data

    def _tell_before(self, net: Any, known: Round) -> None:
        self._before(net)

    def _tell_after(self, net: Any, known: Round) -> None:
        self._after(net)


def _has_gradient(module: Any) -> bool:
    return any(each.grad is not None for each in module.parameters())


def _tensors(module: Any) -> Iterator[tuple[str, Any]]:
    yield from module.named_parameters()
    yield from module.named_buffers()


class HandWatch:
    """Tells an observer of what `HandUpdates` finds, as long as no optimiser is there.

    Args:
        state: of the thread that trains.
        batch: of a net that is about to be updated.
        epoch: that it is, by the net's own count.

    Attributes:
        is_on: whether no optimiser is there yet.
    """

    def __init__(
        self,
        observer: TrainingObserver,
        state: ThreadState,
        batch: Callable[[TrainedNet], Batch],
        epoch: Callable[[TrainedNet], float | None],
    ) -> None:
        self._observer, self._state = observer, state
        self._batch, self._epoch = batch, epoch
        self._found = HandUpdates(self._before, self._after)
        self._patches = Patches(observer.guard)
        self.is_on = True
        self._nets: WeakKeyDictionary[Any, TrainedNet] = WeakKeyDictionary()

    def begin(self) -> None:
        self._patches.see(torch.autograd, "backward", after=self._differentiated)
        self._patches.see(torch.autograd, "grad", after=self._graded)

    def stop(self) -> None:
        """There is an optimiser: what it does not update, such as a copy of its net, follows."""
        self._patches.remove()
        self._found.forget()
        self.is_on = False

    def end(self) -> None:
        with self._observer.guard("its last update"), without_modes():
            self._found.end()
        self._patches.remove()

    def next_call(self, module: Any) -> None:
        """A module is about to be called."""
        with self._observer.guard("an update by hand"), without_modes():
            self._found.next_call(module)

    def _differentiated(self, *_given: Any, **_named: Any) -> None:
        if not (has_modes() or is_transformed()):
            self._found.differentiated(each.module for each in self._state.calls.values())

    def _graded(
        self, _token: Any, _result: Any, outputs: Any, inputs: Any, *_: Any, **__: Any
    ) -> None:
        if not (has_modes() or is_transformed()):
            own = {id(each) for each in tensors_in([inputs])}
            calls = [each.module for each in self._state.calls.values()]
            owners = [each for each in calls if owned_of(each, own)]
            if owners:
                self._state.see_loss([each.detach() for each in tensors_in([outputs])])
                self._found.asked(owners)

    def _before(self, module: Any) -> None:
        net = self._nets[module] = TrainedNet(module, module)
        self._observer.before_update(module, functools.partial(self._batch, net))

    def _after(self, module: Any) -> None:
        net = self._nets[module]
        net.updates += 1
        scalars = {"loss": functools.partial(summed, self._state.loss)}
        self._observer.after_update(module, scalars, self._epoch(net))
        self._state.forget([net])
