"""What MXNet recorded of a net without a graph while it ran: how one output came about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from vizframe.gluon.block_layers import Output
from vizframe.gluon.compat import mx
from vizframe.gluon.graph.graph import Graph, Node
from vizframe.gluon.graph.output_axes import grown_axis
from vizframe.gluon.graph.scores import score_entry
from vizframe.gluon.semantics import to_classic


def history_of(value: Any) -> Graph | None:
    """The operators that led to an array, computed while MXNet recorded; None of one that nothing
    differentiable led to, such as anchors, or a state that was given and is given back."""
    try:
        found = mx.autograd.get_symbol(value)
    except mx.MXNetError:
        return None
    return Graph.of(found).map_nodes(to_classic)


def score_layer(value: Any, outputs: Mapping[str, Output]) -> str | None:
    """The name of the block's output that the value is the softmax of; None where there is none.

    An array does not say whose it is; that of a block has come about in the same way.
    """
    whole = history_of(value)
    scores = None if whole is None else score_entry(whole, 0)
    if whole is None or scores is None or scores == whole.heads[0]:
        return None
    wanted = _told(whole.with_heads([scores]).prune())
    for name, output in reversed(list(outputs.items())):
        own = history_of(output.value)
        if own is not None and _told(own) == wanted:
            return name
    return None


def _told(history: Graph) -> list[tuple[str, object]]:
    return [(node.operator, node.inputs) for node in history.nodes]


def maxima_without_block(recorded: Mapping[str, Output]) -> bool:
    """Whether the last layer that has a history has maxima in it that no pooling block took."""
    found = (history_of(each.value) for each in reversed(list(recorded.values())))
    history = next((each for each in found if each is not None), None)
    if history is None:
        return False
    taken = sum(n.operator == "Pooling" and is_maximum(n) for n in history.nodes)
    return taken > sum(is_pooling(each.block) for each in recorded.values())


def is_pooling(block: Any) -> bool:
    return isinstance(block, mx.gluon.nn.conv_layers._Pooling)


def is_maximum(node: Node) -> bool:
    return node.attributes.get("pool_type", "max") == "max"


def outputs_per_image(one: Sequence[tuple[int, ...]], two: Sequence[Any] | None) -> list[int]:
    """Which of the net's outputs have a row per image, by their shapes for one image and by what it
    gives for two; all, where it takes one number of images alone."""
    if two is None:
        return list(range(len(one)))
    pairs = enumerate(zip(one, two, strict=False))
    return [at for at, (a, b) in pairs if grown_axis(a, tuple(b.shape)) is not None]
