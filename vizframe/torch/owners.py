"""Whose the parameters are that an optimiser updates.

calls                          the optimiser's parameters      the nets
net(x), loss(…)                net.parameters()                net
gan(z), discriminator(x)       discriminator.parameters()      discriminator, though gan has it
WithLoss(net, loss)(x, y)      net.parameters()                net, inside the module that is called
encoder(x), decoder(…)         those of both                   encoder and decoder
net(x), loss(…)                those of the loss, as proxies   none
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from vizframe.torch.shadow import tensors_in
from vizframe.torch.thread_state import SeenCall
from vizframe.torch.wrapped import inner_of

_MOST_PARTS = 8
"""A net whose children are called one by one, by no method of its own that is known, is none of
these: it would be recorded in as many runs as it has layers."""


def owned_of(module: Any, updated: set[int]) -> int:
    """How many of the parameters that an optimiser updates are the module's."""
    return sum(id(each) in updated for each in module.parameters())


def owning(calls: Iterable[SeenCall], updated: set[int]) -> list[SeenCall]:
    """The calls of the modules that an optimiser updates: of the one that owns most of its
    parameters, and of those that own what is left; some may be losses."""
    waiting, left = list(calls), set(updated)
    found: list[SeenCall] = []
    while waiting and left:
        best = max(waiting, key=lambda call: _fit(call.module, left))
        if not owned_of(best.module, left):
            break
        waiting.remove(best)
        if best.is_loss or not found or _has_kernel(best.module, left):
            found.append(best)
            left -= {id(each) for each in best.module.parameters()}
    return found[: 1 if len(found) > _MOST_PARTS else None]


def _fit(module: Any, updated: set[int]) -> tuple[int, int]:
    """How much of it a module owns, and then how little else."""
    return owned_of(module, updated), -sum(1 for _ in module.parameters())


def _has_kernel(module: Any, updated: set[int]) -> bool:
    """Whether a module beside the first has more than factors and biases."""
    return any(each.ndim > 1 and id(each) in updated for each in module.parameters())


def net_of(call: SeenCall, updated: set[int]) -> Any:
    """The module that is called, without its wrappers; where that is one with the loss in it,
    called with labels too, the one child that owns all it has."""
    tensors = list(tensors_in([call.args, dict(call.kwargs)]))
    module = call.module
    if len(tensors) < 2 or inner_of(module) is not module or type(module).__module__ != "__main__":
        return inner_of(module)
    inside = list(module.children())
    heirs = [each for each in inside if next(each.parameters(), None) is not None]
    owns_all = len(heirs) == 1 and owned_of(heirs[0], updated) == owned_of(module, updated)
    return heirs[0] if owns_all and len(inside) == 2 else module


def describe_rest(nets: Iterable[Any], seen: Iterable[Any], updated: set[int]) -> str:
    """A sentence on what the optimiser updates that is of no module; empty where that is nothing.

    Args:
        nets: that are recorded.
        seen: they, their wrappers, and losses with parameters of their own.
    """
    names = [type(each).__name__ for each in nets]
    owned = len(updated & {id(each) for module in seen for each in module.parameters()})
    if owned == len(updated) or not names:
        return ""
    which = "which is" if len(names) == 1 else "which are"
    return (
        f"of {len(updated)} parameters that the optimiser updates, {owned} are those of "
        f"{' and '.join(names)}, {which} recorded; the others are of no module that is called by "
        "itself"
    )
