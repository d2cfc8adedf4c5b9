"""A model that a function makes, and whose parameters come from files."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol, cast, runtime_checkable

import numpy as np

from vizframe.errors import NetworkError, UsageError
from vizframe.network.adapter import Batch
from vizframe.network.factory import factory
from vizframe.network.network import FloatArray


@runtime_checkable
class Loadable(Protocol):
    """A model that reads its parameters from a file, as every Gluon Block does."""

    def load_parameters(self, filename: str) -> None: ...


@runtime_checkable
class _OnDevice(Protocol):
    """An array of a framework."""

    def asnumpy(self) -> FloatArray: ...


def shape_of(text: str) -> tuple[int, ...]:
    """The shape of one input, as in ``3,224,224``. Raises UsageError."""
    numbers = [word.strip() for word in text.split(",")]
    if not all(word.isdecimal() and int(word) for word in numbers):
        raise UsageError(f"shape is {text!r}; it can be the sizes of one input, such as 3,224,224")
    return tuple(map(int, numbers))


def make_model(text: str, shape: tuple[int, ...] | None) -> tuple[Loadable, Batch | None]:
    """What a `factory` of that name makes: the model alone, or the model and a batch of inputs.

    Args:
        shape: of one input, where the factory gives no batch.

    Raises:
        UsageError, UnknownName: there is no such factory, or it gives something else.
    """
    given = factory(text)()
    model, inputs = given if isinstance(given, tuple) and len(given) == 2 else (given, None)
    if not isinstance(model, Loadable):
        raise UsageError(
            f"the model's function gave a {type(model).__name__}; it can give a gluon.Block, or a "
            "Block and a batch of inputs"
        )
    if inputs is not None:
        return model, Batch(_array(inputs))
    return model, None if shape is None else Batch(np.zeros((1, *shape), np.float32))


def load(model: Loadable, path: Path) -> None:
    """Give the model the parameters of a file. Raises NetworkError where they do not fit."""
    try:
        model.load_parameters(str(path))
    except Exception as error:  # whatever the framework finds wrong with the file
        lines = str(error).strip().splitlines() or [type(error).__name__]
        reason = lines[-1] if lines[0].startswith("Traceback") else lines[0]
        raise NetworkError(
            f"checkpoint {str(path)!r} cannot be loaded into the model: {reason}"
        ) from error


def _array(inputs: object) -> FloatArray:
    values = inputs.asnumpy() if isinstance(inputs, _OnDevice) else np.asarray(inputs)
    return cast(FloatArray, values.astype(np.float32, copy=False))
