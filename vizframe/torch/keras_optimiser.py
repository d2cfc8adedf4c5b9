"""An optimiser of Keras 3 on PyTorch, as one of PyTorch's is asked.

It is no `torch.optim.Optimizer`: it has variables, whose values are the parameters, and settings as
attributes. `KerasOptimiser` has these as parameter groups; Keras's own is held by it no longer than
the script holds it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from weakref import WeakKeyDictionary, ref

_SETTINGS = ("momentum", "nesterov", "rho", "epsilon", "amsgrad", "weight_decay")


class LearningRate:
    """The rate of now, computed when it is asked for: a schedule may give it."""

    def __init__(self, own: Any) -> None:
        self._own = ref(own)

    def __float__(self) -> float:
        own = self._own()
        return float("nan") if own is None else float(own.learning_rate)


class KerasOptimiser:
    """See the module.

    Args:
        own: Keras's optimiser.
        variables: that it updates.

    Attributes:
        name: what Keras calls it.
        param_groups: one.
    """

    def __init__(self, own: Any, variables: Sequence[Any]) -> None:
        self.name = type(own).__name__
        group: dict[str, Any] = {"params": [each.value for each in variables]}
        group["lr"] = LearningRate(own)
        for name in _SETTINGS:
            value = getattr(own, name, None)
            if isinstance(value, int | float):
                group[name] = value
        if hasattr(own, "beta_1") and hasattr(own, "beta_2"):
            group["betas"] = (own.beta_1, own.beta_2)
        self.param_groups = [group]


_known: WeakKeyDictionary[Any, KerasOptimiser] = WeakKeyDictionary()


def keras_optimiser(own: Any, variables: Sequence[Any]) -> KerasOptimiser:
    """The same for each update of one optimiser."""
    found = _known.get(own)
    if found is None:
        found = _known[own] = KerasOptimiser(own, variables)
    return found
