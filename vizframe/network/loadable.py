"""A model that a function makes, and whose parameters come from files."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from vizframe.errors import NetworkError, UsageError
from vizframe.network.adapter import Batch, adapter_for, frameworks
from vizframe.network.factory import factory, without_arguments


def shape_of(text: str) -> tuple[int, ...]:
    """The shape of one input, as in ``3,224,224``. Raises UsageError."""
    numbers = [word.strip() for word in text.split(",")]
    if not all(word.isdecimal() and int(word) for word in numbers):
        raise UsageError(f"shape is {text!r}; it can be the sizes of one input, such as 3,224,224")
    return tuple(map(int, numbers))


def make_model(text: str, shape: tuple[int, ...] | None) -> tuple[object, Batch | None]:
    """What a `factory` of that name makes: the model alone, or the model and a batch of inputs.

    Args:
        shape: of one input, where the factory gives no batch.

    Raises:
        UsageError, UnknownName: there is no such factory, or it gives something else.
    """
    with without_arguments():
        given = factory(text)()
    model, inputs = given if isinstance(given, tuple) and len(given) == 2 else (given, None)
    try:
        adapter = adapter_for(model)
    except NetworkError:
        raise UsageError(
            f"the model's function gave a {type(model).__name__}; it can give a network of "
            f"{' or '.join(frameworks())}, or a network and a batch of inputs"
        ) from None
    if inputs is not None:
        return model, Batch(adapter.to_array(inputs))
    return model, None if shape is None else Batch(np.zeros((1, *shape), np.float32))


def load(model: object, path: Path) -> None:
    """Give the model the parameters of a file. Raises NetworkError where they do not fit."""
    adapter_for(model).load_weights(model, path)
