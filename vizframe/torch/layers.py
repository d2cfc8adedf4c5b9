"""The list of layers: the nodes of a tape that a person would name, in the words of the core.

A layer's output is what its node gave, its units moved to the front, tokens and windows laid out on
the image's grid: see `vizframe.torch.layout`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from vizframe.graph.field import receptive_fields
from vizframe.graph.window import POINTWISE, MapNode
from vizframe.network.kinds import Axis
from vizframe.network.layer import Layer
from vizframe.torch.axes import labels_of
from vizframe.torch.batch import lengths
from vizframe.torch.heads import heads_of
from vizframe.torch.label import Labels
from vizframe.torch.layout import Layout, shown
from vizframe.torch.names import names_of
from vizframe.torch.node import Node, Ref, Tape, take
from vizframe.torch.operators import (
    arguments,
    is_bounded_relu,
    is_relu,
    kind_of,
    nonnegative_nodes,
    padding_of,
    reads,
    shown_operator,
    window_of,
)

MAP: tuple[Axis, ...] = ("unit", "y", "x")
LOOKS: tuple[Axis, ...] = ("head", "time", "source")
"""The axes of what an attention looks at."""


@dataclass(slots=True, eq=False)
class LayeredTape:
    """A tape, and the layers that its nodes compute.

    Attributes:
        tape: the calls that the net made for images of one size.
        layers: in forward order.
        nodes: the node of each layer, as the net computes it.
        views: what the layer's output is made by from that, where it is not the node's own.
        own: each layer's parameters, short name to the node of the tape that gives it.
        aliases: other names of layers.
        maps: every node as windows and crops see it.
        axes: of y and x in the output of each node that has them.
    """

    tape: Tape
    layers: tuple[Layer, ...]
    nodes: dict[str, int]
    views: dict[str, Layout]
    own: dict[str, dict[str, int]]
    aliases: dict[str, str]
    maps: dict[int, MapNode]
    axes: dict[int, tuple[int, int]]

    def shape(self, name: str) -> tuple[int, ...]:
        """Of a layer's output for one image, its units first."""
        layer = next(each for each in self.layers if each.name == name)
        rest = tuple(n for axis, n in enumerate(layer.shape) if axis != layer.unit_axis)
        return (layer.units, *rest) if layer.shape else ()

    def show(self, name: str, output: Any) -> Any:
        """What a layer's node gave, as the layer's output."""
        view = self.views.get(name)
        return output if view is None else view(output)

    def tokens(self, name: str, output: Any) -> Any:
        """What a layer's node gave at tokens that are no place of its map; None without any."""
        view = self.views.get(name)
        return None if view is None else view.beside(output)


def find_layers(tape: Tape) -> LayeredTape:
    """The tape with every layer that is on it."""
    labels = labels_of(tape)
    heads = heads_of(tape, labels)
    names, aliases = names_of(tape, set(labels))
    maps = maps_of(tape, labels)
    fields = receptive_fields(maps, tape.data)
    axes = {index: places for index, each in labels.items() if (places := _places(each))}
    nonnegative = nonnegative_nodes(tape.nodes)
    found: list[Layer] = []
    nodes: dict[str, int] = {}
    views: dict[str, Layout] = {}
    own: dict[str, dict[str, int]] = {}
    for index, name in names.items():
        node = tape.nodes[index]
        seen = shown(labels[index], node.shape, heads)
        if seen is None:
            continue
        nodes[name] = index
        if seen.layout is not None:
            views[name] = seen.layout
        own[name] = own_parameters(tape, node)
        found.append(
            Layer(
                name=name,
                operator=shown_operator(node),
                shape=seen.shape,
                units=_units(seen.words, seen.shape),
                parameters={
                    short: kernel_shape(node, short, lengths(tape.nodes[each].shape, 1))
                    for short, each in own[name].items()
                },
                receptive_field=fields.get(index) if seen.words == MAP else None,
                inputs=_sources(tape, index, names),
                kind="attention" if seen.words == LOOKS else kind_of(node),
                axes=seen.words,
                nonnegative=index in nonnegative,
                rectifies=is_relu(node) or is_bounded_relu(node),
            )
        )
    kept = {name: each for name, each in aliases.items() if each in nodes and name not in nodes}
    return LayeredTape(tape, tuple(found), nodes, views, own, kept, maps, axes)


def _units(words: Sequence[str], shape: Sequence[int]) -> int:
    return next((n for word, n in zip(words, shape, strict=True) if word in ("unit", "head")), 1)


def _places(labels: Labels) -> tuple[int, int] | None:
    names = [each.name for each in labels]
    return (names.index("y"), names.index("x")) if "y" in names and "x" in names else None


