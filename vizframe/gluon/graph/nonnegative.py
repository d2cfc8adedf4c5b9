"""Which outputs cannot be below zero, whatever the parameters are: their pictures need one sign."""

from __future__ import annotations

from collections.abc import Sequence

from vizframe.gluon.graph.graph import Graph, Node
from vizframe.gluon.graph.kinds import base_name, kind_of
from vizframe.gluon.graph.rectifiers import relu_source
from vizframe.gluon.graph.rules import is_bounded_relu, is_relu
from vizframe.network.kinds import Kind

_NEVER = """
    sigmoid hard_sigmoid softmax softmaxoutput softmaxactivation softmin masked_softmax
    batchnormwithrelu exp square abs absolute sqrt norm one_hot argmax argmin logical_not
    equal not_equal greater greater_equal lesser lesser_equal
"""
_NEVER_BY_TYPE = ("relu", "sigmoid", "softrelu")

_IF_ALL = """
    add plus mul multiply div divide true_divide rdiv rtrue_divide reciprocal rsqrt add_n minimum
    dot batch_dot matmul power log1p cbrt tanh softsign erf leakyrelu leaky_relu div_sqrt_dim floor
    round rint fix trunc ceil lrn l2normalization
"""
_PASSING_ON: tuple[Kind, ...] = ("pooling", "dropout", "reshape", "join")

_NEVER_NAMES, _IF_ALL_NAMES = frozenset(_NEVER.split()), frozenset(_IF_ALL.split())


def nonnegative_nodes(graph: Graph) -> set[int]:
    """The nodes whose outputs cannot be below zero."""
    found: set[int] = set()
    for index, node in enumerate(graph.nodes):
        inputs = [source in found for source, _ in node.inputs]
        if node.is_variable:
            continue
        if relu_source(graph, index) is not None or cannot_be_negative(node, inputs):
            found.add(index)
    return found


def cannot_be_negative(node: Node, inputs: Sequence[bool]) -> bool:
    """Whether what the operator gives is never below zero; ``inputs`` says it of what it reads."""
    name = base_name(node.operator)
    if is_relu(node) or is_bounded_relu(node) or name in _NEVER_NAMES:
        return True
    number = _number(node, "scalar", 0.0)
    match name:
        case "activation":
            return node.attributes.get("act_type") in _NEVER_BY_TYPE
        case "maximum":
            return any(inputs) or ("scalar" in node.attributes and number >= 0)
        case "clip":
            return _clipped(node, inputs)
        case "power" if "scalar" in node.attributes:
            return number % 2 == 0 or all(inputs)
        case "where":
            return len(inputs) == 3 and all(inputs[1:])
        case "take" | "pick" | "gather_nd" | "pad" | "leakyrelu" | "leaky_relu":
            return bool(inputs) and inputs[0] and _number(node, "constant_value", 0.0) >= 0
    passes = kind_of(node) in _PASSING_ON or name in _IF_ALL_NAMES
    return passes and bool(inputs) and all(inputs) and number >= 0


def _clipped(node: Node, inputs: Sequence[bool]) -> bool:
    least, most = _number(node, "a_min", float("-inf")), _number(node, "a_max", float("inf"))
    return least >= 0 or (most >= 0 and bool(inputs) and inputs[0])


def _number(node: Node, key: str, default: float) -> float:
    try:
        return float(node.attributes.get(key, default))
    except ValueError:  # such as ``None``: no bound
        return default
