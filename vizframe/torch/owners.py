"""Whose the parameters are that an optimiser updates."""

from __future__ import annotations

from typing import Any

from vizframe.torch.shadow import tensors_in
from vizframe.torch.thread_state import SeenCall
from vizframe.torch.wrapped import inner_of


def owned_of(module: Any, updated: set[int]) -> int:
    """How many of the parameters that an optimiser updates are the module's."""
    return sum(id(each) in updated for each in module.parameters())


def net_of(call: SeenCall, updated: set[int]) -> Any:
    """The module that is called; where that is one with the loss in it, called with labels too,
    the one child that owns all it has."""
    tensors = list(tensors_in([call.args, dict(call.kwargs)]))
    module = call.module
    if len(tensors) < 2 or inner_of(module) is not module or type(module).__module__ != "__main__":
        return module
    inside = list(module.children())
    heirs = [each for each in inside if next(each.parameters(), None) is not None]
    owns_all = len(heirs) == 1 and owned_of(heirs[0], updated) == owned_of(module, updated)
    return heirs[0] if owns_all and len(inside) == 2 else module


def describe_rest(net: Any, updated: set[int]) -> str:
    """A sentence on what the optimiser updates beside the net; empty where that is nothing."""
    owned = owned_of(net, updated)
    if owned == len(updated):
        return ""
    return (
        f"of {len(updated)} parameters that the optimiser updates, {owned} are those of "
        f"{type(net).__name__}, which is recorded: of the modules that are called it has most; "
        "a module is called as net(x), and not seen where it is net.forward(x)"
    )
