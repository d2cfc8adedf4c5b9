"""The window of each of MXNet's operators, and the nodes of a graph as maps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from vizframe.gluon.graph.graph import Graph, Node
from vizframe.gluon.graph.rules import OPERATOR
from vizframe.graph.window import MapNode, OperatorWindow, Padding

POINTWISE = frozenset(
    (
        "Activation",
        "LeakyReLU",
        "relu",
        "sigmoid",
        "tanh",
        "softsign",
        "exp",
        "log",
        "sqrt",
        "square",
        "abs",
        "negative",
        "clip",
        "BatchNorm",
        "BatchNorm_v1",
        "Dropout",
        "identity",
        "_copy",
        "BlockGrad",
        "Cast",
        "_plus_scalar",
        "_minus_scalar",
        "_rminus_scalar",
        "_mul_scalar",
        "_div_scalar",
        "_rdiv_scalar",
        "_maximum_scalar",
        "_minimum_scalar",
        "_power_scalar",
        "elemwise_add",
        "elemwise_sub",
        "elemwise_mul",
        "elemwise_div",
        "add_n",
        "broadcast_add",
        "broadcast_sub",
        "broadcast_mul",
        "broadcast_div",
        "broadcast_maximum",
        "broadcast_minimum",
        "_maximum",
        "_minimum",
        "LRN",
        "_contrib_div_sqrt_dim",
        "hard_sigmoid",
        "amp_cast",
    )
)
"""Operators whose output at a place depends on their inputs at that place alone."""


def window_of(node: Node) -> OperatorWindow | None:
    """The operator's window, or None where a place may depend on the whole map."""
    if node.operator == "Convolution" and len(node.numbers("kernel", ())) == 2:
        return OperatorWindow(
            kernel=_pair(node.numbers("kernel", (1, 1))),
            stride=_pair(node.numbers("stride", (1, 1))),
            pad=_pair(node.numbers("pad", (0, 0))),
            dilate=_pair(node.numbers("dilate", (1, 1))),
        )
    if node.operator == "Pooling" and not node.flag("global_pool"):
        kernel = node.numbers("kernel", ())
        if len(kernel) == 2:
            return OperatorWindow(
                kernel=_pair(kernel),
                stride=_pair(node.numbers("stride", (1, 1))),
                pad=_pair(node.numbers("pad", (0, 0))),
            )
        return None
    if node.operator.startswith("BatchNorm") and node.attributes.get("axis", "1") != "1":
        return None  # each place has its own statistics
    if node.operator in POINTWISE or node.attributes.get("op_type") == OPERATOR:
        return OperatorWindow()
    if node.operator == "Concat" and node.attributes.get("dim", "1") == "1":
        return OperatorWindow()
    return None


def maps_of(graph: Graph, data: int, shapes: Mapping[int, Sequence[int]]) -> dict[int, MapNode]:
    """Every node that depends on the input variable ``data``, as windows and crops see it."""
    depends = graph.above([data])
    return {
        index: _map_of(node, index, data, depends, shapes)
        for index, node in enumerate(graph.nodes)
        if index in depends
    }


def _map_of(
    node: Node, index: int, data: int, depends: set[int], shapes: Mapping[int, Sequence[int]]
) -> MapNode:
    shape = shapes.get(index, ())
    sources = [(source, output) for source, output in node.inputs if source in depends]
    window = None if index == data or any(output for _, output in sources) else window_of(node)
    return MapNode(
        window=window,
        sources=tuple(dict.fromkeys(source for source, _ in sources)),
        size=(shape[2], shape[3]) if len(shape) == 4 else None,
        varies=window == OperatorWindow() and _adds_a_map(node, depends, shapes),
        padding=_padding(node),
    )


def _adds_a_map(node: Node, depends: set[int], shapes: Mapping[int, Sequence[int]]) -> bool:
    """Whether a parameter differs from place to place, as a learned position does."""
    if node.operator in ("Convolution", "BatchNorm", "BatchNorm_v1", "LeakyReLU"):
        return False  # those of a channel
    others = (shapes.get(source, ()) for source, _ in node.inputs if source not in depends)
    return any(length != 1 for shape in others for length in shape[-2:])


def _padding(node: Node) -> Padding:
    if node.operator != "Pooling" or node.attributes.get("pool_type", "max") == "max":
        return "constant"
    return "counted" if node.flag("count_include_pad", default=True) else "left out"


def _pair(values: tuple[int, ...]) -> tuple[int, int]:
    return values[0], values[1]
