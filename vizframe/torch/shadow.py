"""A shadow: a copy of a module's objects that shares its storage, and is called in its place.

It is in eval mode, has no hooks and no gradients; so whatever is asked, nothing in the model itself
changes: not its parameters, buffers, modes or hooks, nor what its forward pass writes into itself.
"""

from __future__ import annotations

import functools
import types
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch

from vizframe.torch.rebound import rebound
from vizframe.torch.wide import wide
from vizframe.torch.written_dense import see_as_dense

_NO_HOOKS = (
    "_forward_hooks",
    "_forward_pre_hooks",
    "_forward_hooks_with_kwargs",
    "_forward_hooks_always_called",
    "_forward_pre_hooks_with_kwargs",
    "_backward_hooks",
    "_backward_pre_hooks",
)
_KEPT_HOOKS = ("torch.nn.utils.weight_norm", "torch.nn.utils.spectral_norm", "torch.nn.utils.prune")
"""Hooks of these compute a parameter: they are part of the net."""

Tensors = Callable[[], Any]
"""Gives a parameter or buffer as it is now."""


@dataclass(eq=False)
class Path:
    """Where in the shadow the call is that runs now.

    Attributes:
        names: of the modules that are being called, outermost first.
        entered, left: told of each call of a module, before and after it.
    """

    names: list[str] = field(default_factory=list)
    entered: Callable[[str], None] | None = None
    left: Callable[[str, Any], None] | None = None

    @property
    def now(self) -> str:
        return self.names[-1] if self.names else ""


@dataclass(eq=False)
class Shadow:
    """See the module.

    Attributes:
        module: to be called.
        leaves: the model's own tensors, by name.
        aliases: the name of each of the tensors that the shadow or the model holds, by its id.
        parameters: the ids of those that lie on the model's own storage.
        path: where a call is.
    """

    module: Any
    leaves: dict[str, Tensors]
    aliases: dict[int, str]
    parameters: set[int]
    path: Path
    made: dict[str, tuple[Any, bool]] = field(default_factory=dict)
    """The shadow's tensor of each name, and whether it is a parameter."""
    held: list[Any] = field(default_factory=list)
    """What the ids belong to; kept, so that no other object gets one of them."""
    is_widened: bool = False
    """Whether the model has tensors of a narrower type: see `vizframe.torch.wide`."""

    @classmethod
    def of(cls, model: Any, replaced: Mapping[str, Any] | None = None) -> Shadow:
        """The shadow of a module, with other values for the tensors named, if any."""
        maker = _Maker(replaced or {})
        module = maker.copy_module(model, "")
        found = cls(module, maker.leaves, maker.aliases, maker.parameters, maker.path)
        found.made, found.held = maker.made, maker.held
        found.is_widened = maker.is_widened
        return found

    def refresh(self) -> None:
        """Give the shadow's tensors the values that the model's have now."""
        with torch.no_grad():
            for name, (tensor, is_parameter) in self.made.items():
                if is_parameter:
                    tensor.data = self.leaves[name]()
                else:
                    tensor.copy_(self.leaves[name]())


