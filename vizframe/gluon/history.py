"""What MXNet recorded of a net without a graph while it ran: how one output came about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vizframe.gluon.block_layers import Output
from vizframe.gluon.compat import mx
from vizframe.gluon.graph.graph import Graph, Node
from vizframe.gluon.graph.scores import score_entry
from vizframe.gluon.semantics import to_classic


def history_of(value: Any) -> Graph:
    """The operators that led to an array, computed while MXNet recorded."""
    return Graph.of(mx.autograd.get_symbol(value)).map_nodes(to_classic)


def score_layer(value: Any, outputs: Mapping[str, Output]) -> str | None:
    """The name of the block's output that the value is the softmax of; None where there is none.

    An array does not say whose it is; that of a block has come about in the same way.
    """
    whole = history_of(value)
    scores = score_entry(whole, 0)
    if scores == whole.heads[0]:
        return None
    wanted = _told(whole.with_heads([scores]).prune())
    for name, output in reversed(list(outputs.items())):
        if _told(history_of(output.value)) == wanted:
            return name
    return None


def _told(history: Graph) -> list[tuple[str, object]]:
    return [(node.operator, node.inputs) for node in history.nodes]


def maxima_without_block(recorded: Mapping[str, Output]) -> bool:
    """Whether the last layer's history has maxima that no pooling block took."""
    history = history_of(list(recorded.values())[-1].value)
    taken = sum(n.operator == "Pooling" and is_maximum(n) for n in history.nodes)
    return taken > sum(is_pooling(each.block) for each in recorded.values())


def is_pooling(block: Any) -> bool:
    return isinstance(block, mx.gluon.nn.conv_layers._Pooling)


def is_maximum(node: Node) -> bool:
    return node.attributes.get("pool_type", "max") == "max"
