"""What is wrapped around a model, taken off; and what cannot be seen into."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch

from vizframe.errors import NetworkError

_MOST_WRAPPERS = 16
"""More than anybody puts around a net; a wrapper that holds itself would have no end."""


def unwrap(model: Any) -> Any:
    """The module itself, without `torch.compile`, DataParallel and DistributedDataParallel.

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
    return children.get("module") if isinstance(model, kinds) else None


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
    if any(type(each).__name__ == "FullyShardedDataParallel" for each in module.modules()):
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


def _is_sharded(tensor: Any) -> bool:
    return any(each.__name__ == "DTensor" for each in type(tensor).__mro__)


def uninitialized(module: Any) -> Iterator[str]:
    """The names of lazy modules' parameters that wait for their shapes."""
    kinds = torch.nn.parameter.UninitializedTensorMixin
    for name, parameter in (*module.named_parameters(), *module.named_buffers()):
        if isinstance(parameter, kinds):
            yield name
