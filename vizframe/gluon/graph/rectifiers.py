"""ReLUs by whatever operators they are spelled, and graphs in which they follow another rule.

relu(x)   Activation(relu)   LeakyReLU(slope 0)   maximum(x, 0)   clip(x, 0, most)
where(x > 0, x, 0)           x · (x > 0)          (x + |x|) / 2   −minimum(−x, 0)
"""

from __future__ import annotations

from vizframe.gluon.graph.graph import Entry, Graph, Node
from vizframe.gluon.graph.kinds import base_name
from vizframe.gluon.graph.rules import as_ruled, is_bounded_relu, is_relu
from vizframe.network import ReluRule

_ZEROS = frozenset(("zeros", "zeros_like", "full", "full_like"))


def apply_rule(graph: Graph, rule: ReluRule) -> Graph:
    """The graph with all its ReLUs following the rule; their operators' numbers stay."""
    if rule == "plain":
        return graph
    nodes = []
    for index, node in enumerate(graph.nodes):
        source = relu_source(graph, index)
        nodes.append(node if source is None else as_ruled(node, source, rule))
    return Graph(tuple(nodes), graph.heads)


def with_plain_relus(graph: Graph) -> Graph:
    """The graph in which each ReLU is one operator, however it was spelled."""
    nodes = []
    for index, node in enumerate(graph.nodes):
        source = relu_source(graph, index)
        plain = source is None or is_relu(node) or is_bounded_relu(node)
        nodes.append(node if plain or source is None else Node("relu", node.name, {}, (source,)))
    return Graph(tuple(nodes), graph.heads)


def relu_source(graph: Graph, index: int) -> Entry | None:
    """The entry of which the node is the ReLU; None where it is no ReLU."""
    node = graph.nodes[index]
    if is_relu(node) or is_bounded_relu(node):
        return node.inputs[0]
    inputs = node.inputs
    match base_name(node.operator):
        case "maximum" if len(inputs) == 2:
            a, b = inputs
            return a if _is_zero(graph, b) else b if _is_zero(graph, a) else None
        case "where" if len(inputs) == 3 and _is_zero(graph, inputs[2]):
            return inputs[1] if _compared(graph, inputs[0]) == inputs[1] else None
        case "where" if len(inputs) == 3 and _is_zero(graph, inputs[1]):
            return inputs[2] if _compared(graph, inputs[0], above=False) == inputs[2] else None
        case "where_rscalar" if _scalar(node) == 0:
            return inputs[1] if _compared(graph, inputs[0]) == inputs[1] else None
        case "where_lscalar" if _scalar(node) == 0:
            return inputs[1] if _compared(graph, inputs[0], above=False) == inputs[1] else None
        case "mul" | "multiply" if len(inputs) == 2:
            found = [x for gate, x in (inputs, inputs[::-1]) if _compared(graph, gate) == x]
            return found[0] if found else None
        case "div" | "true_divide" | "divide" if _scalar(node) == 2:
            return _with_absolute(graph, inputs[0])
        case "mul" | "multiply" if _scalar(node) == 0.5:
            return _with_absolute(graph, inputs[0])
    least = _negated(graph, (index, 0))
    if least is not None:
        inner = graph.nodes[least[0]]
        if base_name(inner.operator) == "minimum" and _scalar(inner) == 0:
            return _negated(graph, inner.inputs[0])
    return None


def _scalar(node: Node) -> float | None:
    text = node.attributes.get("scalar")
    return None if text is None else float(text)


def _is_zero(graph: Graph, entry: Entry) -> bool:
    """Whether the entry is nothing but zeros."""
    node = graph.nodes[entry[0]]
    name = base_name(node.operator)
    if name in ("mul", "multiply"):
        return _scalar(node) == 0
    value = node.attributes.get("value", node.attributes.get("fill_value", "0"))
    return name in _ZEROS and float(value) == 0


_ABOVE, _BELOW = ("greater", "greater_equal"), ("lesser", "lesser_equal", "less", "less_equal")


def _compared(graph: Graph, entry: Entry, *, above: bool = True) -> Entry | None:
    """The entry that is above zero (or below it) where the given one is 1; None where that compares
    something else."""
    node = graph.nodes[entry[0]]
    name = base_name(node.operator)
    if name in ("cast", "amp_cast", "identity", "blockgrad"):
        return _compared(graph, node.inputs[0], above=above)
    same, turned = (_ABOVE, _BELOW) if above else (_BELOW, _ABOVE)
    if name in same:
        zero = _scalar(node) == 0 or (len(node.inputs) == 2 and _is_zero(graph, node.inputs[1]))
        return node.inputs[0] if zero else None
    if name in turned and len(node.inputs) == 2:
        return node.inputs[1] if _is_zero(graph, node.inputs[0]) else None
    return None


def _with_absolute(graph: Graph, entry: Entry) -> Entry | None:
    """The x of x + |x|."""
    node = graph.nodes[entry[0]]
    if base_name(node.operator) not in ("add", "plus", "add_n") or len(node.inputs) != 2:
        return None
    for size, x in (node.inputs, node.inputs[::-1]):
        above = graph.nodes[size[0]]
        if base_name(above.operator) in ("abs", "absolute") and above.inputs[0] == x:
            return x
    return None


def _negated(graph: Graph, entry: Entry) -> Entry | None:
    """The x of −x."""
    node = graph.nodes[entry[0]]
    name = base_name(node.operator)
    turned = name == "negative" or (name in ("mul", "multiply") and _scalar(node) == -1)
    return node.inputs[0] if turned else None
