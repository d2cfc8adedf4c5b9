"""The graph that gives maxima over maps in place of the maps.

A pooling over the whole map reads it as oneDNN keeps it, where the convolution has just written it;
handing maps out takes as long again as computing them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from vizframe.gluon.graph.graph import Entry, Graph, Node

_MAXIMUM = {"global_pool": "True", "pool_type": "max", "kernel": "(1, 1)"}


def with_maxima(graph: Graph, entries: Sequence[Entry]) -> tuple[Graph, Mapping[Entry, Entry]]:
    """The graph with the largest value of each entry's maps, (image, unit, 1, 1), and where each
    of them is.

    Args:
        entries: outputs of shape (image, unit, y, x).
    """
    start = len(graph.nodes)
    nodes = tuple(
        Node("Pooling", f"vizframe_maximum{number}", _MAXIMUM, (entry,))
        for number, entry in enumerate(entries)
    )
    places = {entry: (start + number, 0) for number, entry in enumerate(entries)}
    return Graph((*graph.nodes, *nodes), graph.heads), places
