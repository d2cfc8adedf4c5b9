"""A tape played again: other images, the current parameters, another rule, a part of the map.

A `Program` is what of a tape is needed for some of its nodes, in order, with each value forgotten
after its last reader.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from math import inf
from typing import Any

import torch

from vizframe.graph.crop import Cut, cut_of
from vizframe.graph.window import Box, MapNode
from vizframe.network import ReluRule
from vizframe.torch.batch import filled, has_count
from vizframe.torch.node import Node, Ref, Sparing, Tape
from vizframe.torch.operators import (
    arguments,
    is_bounded_relu,
    is_relu,
    kind_of,
    most_of,
    name_of,
    without_padding,
)
from vizframe.torch.rules import differentiable, ruled_relu

Values = dict[int, Any]


@dataclass(frozen=True, slots=True)
class CutRef:
    """An argument that is a part of what a node gave, padded.

    Attributes:
        axes: of y and x in the node's output.
        fill: what it is padded with.
    """

    node: int
    cut: Cut
    axes: tuple[int, int]
    fill: float


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """One call of a program."""

    index: int
    function: Callable[..., Any]
    args: Any
    kwargs: Any
    counts: bool
    flat: bool
    frees: tuple[int, ...]


@dataclass(eq=False)
class Program:
    """What is played; see the module.

    Attributes:
        leaves: the names of the model's tensors that it reads, by node.
        constants: the others.
        cropped: whether it plays a part of each map.
    """

    steps: list[Step]
    leaves: dict[int, str]
    constants: dict[int, Any]
    cropped: bool = False

    def run(
        self, given: Values, leaf: Callable[[str], Any], images: int, *, tracked: Iterable[int] = ()
    ) -> Values:
        """Run the program, and give the values of all nodes that are still needed at its end.

        Args:
            given: the values of nodes that are not computed, such as the images.
            leaf: gives the model's tensor of a name.
            images: how many.
            tracked: nodes to be differentiated by, though nothing before them is.
        """
        values = dict(given)
        values.update(self.constants)
        values.update({index: leaf(name) for index, name in self.leaves.items()})
        for step in self.steps:
            args, kwargs = step.args, step.kwargs
            if step.counts:
                args, kwargs = filled(args, images), filled(kwargs, images)
            if step.flat:
                plain = [values[each.node] if type(each) is Ref else each for each in args]
                made = step.function(*plain, **kwargs)
            else:
                made = step.function(*resolve(args, values), **resolve(kwargs, values))
            if step.index in tracked and not made.requires_grad:
                made = made.detach().requires_grad_()
            values[step.index] = made
            for each in step.frees:
                del values[each]
        return values

    def without(self, fixed: Values) -> Program:
        """The program without the calls whose values are known already."""
        steps = [
            replace(each, frees=tuple(f for f in each.frees if f not in fixed))
            for each in self.steps
            if each.index not in fixed
        ]
        return Program(steps, {}, {}, self.cropped)


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """Which part of every map is played.

    Attributes:
        boxes: of each node's map.
        maps: the nodes as windows see them.
        axes: of y and x in each node's output.
    """

    boxes: Mapping[int, Box]
    maps: Mapping[int, MapNode]
    axes: Mapping[int, tuple[int, int]] = field(default_factory=dict)


def program(
    tape: Tape,
    wanted: Iterable[int],
    *,
    given: Iterable[int] = (),
    rule: ReluRule = "plain",
    part: Part | None = None,
) -> Program:
    """What plays the wanted nodes.

    Args:
        given: nodes that will be given; the images always are.
    """
    stop = {tape.data, *given}
    goal = set(wanted)
    needed = needed_nodes(tape, goal, stop)
    order = sorted(needed - stop)
    last: dict[int, int] = {}
    for index in order:
        for each in tape.nodes[index].inputs:
            last[each] = index
    steps, leaves, constants = [], {}, {}
    for index in order:
        node = tape.nodes[index]
        if node.function is None:
            if node.leaf is not None:
                leaves[index] = node.leaf
            else:
                constants[index] = node.constant
            continue
        frees = tuple(
            each
            for each in node.inputs
            if last[each] == index and each not in goal and each not in stop
        )
        steps.append(_step(tape, index, frees, rule, part))
    return Program(steps, leaves, constants, part is not None)


def needed_nodes(tape: Tape, wanted: Iterable[int], stop: set[int] = frozenset()) -> set[int]:  # type: ignore[assignment]  # empty
    """The nodes that these read, themselves included, and nothing behind those of ``stop``."""
    found: set[int] = set()
    waiting = list(wanted)
    while waiting:
        index = waiting.pop()
        if index not in found:
            found.add(index)
            if index not in stop:
                waiting += tape.nodes[index].inputs
    return found


def _step(
    tape: Tape, index: int, frees: tuple[int, ...], rule: ReluRule, part: Part | None
) -> Step:
    node = tape.nodes[index]
    function, args, kwargs = call_of(node, rule)
    if part is not None and index in part.boxes:
        if function is node.function:
            function, args, kwargs = without_padding(node)
        args, kwargs = _cut_refs((args, kwargs), index, part, node)
    counts = has_count(args) or has_count(kwargs)
    flat = all(not isinstance(each, list | tuple | dict | slice | CutRef) for each in args)
    flat = flat and not any(_has_ref(each) for each in kwargs.values())
    return Step(index, function, args, kwargs, counts, flat, frees)


def call_of(node: Node, rule: ReluRule) -> tuple[Callable[..., Any], Any, Any]:
    """The call as it is played: a ReLU by its rule, dropout as nothing, nothing in place."""
    assert node.function is not None
    source = arguments(node).get("input")
    if kind_of(node) == "dropout":
        return _same, (source,), {}
    if is_relu(node) or is_bounded_relu(node):
        most = most_of(node) if is_bounded_relu(node) else inf
        if rule != "plain":
            return ruled_relu, (source, rule, most), {}
        if most == inf:
            return torch.relu, (source,), {}
    function: Any = node.function
    if kind_of(node) == "recurrent":
        function = differentiable(function)
    if isinstance(function, Sparing):
        spared = function.places(node.args, node.kwargs)
        return _sparing(function.function, spared), node.args, node.kwargs
    return _any_layout(function, node), node.args, node.kwargs


_VIEWS = {torch.Tensor.view: torch.Tensor.reshape, torch.Tensor.view_as: torch.Tensor.reshape_as}
"""What gives the same numbers, and takes maps whose channels lie last in memory, too."""


def _any_layout(function: Any, node: Node) -> Callable[..., Any]:
    """A view as a reshape; one as another type of number stays one."""
    given = (*node.args, *node.kwargs.values())
    as_type = any(isinstance(each, torch.dtype) for each in given)
    made: Callable[..., Any] = function if as_type else _VIEWS.get(function, function)
    return made


def _same(given: Any) -> Any:
    return given


def _sparing(function: Callable[..., Any], places: list[int | str]) -> Callable[..., Any]:
    def spare(*args: Any, **kwargs: Any) -> Any:
        given: Any = list(args)
        for place in places:
            holder: Any = kwargs if isinstance(place, str) else given
            holder[place] = holder[place].clone()
        return function(*given, **kwargs)

    return spare


def _cut_refs(value: Any, index: int, part: Part, node: Node) -> Any:
    if isinstance(value, Ref):
        source = value.node
        window, size = part.maps[index].window, None
        if source in part.boxes and source in part.maps:
            size = part.maps[source].size
        if size is None or window is None:
            return value
        cut = cut_of(window, part.boxes[source], part.boxes[index], size)
        if not cut.slices and not any(cut.pads):
            return value
        fill = -inf if name_of(node).startswith("max_pool") else 0.0
        return CutRef(source, cut, part.axes[source], fill)
    if type(value) in (list, tuple):
        return type(value)(_cut_refs(each, index, part, node) for each in value)
    if isinstance(value, Mapping):
        return {key: _cut_refs(each, index, part, node) for key, each in value.items()}
    return value


def _has_ref(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return any(_has_ref(each) for each in value)
    if isinstance(value, Mapping):
        return any(_has_ref(each) for each in value.values())
    return isinstance(value, Ref | CutRef)


def resolve(value: Any, values: Values) -> Any:
    """Arguments, with what the nodes gave in the places of their `Ref`s."""
    if type(value) is Ref:
        return values[value.node]
    if type(value) is CutRef:
        return _cut(values[value.node], value)
    if type(value) in (list, tuple):
        return type(value)(resolve(each, values) for each in value)
    if isinstance(value, slice):
        return slice(*(resolve(e, values) for e in (value.start, value.stop, value.step)))
    if isinstance(value, Mapping):
        return {key: resolve(each, values) for key, each in value.items()}
    return value


def _cut(tensor: Any, ref: CutRef) -> Any:
    for axis, begin, end in zip(ref.axes, ref.cut.begins, ref.cut.ends, strict=True):
        tensor = tensor.narrow(axis, begin, end - begin)
    if not any(ref.cut.pads):
        return tensor
    above, below, left, right = ref.cut.pads
    y, x = ref.axes
    widths = [0] * (2 * tensor.ndim)
    widths[2 * (tensor.ndim - 1 - y) : 2 * (tensor.ndim - 1 - y) + 2] = [above, below]
    widths[2 * (tensor.ndim - 1 - x) : 2 * (tensor.ndim - 1 - x) + 2] = [left, right]
    return torch.nn.functional.pad(tensor, widths, value=ref.fill)
