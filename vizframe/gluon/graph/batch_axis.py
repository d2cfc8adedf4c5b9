"""Layers whose images do not lie along the first axis, as recurrent ones that are (time, batch, …).

To tell, shapes are inferred for one input and for two: the axis that grows is that of the images.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from vizframe.errors import NetworkError
from vizframe.gluon.graph.graph import Entry, Graph, Node
from vizframe.gluon.graph.shapes import Shape

_MOVING = frozenset(("transpose", "_np_transpose", "SwapAxis", "_np_moveaxis", "_npi_moveaxis"))


def batch_axes(
    graph: Graph, one: Mapping[Entry, Shape], shapes_of_two: Callable[[], Mapping[Entry, Shape]]
) -> dict[Entry, int]:
    """The axis of the images, where it is another than the first.

    Args:
        one: the shapes for one input.
        shapes_of_two: gives those for two; not called where nothing moves an axis.
    """
    if not any(node.operator in _MOVING for node in graph.nodes):
        return {}
    try:
        two = shapes_of_two()
    except NetworkError:  # it takes one input at a time
        return {}
    found = {}
    for entry, shape in one.items():
        pairs = zip(shape, two.get(entry, ()), strict=False)
        grown = [axis for axis, (a, b) in enumerate(pairs) if a != b]
        if len(grown) == 1 and grown[0] > 0 and shape[grown[0]] == 1:
            found[entry] = grown[0]
    return found


def batch_first(
    graph: Graph, shapes: Mapping[Entry, Shape], axes: Mapping[Entry, int]
) -> tuple[Graph, dict[Entry, Shape], dict[Entry, Entry]]:
    """The graph with a node more for each of these entries, which moves its images to the front;
    the shapes as if they were there; and where each entry is found so."""
    nodes, moved, seen = list(graph.nodes), dict(shapes), {}
    for entry, axis in axes.items():
        order = (axis, *(each for each in range(len(shapes[entry])) if each != axis))
        attributes = {"axes": str(order)}
        seen[entry] = len(nodes), 0
        moved[entry] = tuple(shapes[entry][each] for each in order)
        nodes.append(Node("transpose", f"vizframe_first{len(nodes)}", attributes, (entry,)))
    return Graph(tuple(nodes), graph.heads), moved, seen
