"""What trains a model: the optimiser that was seen to update it."""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

from vizframe.network.adapter import Optimiser
from vizframe.torch.keras_optimiser import KerasOptimiser
from vizframe.torch.wrapped import inner_of

optimizers: WeakKeyDictionary[Any, Any] = WeakKeyDictionary()
"""Of each model whose training is watched, without its wrappers."""

SEEN_OFTEN = 2
"""Updates of an optimiser from which on no other is waited for that may hold a parameter."""

updates: WeakKeyDictionary[Any, int] = WeakKeyDictionary()
"""Of each optimiser that was seen to update a model, how often, up to as often as that."""

_NAMES = (("learning_rate", "lr"), ("weight_decay", "weight_decay"), ("weight_decay", "wd"))
"""What goes by another name; fastai's has ``wd``."""

_NOT_TOLD = ("params", "lr", "initial_lr", "weight_decay", "wd", "param_names")


def optimiser(model: object) -> Optimiser:
    """What is known of it. Losses are means over a batch by default, and so are gradients."""
    found = optimizers.get(inner_of(model))
    return Optimiser() if found is None else Optimiser(_described(found))


def is_held(parameter: Any) -> bool | None:
    """Whether an optimiser that was seen holds the parameter; None while others may follow, as
    where a script has one for each part of a net: before the second update of one of them."""
    if max(updates.values(), default=0) < SEEN_OFTEN:
        return None
    groups = (group for each in updates for group in each.param_groups)
    return any(each is parameter for group in groups for each in group["params"])


def _described(found: Any) -> dict[str, object]:
    """An optimiser by the names that its makers gave, of its first group."""
    group = found.param_groups[0]
    name = found.name if isinstance(found, KerasOptimiser) else type(found).__name__
    told: dict[str, object] = {"optimiser": name.lower()}
    for name, own in _NAMES:
        if own in group:
            told[name] = float(group[own])
    for name, value in group.items():
        if name not in _NOT_TOLD and isinstance(value, int | float) and value is not False:
            told[name] = value
    betas = group.get("betas")
    if betas is not None:
        told["beta1"], told["beta2"] = (float(each) for each in betas)
    return told
