"""Whether a gradient can reach the images at all.

Some operators pass none back, since what they give is constant or jumps. MXNet gives zeros there,
for a few it refuses to bind the graph, and an ascent would stand still without a word.
"""

from __future__ import annotations

from vizframe.errors import NetworkError
from vizframe.gluon.graph.graph import Entry, Graph, Node

_COMPARISONS = tuple(
    f"{start}{word}"
    for start in ("_", "broadcast_")
    for word in ("equal", "not_equal", "greater", "greater_equal", "lesser", "lesser_equal")
)
_STOPS = frozenset(
    (
        *_COMPARISONS,
        *(f"{name}_scalar" for name in _COMPARISONS if name.startswith("_")),
        *("argmax", "argmin", "argmax_channel", "argsort", "one_hot"),
        *("sign", "round", "rint", "fix", "floor", "ceil", "trunc", "logical_not"),
        *("BlockGrad", "zeros_like", "ones_like"),
        *("shape_array", "size_array", "_contrib_index_array"),
    )
)


def passes_gradients(node: Node) -> bool:
    """Whether the operator gives its inputs any of the gradient of its output."""
    if node.operator == "topk":
        return node.attributes.get("ret_typ", "indices") in ("value", "both")
    if node.operator in ("Cast", "amp_cast"):
        return "int" not in node.attributes.get("dtype", "")
    return node.operator not in _STOPS


def nodes_with_gradient(graph: Graph, target: Entry) -> set[int]:
    """The nodes that get a gradient of the target, its own node included."""
    reached, waiting = {target[0]}, [target[0]]
    while waiting:
        node = graph.nodes[waiting.pop()]
        if passes_gradients(node):
            new = {index for index, _ in node.inputs} - reached
            reached |= new
            waiting.extend(new)
    return reached


def refuse_stopped(graph: Graph, source: int, target: Entry, layer: str) -> None:
    """Raises NetworkError where no gradient of the target, an entry of that layer, reaches the
    source; the message names the last operator that stops it."""
    reached, stops = {source}, []
    asked = graph.below([target])
    for index, node in enumerate(graph.nodes):
        if index in asked and any(each in reached for each, _ in node.inputs):
            if passes_gradients(node):
                reached.add(index)
            else:
                stops.append(node)
    if target[0] in reached:
        return
    if not stops:
        raise NetworkError(
            f"layer {layer!r} does not depend on {graph.nodes[source].name!r}; "
            "it can be asked for its activations alone"
        )
    raise NetworkError(
        f"layer {layer!r} has no gradient, as operator {stops[-1].operator.strip('_')!r} of "
        f"{stops[-1].name!r} passes none back; it can be a layer that comes before it"
    )
