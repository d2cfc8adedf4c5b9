"""What is wrapped around a model, taken off; and what cannot be seen into."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Iterator, Mapping
from types import FunctionType
from typing import Any

import torch

from vizframe.errors import NetworkError

_MOST_WRAPPERS = 16
"""More than anybody puts around a net; a wrapper that holds itself would have no end."""


def unwrap(model: Any) -> Any:
    """The module itself, without `torch.compile`, DataParallel, DistributedDataParallel and what
    trainers put around it to give all that it is called with on.

    Raises:
        NetworkError: it is none, or one that can only be run as it is.
    """
    found = inner_of(model)
    if not isinstance(found, torch.nn.Module):
        raise NetworkError(f"the model is a {type(model).__name__}; it can be a torch.nn.Module")
    _refuse_scripted(found)
    _refuse_sharded(found)
    _refuse_channels_last(found)
    return found


def inner_of(model: Any) -> Any:
    """What is inside of all wrappers, whatever it is: at once, however many parameters it has."""
    found = model
    for _ in range(_MOST_WRAPPERS):
        inner = _inner(found)
        if inner is None:
            break
        found = inner
    return found


def _inner(model: Any) -> Any:
    """What the model wraps, or None. A wrapper keeps it among its own children, so that asking for
    the attribute of a net that merely forwards names is avoided."""
    children = getattr(model, "_modules", None) or {}
    if type(model).__name__ == "OptimizedModule":
        return children.get("_orig_mod")
    kinds = (torch.nn.DataParallel, torch.nn.parallel.DistributedDataParallel)
    if isinstance(model, kinds):
        return children.get("module")
    kind: Any = type(model)
    if _is_sharding(model):  # it gathers and lets go of what the inner one computes with
        return None
    return _passed_on_to(model, children) if _gives_all_on(kind) else None


def _passed_on_to(model: Any, children: Mapping[str, Any]) -> Any:
    """The first child of a module that has nothing beside it, as a trainer's wrapper has."""
    name, first = next(iter(children.items()), ("", model))
    is_wrapped = name.startswith("_") or name == "module"
    if not is_wrapped or model._parameters or model._buffers or not _is_called(type(first)):
        return None
    others = {id(each) for each in children.values()}
    return first if others <= {id(each) for each in first.modules()} else None


@functools.cache
def _gives_all_on(kind: Any) -> bool:
    """Whether a class of a library's takes whatever it is called with, so that it can but give it
    on. A script's own may change it on the way."""
    forward = inspect.getattr_static(kind, "forward", None)  # TorchScript's cannot be asked for
    if kind.__module__ == "__main__" or not isinstance(forward, FunctionType):
        return False
    asked = list(inspect.signature(forward).parameters.values())
    kinds = [each.kind for each in asked[1:]]
    return kinds == [inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD]


def _is_called(kind: Any) -> bool:
    """Whether a module of this class has a forward; a list of parameters has none."""
    return getattr(kind, "forward", None) is not torch.nn.Module.forward


def _refuse_scripted(module: Any) -> None:
    if isinstance(module, torch.jit.ScriptModule):
        raise NetworkError(
            f"the model is a {type(module).__name__}, which TorchScript runs by itself; it can be "
            "the torch.nn.Module that it was made from"
        )


def _refuse_sharded(module: Any) -> None:
    for name, parameter in (*module.named_parameters(), *module.named_buffers()):
        if _is_sharded(parameter):
            raise NetworkError(
                f"parameter {name!r} is spread over several processes (FSDP); it can be recorded "
                "from checkpoints of the whole model: vizframe record --checkpoints"
            )
    if any(map(_is_sharding, module.modules())):
        raise NetworkError(
            "the model is sharded by FullyShardedDataParallel; it can be recorded from "
            "checkpoints of the whole model: vizframe record --checkpoints"
        )


def _refuse_channels_last(module: Any) -> None:
    """Keras's images are (y, x, channel) by default; what PyTorch calls channels last are not."""
    layers = getattr(module, "_flatten_layers", None)  # which are no children of PyTorch's
    for each in layers() if callable(layers) else ():
        has_kernel = hasattr(each, "kernel_size") or hasattr(each, "pool_size")
        if has_kernel and getattr(each, "data_format", None) == "channels_last":
            raise NetworkError(
                f"layer {each.name!r} takes images as (y, x, channel); it can be (channel, y, x): "
                "keras.config.set_image_data_format('channels_first')"
            )


def _is_sharding(module: Any) -> bool:
    return type(module).__name__ == "FullyShardedDataParallel"


def _is_sharded(tensor: Any) -> bool:
    return any(each.__name__ == "DTensor" for each in type(tensor).__mro__)


def uninitialized(module: Any) -> Iterator[str]:
    """The names of lazy modules' parameters that wait for their shapes."""
    kinds = torch.nn.parameter.UninitializedTensorMixin
    for name, parameter in (*module.named_parameters(), *module.named_buffers()):
        if isinstance(parameter, kinds):
            yield name
