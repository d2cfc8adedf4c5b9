"""A node: a call of PyTorch, as a tape keeps it, and what stands for the images and parameters."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch


class NoTape(Exception):
    """The net does not do the same calls each time; the message says why."""


@dataclass(frozen=True, slots=True)
class Ref:
    """Stands in a call's arguments for the output of a node."""

    node: int


@dataclass(slots=True, eq=False)
class Node:
    """A call.

    Attributes:
        function: of PyTorch; None for the images and the model's own tensors.
        args, kwargs: with a `Ref` for each tensor.
        inputs: the nodes that these name.
        path: of the module in which it was made.
        word: what the function is called.
        leaf: which of the model's own tensors it is.
        constant: a tensor that belongs neither to the net's inputs nor to its own.
        value: what it gave when it was traced; None once that was compared.
        shape: of that, the images first.
    """

    function: Callable[..., Any] | None = None
    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    inputs: tuple[int, ...] = ()
    path: str = ""
    word: str = ""
    leaf: str | None = None
    constant: Any = None
    value: Any = None
    shape: tuple[Any, ...] = ()


@dataclass(slots=True, eq=False)
class Tape:
    """What a net did.

    Attributes:
        nodes: in the order in which they were made; those that others read come first.
        data: the node of the images.
        output: the node of the scores; None where the net broke off.
        modules: for each path the node that the module gave, in the order in which they ended;
            those with children that were called are marked so.
        broke: why the net broke off, if it did.
    """

    nodes: list[Node]
    data: int = 0
    output: int | None = None
    modules: list[tuple[str, int, bool]] = field(default_factory=list)
    broke: Exception | None = None


def take(value: Any, place: tuple[Any, ...]) -> Any:
    """The item at a place of nested lists, tuples and dictionaries."""
    for each in place:
        value = value[each]
    return value


def places_in(value: Any, place: tuple[Any, ...] = ()) -> list[tuple[tuple[Any, ...], Any]]:
    """Every tensor of a structure, with its place."""
    if isinstance(value, torch.Tensor):
        return [(place, value)]
    if isinstance(value, dict):
        items: Iterable[tuple[Any, Any]] = value.items()
    else:
        items = enumerate(value) if isinstance(value, list | tuple) else ()
    return [found for key, each in items for found in places_in(each, (*place, key))]


@dataclass(frozen=True, slots=True, eq=False)
class InPlace:
    """A function that writes in place, made to return a new value: its target is copied first.

    Attributes:
        function: as the script calls it.
        place: of the target among the arguments, or its keyword.
    """

    function: Callable[..., Any]
    place: int | str

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        given: Any = list(args)
        named = dict(kwargs)
        holder: Any = named if isinstance(self.place, str) else given
        target = holder[self.place] = holder[self.place].clone()
        self.function(*given, **named)
        return target


@dataclass(frozen=True, slots=True)
class WriteBack:
    """Makes a tensor's value after a view of it, taken by these functions, was written to."""

    functions: tuple[Any, ...]

    def __call__(self, base: Any, value: Any, calls: list[Any]) -> Any:
        made = base.clone()
        view = made
        for function, (args, kwargs) in zip(self.functions, calls, strict=True):
            view = function(view, *args, **kwargs)
        view.copy_(value)
        return made


@dataclass(frozen=True, slots=True, eq=False)
class Sparing:
    """A function that also writes into some nodes beside its result; it is given copies of
    these."""

    function: Callable[..., Any]
    spared: frozenset[int]

    def places(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> list[int | str]:
        """Where these are among the arguments."""
        spared = {Ref(each) for each in self.spared}
        found: list[int | str] = [n for n, each in enumerate(args) if each in spared]
        return found + [key for key, each in kwargs.items() if each in spared]
