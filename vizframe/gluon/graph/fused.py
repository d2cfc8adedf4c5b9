"""Operators that are two in one, taken apart, so that each of the two can be asked, named and
ruled: a normalization with its ReLU.
"""

from __future__ import annotations

from dataclasses import replace

from vizframe.gluon.graph.graph import Entry, Graph, Node

_NORMALIZATION = "_contrib_BatchNormWithReLU"


def split_fused(graph: Graph) -> Graph:
    """The graph with a BatchNorm and a ReLU for each operator that is both."""
    if not any(node.operator == _NORMALIZATION for node in graph.nodes):
        return graph
    nodes: list[Node] = []
    found: dict[Entry, Entry] = {}

    def now(entry: Entry) -> Entry:
        return found[entry]

    for index, node in enumerate(graph.nodes):
        inputs = tuple(map(now, node.inputs))
        marks = {key: each for key, each in node.attributes.items() if key.startswith("__")}
        if node.operator != _NORMALIZATION:
            nodes.append(replace(node, inputs=inputs))
            found.update({(index, k): (len(nodes) - 1, k) for k in range(_outputs(graph, index))})
            continue
        kept = {key: each for key, each in node.attributes.items() if key not in marks}
        nodes.append(Node("BatchNorm", f"{node.name}_batchnorm", kept, inputs))
        nodes.append(Node("relu", node.name, marks, ((len(nodes) - 1, 0),)))
        found[index, 0] = len(nodes) - 1, 0
        found.update({(index, k): (len(nodes) - 2, k) for k in range(1, 3)})
    return Graph(tuple(nodes), tuple(map(now, graph.heads)))


def _outputs(graph: Graph, index: int) -> int:
    """How many of a node's outputs are read, or heads; at least one."""
    read = [entry for node in graph.nodes for entry in node.inputs] + list(graph.heads)
    return 1 + max((output for each, output in read if each == index), default=0)
