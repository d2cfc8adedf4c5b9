"""The list of layers: what a trace's entries are, in the words of the core."""

from __future__ import annotations

import itertools
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass

from vizframe.gluon.graph.graph import Entry, Graph, Node
from vizframe.gluon.graph.kernels import AS_IT_IS, KernelOrder, kernel_order
from vizframe.gluon.graph.kinds import base_name, kind_of, kind_of_layer
from vizframe.gluon.graph.nonnegative import nonnegative_nodes
from vizframe.gluon.graph.output_axes import OutputAxes
from vizframe.gluon.graph.rectifiers import relu_source
from vizframe.gluon.graph.shapes import Shape
from vizframe.gluon.graph.trace import TURNED, Trace
from vizframe.gluon.graph.window import maps_of
from vizframe.graph.field import receptive_fields
from vizframe.network.kinds import KERNEL_KINDS, Kind
from vizframe.network.layer import Layer

_WORDS = {"Activation": "act_type", "LeakyReLU": "act_type", "Pooling": "pool_type", "RNN": "mode"}


@dataclass(frozen=True, slots=True)
class OwnParameter:
    """A layer's own parameter: its full name, and how it is kept; or, of a weight that the layer
    computes, as weight normalization does, where that is found."""

    full: str
    order: KernelOrder = AS_IT_IS
    entry: Entry | None = None


Own = Mapping[str, OwnParameter]
"""A layer's own parameters by their short names."""


def layers_of(
    trace: Trace,
    graph: Graph,
    shapes: Mapping[Entry, Shape],
    data: int,
    axes: Mapping[Entry, OutputAxes],
) -> tuple[tuple[Layer, ...], dict[str, Entry], dict[str, Own]]:
    """Every layer in forward order, the entry of each name, and each one's own parameters."""
    inputs = [i for i, node in enumerate(graph.nodes) if node.name in trace.inputs]
    asked = graph.above(inputs)  # the rest prepares parameters and constants
    named = {
        entry: name
        for entry, name in trace.names.items()
        if entry in axes and entry[0] in asked and graph.nodes[entry[0]].name != TURNED
    }
    edges = named | {
        step: named[entry]
        for entry, each in trace.folded.items()
        if entry in named
        for step in each.steps
    }
    firsts = {index: shape for (index, output), shape in shapes.items() if output == 0}
    fields = receptive_fields(maps_of(graph, data, firsts), data)
    claimed = {full for own in trace.own.values() for full in own.values()}
    nonnegative = nonnegative_nodes(graph)
    layers: list[Layer] = []
    owned: dict[str, Own] = {}
    for entry, name in named.items():
        own = owned[name] = _own_parameters(graph, trace, entry, claimed, shapes, asked)
        shape = axes[entry].layer_shape(shapes[entry])
        layers.append(
            Layer(
                name=name,
                operator=_operator(graph, trace, entry),
                shape=shape,
                units=shape[axes[entry].unit_axis] if shape else 1,
                axes=axes[entry].names,
                parameters={short: _shape_of(graph, shapes, each) for short, each in own.items()},
                receptive_field=fields.get(entry[0]),
                inputs=tuple(_all_sources(graph, trace, entry, edges)),
                kind=_kind(graph, trace, entry, axes[entry]),
                nonnegative=entry[0] in nonnegative,
                rectifies=relu_source(graph, entry[0]) is not None,
            )
        )
    return tuple(layers), {name: entry for entry, name in named.items()}, owned


def _own_parameters(
    graph: Graph,
    trace: Trace,
    entry: Entry,
    claimed: set[str],
    shapes: Mapping[Entry, Shape],
    asked: Container[int],
) -> Own:
    """The parameters of the layer at an entry: those of its block, or, where no block made it, of
    its operator, unless another layer has ``claimed`` them; and a weight that it computes,
    unless it is one for each image, as those of the nodes ``asked`` are."""
    operators = (*trace.made_by.get(entry, ()), entry[0])
    orders = _kernel_orders(graph, operators)
    named = trace.own.get(entry) or _of_operator(graph, entry[0], claimed)
    own = {short: OwnParameter(full, orders.get(full, AS_IT_IS)) for short, full in named.items()}
    return own | _computed_weight(graph, operators, own, shapes, asked)


def _kind(graph: Graph, trace: Trace, entry: Entry, axes: OutputAxes) -> Kind:
    """The kind of the layer: a softmax over what each place attends to is an attention; a loop of
    cells is recurrent."""
    made = trace.made_by.get(entry, ())
    folded = trace.folded.get(entry)
    if folded is not None:
        return "recurrent" if folded.is_cell else kind_of_layer(graph, folded.steps[0], made)
    kind = kind_of_layer(graph, entry, made)
    looks = "source" in axes.names or axes.names == ("time", "head")  # the latter of a single head
    return "attention" if kind == "softmax" and looks else kind


