"""What the recorder asks of PyTorch; this module is a `vizframe.network.adapter.Adapter`."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import torch

from vizframe.errors import NetworkError
from vizframe.network import FloatArray, Network
from vizframe.network.adapter import Batch, Seen
from vizframe.network.call import Call
from vizframe.torch.aside import same_random_numbers, same_settings, without_modes
from vizframe.torch.calls import batch_of, call_of
from vizframe.torch.frozen import freeze, thaw
from vizframe.torch.memory import usual_memory
from vizframe.torch.model import place_of
from vizframe.torch.optimiser import optimiser
from vizframe.torch.training import watch_trainings
from vizframe.torch.weights import load_weights, save_weights
from vizframe.torch.wrapped import uninitialized, unwrap

__all__ = [
    "freeze",
    "is_ready",
    "load_weights",
    "network",
    "number",
    "optimiser",
    "preserve_state",
    "save_weights",
    "settle",
    "thaw",
    "to_array",
    "watch",
    "watch_trainings",
]


def network(
    model: object,
    inputs: FloatArray,
    class_names: Sequence[str] | None = None,
    memory: int | None = None,
    call: Call | None = None,
) -> Network:
    """The module, traced for inputs of this shape. Raises NetworkError where that fails."""
    from vizframe.torch.view import view

    names = None if class_names is None else tuple(class_names)
    room = usual_memory(place_of(unwrap(model))[0]) if memory is None else memory
    asked = call or call_of(model) or Call()
    return view(model, inputs.shape[1:], call=asked, class_names=names, memory=room)


def is_ready(model: object) -> bool:
    """Whether every parameter has values: none of a lazy module waits for its shape."""
    return next(uninitialized(unwrap(model)), None) is None


def watch(model: object, seen: Seen) -> Callable[[], None]:
    """Call ``seen`` with what the model was given, after each forward pass."""

    def passed(_module: Any, args: Any, kwargs: Any, _output: Any) -> None:
        def batch() -> Batch:
            found = batch_of(model, args, kwargs)
            if found is None:
                raise NetworkError("the network was given no tensor; it can be one or more")
            return found

        seen(batch, torch.is_grad_enabled())

    handle = unwrap(model).register_forward_hook(passed, with_kwargs=True)
    remove: Callable[[], None] = handle.remove
    return remove


def to_array(value: object) -> FloatArray:
    """A tensor, or a list of these or of numbers, in NumPy float32."""
    if isinstance(value, (list, tuple)):
        return np.stack([to_array(each) for each in value])
    values = value.detach().float().cpu().numpy() if isinstance(value, torch.Tensor) else value
    return np.asarray(values, np.float32)


def number(value: object) -> float:
    """The mean of a tensor or of an array."""
    if isinstance(value, torch.Tensor):
        return float(value.detach().to(torch.float64).mean())
    return float(np.asarray(value).mean())


def settle() -> None:
    """Wait until the device, which works in the background, has nothing left to do."""
    if torch.cuda.is_available() and torch.cuda.is_initialized():
        torch.cuda.synchronize()
    elif torch.backends.mps.is_available():
        torch.mps.synchronize()


@contextlib.contextmanager
def preserve_state() -> Iterator[None]:
    """Nothing inside is recorded for differentiation, and what is drawn leaves the random states
    as they were; so are PyTorch's settings, whatever was switched."""
    device = torch.device("cuda" if torch.cuda.is_initialized() else "cpu")
    with without_modes(), torch.no_grad(), same_random_numbers(device), same_settings():
        yield
