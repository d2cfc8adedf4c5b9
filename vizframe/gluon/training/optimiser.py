"""What trains a Gluon model: the optimiser of the Trainer that holds its parameters."""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

from vizframe.gluon.compat import mx
from vizframe.network.adapter import Optimiser

_ASKED_FOR = ("momentum", "beta1", "beta2", "epsilon", "rho", "gamma1", "gamma2", "clip_gradient")
"""What an optimiser may be made with, beside its rates."""

batch_sizes: WeakKeyDictionary[Any, float] = WeakKeyDictionary()
"""What each Trainer was last told to divide by, where its updates are watched."""


def optimiser(model: object) -> Optimiser:
    """What a Block's Trainer, or a Module's own optimiser, is and does to gradients."""
    if isinstance(model, mx.mod.BaseModule):
        found = getattr(getattr(model, "_curr_module", model), "_optimizer", None)
        return Optimiser() if found is None else Optimiser(described(found), found.rescale_grad)
    trainer = _trainer_of(model)
    return Optimiser() if trainer is None else of_trainer(trainer)


def of_trainer(trainer: Any) -> Optimiser:
    """Before its first step a Trainer has not yet been told how many examples there are."""
    found = trainer._optimizer
    size = batch_sizes.get(trainer)
    scale = found.rescale_grad if size is None else trainer._scale / size
    told = described(found)
    if size is not None and size > 1:
        told["batch_size"] = int(size)
    store = trainer._kvstore if trainer._kv_initialized else None
    if store is not None and "dist" in store.type:
        told["kvstore"] = str(store.type)
    return Optimiser(told, float(scale))


def described(found: Any) -> dict[str, object]:
    """An optimiser by the names that its makers gave."""
    told: dict[str, object] = {
        "optimiser": type(found).__name__.lower(),
        "learning_rate": float(found.learning_rate),
        "weight_decay": float(found.wd),
    }
    for name in _ASKED_FOR:
        value = getattr(found, name, None)
        if isinstance(value, (int, float)):
            told[name] = value
    if found.lr_scheduler is not None:
        told["schedule"] = type(found.lr_scheduler).__name__
    return told


def _trainer_of(model: Any) -> Any:
    """The Trainer that holds most of the model's parameters; None where none holds any."""
    held: dict[int, tuple[int, Any]] = {}
    for parameter in model.collect_params().values():
        trainer = parameter._trainer
        if trainer is not None:
            count, _ = held.get(id(trainer), (0, trainer))
            held[id(trainer)] = count + 1, trainer
    return max(held.values(), key=lambda pair: pair[0])[1] if held else None