class _Maker:
    def __init__(self, replaced: Mapping[str, Any]) -> None:
        self._replaced = replaced
        self._copies: dict[int, Any] = {}
        self.leaves: dict[str, Tensors] = {}
        self.aliases: dict[int, str] = {}
        self.parameters: set[int] = set()
        self.held: list[Any] = []
        self.made: dict[str, tuple[Any, bool]] = {}
        self.path = Path()
        self.is_widened = False

    def copy_module(self, module: Any, name: str) -> Any:
        if id(module) in self._copies:
            return self._copies[id(module)]
        if isinstance(module, torch.jit.ScriptModule):
            return module  # runs by itself, and has nothing that could be copied
        # Not by a __new__ of its own: that of torch.fx makes another class, without a forward.
        copy: Any = object.__new__(type(module))
        self._copies[id(module)] = copy
        self.held.append(module)
        state = dict(module.__dict__)
        _without_hooks(state)
        state["training"] = False
        own = copy.__dict__
        own.update(state)
        own["_parameters"] = self._tensors(module._parameters, name, is_parameter=True)
        own["_buffers"] = self._tensors(module._buffers, name, is_parameter=False)
        own["_modules"] = {
            key: None if child is None else self.copy_module(child, _joined(name, key))
            for key, child in module._modules.items()
        }
        for key in state:
            if key not in ("_parameters", "_buffers", "_modules", *_NO_HOOKS):
                own[key] = self._copied(state, key, _joined(name, key), module.__dict__)
        see_as_dense(copy)
        self._follow(copy, name)
        return copy

    def _tensors(self, own: Mapping[str, Any], name: str, is_parameter: bool) -> dict[str, Any]:
        return {
            key: None if each is None else self._alias(own, key, _joined(name, key), is_parameter)
            for key, each in own.items()
        }

    def _alias(self, owner: Any, key: Any, name: str, is_parameter: bool) -> Any:
        """A tensor of the shadow's own: a parameter on the storage of the model's, anything else
        copied, since a forward pass may write into it."""
        own = owner[key]
        if id(own) in self._copies:
            return self._copies[id(own)]  # shared between two modules
        replaced = self._replaced.get(name)

        def read() -> Any:
            return wide(owner[key].detach() if replaced is None else replaced)

        self.leaves[name] = read
        made = torch.nn.Parameter(read(), requires_grad=False) if is_parameter else read().clone()
        self.made[name] = made, is_parameter
        self.is_widened |= made.dtype != own.dtype
        self.parameters |= {id(own), id(made)} if is_parameter else set()
        self.aliases[id(own)] = self.aliases[id(made)] = name
        self._copies[id(own)] = made
        self.held += [own, made]
        return made

    def _copied(self, state: Any, key: Any, name: str, owner: Any) -> Any:
        """A module's attribute: containers are copied, what belongs to the model becomes the
        shadow's, all else is shared.

        Args:
            state, owner: what holds it, as it was and as it will be found later.
        """
        value = state[key]
        if id(value) in self._copies:
            return self._copies[id(value)]
        if isinstance(value, torch.nn.Module):
            return self.copy_module(value, name)
        if isinstance(value, torch.Tensor):
            return self._alias(owner, key, name, is_parameter=False)
        if type(value) in (list, tuple):
            places = range(len(value))
            return type(value)(self._copied(value, n, f"{name}.{n}", value) for n in places)
        if type(value) is set:
            return set(value)
        if type(value) in (dict, OrderedDict):
            return type(value)(
                (each, self._copied(value, each, f"{name}.{each}", value)) for each in value
            )
        return self._bound(value, name)

    def _bound(self, value: Any, name: str) -> Any:
        """A method or a part of a function, of the shadow's where it was of the model's."""
        if isinstance(value, types.MethodType) and id(value.__self__) in self._copies:
            return types.MethodType(
                self._bound(value.__func__, name), self._copies[id(value.__self__)]
            )
        if isinstance(value, types.FunctionType):
            return rebound(value, self._copies)
        if isinstance(value, functools.partial):
            parts = [self._copied(value.args, n, name, value.args) for n in range(len(value.args))]
            named = {
                k: self._copied(value.keywords, k, name, value.keywords) for k in value.keywords
            }
            return functools.partial(self._bound(value.func, name), *parts, **named)
        return value

    def _follow(self, copy: Any, name: str) -> None:
        """Have the path know when the module is called."""
        path = self.path

        def before(_module: Any, _given: Any) -> None:
            path.names.append(name)
            if path.entered is not None:
                path.entered(name)

        def after(_module: Any, _given: Any, output: Any) -> None:
            path.names.pop()
            if path.left is not None:
                path.left(name, output)

        copy._forward_pre_hooks[-1] = before
        copy._forward_pre_hooks.move_to_end(-1, last=False)
        copy._forward_hooks[-1] = after


def _without_hooks(state: dict[str, Any]) -> None:
    for key in _NO_HOOKS:
        hooks = state.get(key)
        if hooks is not None:
            state[key] = type(hooks)(
                (number, hook) for number, hook in hooks.items() if _computes(hook)
            )
    if state.get("_compiled_call_impl") is not None:
        state["_compiled_call_impl"] = None


def _computes(hook: Any) -> bool:
    return type(hook).__module__ in _KEPT_HOOKS


def _joined(name: str, key: str) -> str:
    return f"{name}.{key}" if name else key


def tensors_in(value: Any) -> Iterator[Any]:
    """The tensors of a structure of lists, tuples, dictionaries and what acts like them."""
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from tensors_in(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from tensors_in(each)
