"""A module called again as a script was seen to call it, with other images."""

from __future__ import annotations

import functools
import inspect
from typing import Any

import numpy as np
import torch

from vizframe.graph.own_state import own_state_aside
from vizframe.network.call import Call, Other, arguments_of
from vizframe.network.quiet import muted, without_warnings


def argument_names(module: Any) -> tuple[str, ...]:
    """The names of a module's positional arguments, in order."""
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


_KEPT = frozenset(("_parameters", "_buffers", "_modules", *vars(torch.nn.Module())))
_KINDS = (torch.nn.Module, torch.Tensor)


def call_module(module: Any, call: Call, images: Any) -> Any:
    """The output of a shadow, when it is called as the call says, with these images. What its code
    draws of generators of its own, counts, prints or warns of, is as if it had not been called."""
    own = [each for each in module.modules() if not isinstance(each, torch.jit.ScriptModule)]
    with own_state_aside(own, _copied, _KEPT, _KINDS), muted(), without_warnings():
        return _called(module, call, images)


def _copied(value: Any) -> Any:
    """A generator of random numbers in the state that it is in; None of anything else."""
    return value.clone_state() if isinstance(value, torch.Generator) else None


def _called(module: Any, call: Call, images: Any) -> Any:
    if not call.others and "." not in call.input and not _is_keyword(module, call.input):
        return module(_moved(images, call.axis))
    values: dict[str, Any] = {}
    for name in call.names:
        if name == call.input:
            values[name] = _moved(images, call.axis)
        else:
            values[name] = _repeated(call.others[name], len(images), images.device)
    keys = list(dict.fromkeys(name.partition(".")[0] for name in values))
    arguments = arguments_of(values, call.forms)
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