def maps_of(tape: Tape, labels: dict[int, Labels]) -> dict[int, MapNode]:
    """Every node that depends on the images, as windows and crops see it."""
    found = {}
    for index, each in labels.items():
        node, places = tape.nodes[index], _places(each)
        size = None if places is None else (each[places[0]].length, each[places[1]].length)
        sources = tuple(dict.fromkeys(source for source in reads(node) if source in labels))
        window = None if index == tape.data else _window(tape, node, labels, index)
        varies = window == POINTWISE and places is not None and _varies(tape, node, labels, places)
        found[index] = MapNode(window, sources, size, varies, padding_of(node))
    return found


def _window(tape: Tape, node: Node, labels: dict[int, Labels], index: int) -> Any:
    if node.function is None or any(not tape.nodes[each].shape for each in node.inputs):
        return None  # one of several outputs of a call
    weight = arguments(node).get("weight")
    kernel = lengths(tape.nodes[weight.node].shape, 1)[2:] if isinstance(weight, Ref) else ()
    names = [each.name for each in labels[index]]
    window = window_of(node, len(names), kernel)
    if window is not None and window != POINTWISE and names != ["batch", "unit", "y", "x"]:
        return None
    if kind_of(node) == "dense":
        last = labels[reads(node)[0]][-1].name if reads(node)[0] in labels else ""
        return window if last == "unit" else None
    if kind_of(node) == "join" and window is not None:
        changed = [s for s in reads(node) if s in labels and not _same_places(labels, s, index)]
        return None if changed else window
    if kind_of(node) == "normalization" and "y" in names and names[-1] in ("y", "x"):
        return window if shown_operator(node) == "BatchNorm" else None
    return window


def _same_places(labels: dict[int, Labels], source: int, index: int) -> bool:
    one, two = ({e.name: e.length for e in labels[each]} for each in (source, index))
    return all(one.get(axis) == two.get(axis) for axis in ("y", "x"))


def _varies(tape: Tape, node: Node, labels: dict[int, Labels], places: tuple[int, int]) -> bool:
    """Whether a tensor that is no map of the image differs from place to place."""
    if kind_of(node) in ("normalization", "dense", "convolution"):
        return False
    rank = len(labels[node.inputs[0]]) if node.inputs[0] in labels else 0
    for each in reads(node):
        if each not in labels:
            shape = lengths(tape.nodes[each].shape, 1)
            rank = max(rank, len(shape))
            aligned = (1,) * (rank - len(shape)) + shape
            if any(aligned[place] != 1 for place in places if place < len(aligned)):
                return True
    return False


def own_parameters(tape: Tape, node: Node) -> dict[str, int]:
    """The nodes that give a node's parameters, by what PyTorch calls them."""
    if node.function is take:
        node = tape.nodes[node.inputs[0]]
    given = arguments(node)
    names = ("weight", "bias", "running_mean", "running_var")
    found = {n: given[n].node for n in names if isinstance(given.get(n), Ref)}
    if kind_of(node) == "recurrent":
        for each in reads(node):
            leaf = tape.nodes[each].leaf
            if leaf is not None:
                found[leaf.rpartition(".")[2]] = each
    return found


def kernel_shape(node: Node, short: str, shape: tuple[int, ...]) -> tuple[int, ...]:
    """A parameter's shape; a weight's as (unit, input, …)."""
    if short != "weight":
        return shape
    if kind_of(node) == "embedding" and len(shape) == 2:
        return shape[1], shape[0]
    if kind_of(node) == "transposed convolution":
        groups = arguments(node).get("groups", 1)
        return (shape[1] * groups, shape[0] // groups, *shape[2:])
    return shape


def kernel_values(node: Node, short: str, values: Any) -> Any:
    """A parameter's values; a weight's as (unit, input, …)."""
    if short != "weight":
        return values
    if kind_of(node) == "embedding" and values.ndim == 2:
        return values.t()
    if kind_of(node) == "transposed convolution":
        groups = arguments(node).get("groups", 1)
        return torch.cat([part.transpose(0, 1) for part in values.chunk(groups)])
    return values


def _sources(tape: Tape, index: int, names: dict[int, str]) -> tuple[str, ...]:
    """The layers that a node reads, through nodes that have no name."""
    found: list[str] = []
    waiting = list(tape.nodes[index].inputs)
    seen: set[int] = set()
    while waiting:
        each = waiting.pop(0)
        if each in seen:
            continue
        seen.add(each)
        if each in names:
            found.append(names[each])
        elif each == tape.data:
            found.append("data")
        else:
            waiting += tape.nodes[each].inputs
    return tuple(dict.fromkeys(found))
