"""How a script calls its net: what of a call takes the images, and what else it is given.

net(images)                         the images alone
net(images, numbers)                one sample of each other tensor is repeated for every image
net(pixel_values=images, labels=y)  by keyword; what is to be learned from is left out
net({"image": images, "mask": m})   a dictionary or a list
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import torch

from vizframe.network import FloatArray
from vizframe.network.adapter import Batch
from vizframe.network.call import Array, Call, Other, arguments_of, observe_call
from vizframe.network.worker import Worker, worker_of_environment
from vizframe.torch.wrapped import inner_of

_LEARNED_FROM = ("labels", "label", "targets", "target")

_calls: WeakKeyDictionary[Any, Call] = WeakKeyDictionary()
"""How each module was called last, by those who watch it."""


def batch_of(
    model: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any], labels: Any = None
) -> Batch | None:
    """What a module was called with; None where there is no tensor among it."""
    named = {key: each for key, each in kwargs.items() if key not in _LEARNED_FROM}
    if named.get("training") is True:  # as Keras says it; it is asked as it predicts
        named["training"] = False
    known = argument_names(inner_of(model))[: len(args)]
    names = (*known, *map(str, range(len(known), len(args))), *named)
    seen = observe_call(names, (*args, *named.values()), _to_numpy)
    if seen is None:
        return None
    if _is_other_way(model, *seen):
        seen = observe_call(names, (*args, *named.values()), _to_numpy, axis=1) or seen
    images, call = seen
    if images.ndim == 1 and images.dtype.kind == "f":  # one state of an agent, without a batch
        images, call = images[None], replace(call, size=1)
    _calls[inner_of(model)] = call
    inputs: FloatArray = np.ascontiguousarray(images, np.float32)
    fits = labels is not None and len(labels) == len(inputs)
    return Batch(inputs, labels if fits else None, call, _worker())


def _worker() -> Worker | None:
    """Which of the processes this is that train together, as they met or as a launcher says."""
    group = torch.distributed
    if group.is_available() and group.is_initialized() and group.get_world_size() > 1:
        return Worker(group.get_rank(), group.get_world_size())
    return worker_of_environment()


def learned_from(module: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> list[Any]:
    """What of a call its names say to be targets, where a net computes its loss itself; lengths and
    the like beside its inputs are none."""
    named = {**dict(zip(argument_names(inner_of(module)), args, strict=False)), **kwargs}
    return [each for name, each in named.items() if name in (*_LEARNED_FROM, "y")]


def _is_other_way(model: Any, images: Array, call: Call) -> bool:
    """Whether sequences are (time, batch) and taken for the other way: found out once for a net."""
    from vizframe.torch.time_first import has_time_first

    known = call_of(model)
    if known is not None and (known.names, known.dtype) == (call.names, call.dtype):
        return bool(known.axis) and not call.axis
    return call.axis == 0 and has_time_first(model, images, call)


def call_of(model: Any) -> Call | None:
    """How the model was seen to be called."""
    return _calls.get(inner_of(model))


def argument_names(module: Any) -> tuple[str, ...]:
    """What a module's positional arguments are called, in order."""
    forward = module.forward
    function = getattr(forward, "__func__", None)
    return _positional(forward) if function is None else _positional(function)[1:]


@functools.lru_cache(maxsize=256)
def _positional(function: Any) -> tuple[str, ...]:
    try:
        asked = inspect.signature(function).parameters.values()
    except ValueError:  # nobody can tell, as of what TorchScript runs
        return ()
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return tuple(each.name for each in asked if each.kind in positional)


def call_module(module: Any, call: Call, images: Any) -> Any:
    """What the module gives when it is called so, with these images."""
    if not call.others and "." not in call.input and not _is_keyword(module, call.input):
        return module(_moved(images, call.axis))
    values: dict[str, Any] = {}
    for name in call.names:
        if name == call.input:
            values[name] = _moved(images, call.axis)
        else:
            values[name] = _repeated(call.others[name], len(images), images.device)
    keys = list(dict.fromkeys(name.partition(".")[0] for name in values))
    arguments = arguments_of(values)
    first = sum(each.isdecimal() for each in keys)
    if _takes(module, keys[first:]):
        return module(*arguments[:first], **dict(zip(keys[first:], arguments[first:], strict=True)))
    return module(*arguments)


def _moved(images: Any, axis: int) -> Any:
    return images.movedim(0, axis) if axis else images


def _is_keyword(module: Any, name: str) -> bool:
    """Whether an argument of this name is not the module's first."""
    names = argument_names(module)
    return bool(name) and not name.isdecimal() and names[:1] != (name,)


def _takes(module: Any, keys: list[str]) -> bool:
    """Whether the module can be called by these keywords."""
    asked = inspect.signature(module.forward).parameters
    anything = any(each.kind is inspect.Parameter.VAR_KEYWORD for each in asked.values())
    return all(not key.isdecimal() and (anything or key in asked) for key in keys)


def _to_numpy(value: object) -> Array | None:
    if isinstance(value, torch.Tensor):
        if value.layout != torch.strided:  # a graph's neighbours: no image is any of them
            return None
        tensor: Any = value.detach().cpu()
        if tensor.dtype in (torch.bfloat16, torch.float16):
            tensor = tensor.float()
        found: Array = tensor.numpy().copy()
        return found
    return value if isinstance(value, np.ndarray) else None


def _repeated(other: Other, count: int, device: Any) -> Any:
    """What the module is given beside the images. It is repeated by PyTorch, so that a tape knows
    the number of images in it."""
    if not isinstance(other.value, np.ndarray):
        return other.value
    sample = torch.from_numpy(np.asarray(other.value)).to(device)
    if other.axis is None:
        return sample
    sample = sample.unsqueeze(other.axis)
    sizes = [count if axis == other.axis else -1 for axis in range(sample.ndim)]
    return sample.expand(*sizes).contiguous()
