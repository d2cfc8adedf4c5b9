"""Outputs in the core's order, (image, unit, …), wherever MXNet has their images and units.

To tell where images lie, shapes are inferred for one and for two: the axis that grows is theirs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from vizframe.gluon.graph.graph import Entry, Graph, Node
from vizframe.gluon.graph.kinds import base_name
from vizframe.gluon.graph.labels import Labels, input_labels, output_labels
from vizframe.gluon.graph.output_axes import (
    BatchAxis,
    OutputAxes,
    grown_axis,
    output_axes,
    reshaped_batch,
)
from vizframe.gluon.graph.shapes import Shape

Shapes = Mapping[Entry, Shape]


def axes_of_outputs(
    graph: Graph, data: int, one: Shapes, two: Shapes | None
) -> dict[Entry, OutputAxes]:
    """How each output is brought to the core's order.

    Args:
        data: the variable that takes the images.
        one, two: the shapes for one and for two images; the latter None where the network takes
            only so many, whose images then come first everywhere.
    """
    labels = _labels(graph, data, two or one)
    batches = {} if two is None else _batches(graph, one, two)
    return {
        entry: output_axes(
            labels[entry], batches.get(entry, BatchAxis()), shape, images=len(one[data, 0]) > 3
        )
        for entry, shape in one.items()
        if shape and not graph.nodes[entry[0]].is_variable
    }


def _labels(graph: Graph, data: int, shapes: Shapes) -> dict[Entry, Labels]:
    found: dict[Entry, Labels] = {}
    for (index, output), shape in sorted(shapes.items()):
        node = graph.nodes[index]
        if node.is_variable:
            known = input_labels(len(shape)) if index == data else (None,) * len(shape)
            found[index, output] = known
            continue
        sources = [entry for entry in node.inputs if entry in found]
        given = [found[entry] for entry in sources]
        made = output_labels(node, given, [shapes[entry] for entry in sources], output, shape)
        found[index, output] = made
    return found


def _batches(graph: Graph, one: Shapes, two: Shapes) -> dict[Entry, BatchAxis]:
    found: dict[Entry, BatchAxis] = {}
    for entry, shape in sorted(one.items()):
        grown = grown_axis(shape, two.get(entry, ()))
        if grown is not None:
            found[entry] = _batch(graph.nodes[entry[0]], *grown, shape, one, found)
    return found


def _batch(
    node: Node, axis: int, length: int, shape: Shape, one: Shapes, found: Mapping[Entry, BatchAxis]
) -> BatchAxis:
    """Where the images lie along the axis that grows with them, which is so long for one image."""
    if length == 1:
        return BatchAxis(axis)
    sources = [entry for entry in node.inputs if entry in found]
    if base_name(node.operator) in ("concat", "concatenate"):
        plain = all(found[entry] == BatchAxis(axis) for entry in sources)
        if plain and length == len(node.inputs):
            return BatchAxis(axis, before=length)
    for entry in sources:
        source = found[entry]
        if source.before * source.after == length and one[entry][source.axis] == length:
            return BatchAxis(axis, source.before, source.after)
        moved = reshaped_batch(source, one[entry], axis, shape)
        if moved is not None and moved.before * moved.after == length:
            return moved
    return BatchAxis(axis, after=length)


def in_order(
    graph: Graph, axes: Mapping[Entry, OutputAxes], entries: Iterable[Entry]
) -> tuple[Graph, dict[Entry, Entry]]:
    """The graph with more nodes, which bring these entries to canonical order; and the new entry of
    each that was not in that order."""
    nodes, seen = list(graph.nodes), dict[Entry, Entry]()

    def add(operator: str, source: Entry, **attributes: object) -> Entry:
        texts = {key: str(value) for key, value in attributes.items()}
        nodes.append(Node(operator, f"vizframe_order{len(nodes)}", texts, (source,)))
        return len(nodes) - 1, 0

    for entry in entries:
        own = axes.get(entry)
        if own is None or own.is_canonical:
            continue
        at, now = own.batch.axis, entry
        if own.batch.before > 1:
            now = add("Reshape", now, shape=((0,) * at) + (-4, own.batch.before, -1, -2))
            at += 1
        if own.batch.after > 1:
            now = add("Reshape", now, shape=((0,) * at) + (-4, -1, own.batch.after, -2))
        if own.number:
            now = add("Reshape", now, shape=(0, 1))
        now = add("transpose", now, axes=own.order)
        if own.grid:
            now = add("Reshape", now, shape=(0, 0, own.grid.y, own.grid.x))
        seen[entry] = now
    return Graph(tuple(nodes), graph.heads), seen
