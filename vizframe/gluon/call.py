"""How a Block is called: its arguments by name, and which of them takes the images."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from vizframe.errors import NetworkError
from vizframe.gluon.compat import mx
from vizframe.network import FloatArray
from vizframe.network.adapter import Batch
from vizframe.network.call import Array, observe_call


def batch_of(
    model: Any, arguments: Sequence[object], labels: npt.NDArray[np.int64] | None = None
) -> Batch:
    """What a Block was called with.

    Raises:
        NetworkError: there is no array among it.
    """
    seen = observe_call(argument_names(model), arguments, _to_numpy)
    if seen is None:
        kinds = ", ".join(type(each).__name__ for each in arguments) or "nothing"
        raise NetworkError(f"the network was given {kinds}; it can be one array or more")
    images, call = seen
    inputs: FloatArray = np.ascontiguousarray(images, np.float32)
    fits = labels is not None and len(labels) == len(inputs)
    return Batch(inputs, labels if fits else None, call)


def argument_names(model: Any) -> tuple[str, ...]:
    """What a Block's arguments are called, in order: ``data`` where there can be only one."""
    if isinstance(model, mx.gluon.SymbolBlock):
        return tuple(each.name for each in model._cached_graph[0])
    hybrid = isinstance(model, mx.gluon.HybridBlock) and not _has_own_forward(model)
    asked = list(
        inspect.signature(model.hybrid_forward if hybrid else model.forward).parameters.values()
    )
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    names = [
        each.name
        for each in (asked[1:] if hybrid else asked)
        if each.kind in positional and each.name not in model._reg_params
    ]
    return tuple(names) if len(names) > 1 else ("data",)


def _has_own_forward(model: Any) -> bool:
    """Whether it is a HybridBlock that is called by a ``forward`` of its own."""
    return type(model).forward is not mx.gluon.HybridBlock.forward


def _to_numpy(value: object) -> Array | None:
    if isinstance(value, mx.nd.NDArray):
        found: Array = value.asnumpy()
        return found
    return value if isinstance(value, np.ndarray) else None
