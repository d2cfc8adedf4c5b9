"""Gradients at many layers in one backward pass: behind each of them, a zero is added.

    ─ layer ─ + ─ what reads it ─ … ─ objective      the gradient of what is added
              ▲                                      is that of the layer's output
              0

All zeros are one array, as large as the largest layer, that is read and never written.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from vizframe.gluon.compat import mx
from vizframe.gluon.graph.graph import Entry, Graph, Node
from vizframe.gluon.graph.shapes import Shape


def add_taps(
    graph: Graph, target: Entry, entries: Sequence[Entry], shown: Sequence[Entry]
) -> Graph:
    """The graph with a zero added to each entry. Its heads are the target, and then what is shown,
    which no gradient goes into."""
    nodes: list[Node] = []
    moved: dict[Entry, Entry] = {}
    number: dict[int, int] = {}

    def now(entry: Entry) -> Entry:
        return moved.get(entry, (number[entry[0]], entry[1]))

    taps = {entry: place for place, entry in enumerate(entries)}
    for index, node in enumerate(graph.nodes):
        nodes.append(replace(node, inputs=tuple(map(now, node.inputs))))
        number[index] = len(nodes) - 1
        for entry in [each for each in entries if each[0] == index]:
            name = tap_name(taps[entry])
            nodes.append(Node("null", name))
            inputs = ((number[index], entry[1]), (len(nodes) - 1, 0))
            nodes.append(Node("elemwise_add", f"{name}_added", {}, inputs))
            moved[entry] = len(nodes) - 1, 0
    heads = [now(target)]
    for entry in shown:
        nodes.append(Node("BlockGrad", f"vizframe_shown{len(nodes)}", {}, (now(entry),)))
        heads.append((len(nodes) - 1, 0))
    return Graph(tuple(nodes), tuple(heads))


def tap_name(place: int) -> str:
    """What the zero added to the entry at this place of the list is called."""
    return f"vizframe_tap{place}"


def shared_zeros(shapes: Mapping[str, Shape], context: Any) -> dict[str, Any]:
    """An array of zeros for each name, all of them views of one."""
    most = max((math.prod(shape) for shape in shapes.values()), default=1)
    shared = mx.nd.zeros((most,), ctx=context)
    return {name: shared[: math.prod(shape)].reshape(shape) for name, shape in shapes.items()}
