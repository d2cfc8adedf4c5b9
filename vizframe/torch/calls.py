"""How a script calls its net: what of a call takes the images, and what else it is given.

net(images)                         the images alone
net(images, numbers)                one sample of each other tensor is repeated for every image
net(pixel_values=images, labels=y)  by keyword; what is to be learned from is left out
net({"image": images, "mask": m})   a dictionary or a list
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import torch

from vizframe.network import FloatArray
from vizframe.network.adapter import Batch
from vizframe.network.call import Array, Call, observe_call
from vizframe.network.worker import Worker, worker_of_environment
from vizframe.torch.calling import argument_names
from vizframe.torch.time_first import has_time_first
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
    """The worker that this process is, where several train together: as they met, or as a launcher
    says."""
    group = torch.distributed
    if group.is_available() and group.is_initialized() and group.get_world_size() > 1:
        return Worker(group.get_rank(), group.get_world_size())
    return worker_of_environment()


def learned_from(module: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> list[Any]:
    """The targets among a call's arguments, by their names, where a net computes its loss itself;
    lengths and the like beside its inputs are none."""
    named = {**dict(zip(argument_names(inner_of(module)), args, strict=False)), **kwargs}
    return [each for name, each in named.items() if name in (*_LEARNED_FROM, "y")]


def _is_other_way(model: Any, images: Array, call: Call) -> bool:
    """Whether sequences are (time, batch) and taken for the other way: found out once for a net."""
    known = call_of(model)
    if known is not None and (known.names, known.dtype) == (call.names, call.dtype):
        return bool(known.axis) and not call.axis
    return call.axis == 0 and has_time_first(model, images, call)


def call_of(model: Any) -> Call | None:
    """How the model was seen to be called."""
    return _calls.get(inner_of(model))


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