def _kernel_orders(graph: Graph, indices: Iterable[int]) -> dict[str, KernelOrder]:
    """How each weight that one of these operators reads is kept."""
    found = {}
    for node in (graph.nodes[index] for index in indices):
        if kind_of(node) in KERNEL_KINDS and len(node.inputs) > 1:
            weight = graph.nodes[node.inputs[_weight_at(node)][0]]
            if weight.is_variable:
                found[weight.name] = kernel_order(node)
    return found


def _weight_at(node: Node) -> int:
    """Which of a kernel's inputs is its weight: a deformable convolution has offsets before it."""
    name = base_name(node.operator)
    return 1 + ("deformable" in name) + ("modulated" in name)


def _computed_weight(
    graph: Graph,
    indices: Iterable[int],
    own: Own,
    shapes: Mapping[Entry, Shape],
    asked: Container[int],
) -> dict[str, OwnParameter]:
    """The weight that one of these operators reads, where the layer computes it of its own."""
    if "weight" in own or not own:
        return {}
    for node in (graph.nodes[index] for index in indices):
        if kind_of(node) in KERNEL_KINDS and len(node.inputs) > 1:
            entry = node.inputs[_weight_at(node)]
            is_own = entry[0] not in asked  # and not another one for each image
            if is_own and not graph.nodes[entry[0]].is_variable and entry in shapes:
                return {"weight": OwnParameter("", kernel_order(node), entry)}
    return {}


def _of_operator(graph: Graph, index: int, claimed: set[str]) -> Mapping[str, str]:
    """The parameters that an operator reads, where no block has them: ``conv1_weight`` of
    ``conv1_fwd`` is its ``weight``."""
    node = graph.nodes[index]
    base = node.name.removesuffix("_fwd") + "_"
    names = [graph.nodes[i].name for i, _ in node.inputs if graph.nodes[i].is_variable]
    return {
        name.removeprefix(base): name
        for name in names
        if name not in claimed and name.startswith(base)
    }


def _shape_of(graph: Graph, shapes: Mapping[Entry, Shape], own: OwnParameter) -> Shape:
    if own.entry is not None:
        return own.order.shape(shapes[own.entry])
    kept = shapes.get((graph.variable(own.full), 0), ()) if _has(graph, own.full) else ()
    return own.order.shape(kept) if kept else ()


def _has(graph: Graph, name: str) -> bool:
    return any(node.is_variable and node.name == name for node in graph.nodes)


def _operator(graph: Graph, trace: Trace, entry: Entry) -> str:
    """The name that is shown, such as ``Convolution``, ``Pooling(max)``, or, of a layer of both,
    ``Convolution + Activation(relu)``."""
    if entry in trace.folded:
        return trace.folded[entry].operator
    made = [index for index in trace.made_by.get(entry, ()) if index != entry[0]]
    recurrent = [index for index in made if kind_of(graph.nodes[index]) == "recurrent"]
    if recurrent and kind_of(graph.nodes[entry[0]]) == "reshape":
        return _word(graph.nodes[recurrent[0]])  # it turns its axes afterwards
    own = sorted(index for index in made if _is_kernel(graph.nodes[index]))
    return " + ".join(_word(graph.nodes[index]) for index in (*own, entry[0]))


def _is_kernel(node: Node) -> bool:
    return node.operator in ("Convolution", "Deconvolution", "FullyConnected")


def _word(node: Node) -> str:
    kind = node.attributes.get(_WORDS.get(node.operator, ""))
    return f"{node.operator.strip('_')}({kind})" if kind else node.operator.strip("_")


def _all_sources(graph: Graph, trace: Trace, entry: Entry, edges: Mapping[Entry, str]) -> list[str]:
    """The layers that a layer reads; one that is folded, at any of its steps."""
    folded = trace.folded.get(entry)
    ends = [entry] if folded is None else folded.steps
    found = (_sources(graph, graph.nodes[i], edges, trace.inputs) for i, _ in ends)
    own = edges[entry] if folded is not None else None
    return [name for name in dict.fromkeys(itertools.chain(*found)) if name != own]


def _sources(
    graph: Graph, node: Node, named: Mapping[Entry, str], inputs: Sequence[str]
) -> list[str]:
    """The layers that the node reads, past operators without a name."""
    found: list[str] = []
    waiting, seen = list(reversed(node.inputs)), set[Entry]()
    while waiting:
        entry = waiting.pop()
        if entry in seen:
            continue
        seen.add(entry)
        source = graph.nodes[entry[0]]
        if entry in named:
            found.append(named[entry])
        elif not source.is_variable:
            waiting.extend(reversed(source.inputs))
        elif source.name in inputs:
            found.append(source.name)
    return list(dict.fromkeys(found))
