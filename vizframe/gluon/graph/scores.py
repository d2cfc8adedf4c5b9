"""Where the scores are: one of a network's outputs, or what its softmax is taken of.

scores ─ softmax ─ reshape ─ clip ─ log ─► output
   ▲        what keeps the classes and their order is walked back over
"""

from __future__ import annotations

from collections.abc import Mapping

from vizframe.gluon.graph.graph import Entry, Graph, Node
from vizframe.gluon.graph.kinds import base_name, kind_of
from vizframe.gluon.graph.output_axes import grown_axis
from vizframe.gluon.graph.shapes import Shape

_SAME_NAMES = """
    reshape reshape_like flatten squeeze expand_dims identity copy dropout blockgrad makeloss
    make_loss cast amp_cast clip log log2 log10
"""
_SAME = frozenset(_SAME_NAMES.split())
_SIGMOIDS = ("sigmoid", "hard_sigmoid", "log_sigmoid", "logisticregressionoutput")
_BY_ONE = frozenset(("mul", "multiply", "div", "divide", "true_divide", "power"))
_BY_ZERO = frozenset(("plus", "add", "minus", "subtract"))


def answering_output(
    graph: Graph,
    data: int,
    output: int,
    one: Mapping[Entry, Shape],
    two: Mapping[Entry, Shape] | None,
) -> int:
    """That of the network's outputs, or the first with a row per image where it has none, as a
    detector's anchors have not.

    Args:
        one, two: the shapes for one and for two images; the latter None where they are not known.
    """
    depends = graph.above([data])

    def is_per_image(number: int) -> bool:
        entry = graph.heads[number]
        grown = not two or grown_axis(one.get(entry, ()), two.get(entry, ())) is not None
        return entry[0] in depends and grown

    found = [number for number in (output, *range(len(graph.heads))) if is_per_image(number)]
    return found[0] if found else output


def score_entry(graph: Graph, output: int) -> Entry:
    """The scores before a softmax or sigmoid, or the output itself where it has none."""
    head = graph.heads[output]
    entry = head
    while not graph.nodes[entry[0]].is_variable:
        node = graph.nodes[entry[0]]
        if is_probability(node):
            return node.inputs[0]
        if not _keeps_order(node):
            break
        entry = node.inputs[0]
    return head


def is_probability(node: Node) -> bool:
    """Whether the operator makes probabilities of scores."""
    name = base_name(node.operator)
    if kind_of(node) == "softmax" or name in (
        "sigmoid",
        "hard_sigmoid",
        "log_sigmoid",
        "logisticregressionoutput",
    ):
        return True
    return name == "activation" and node.attributes.get("act_type") in ("sigmoid", "log_sigmoid")


def _keeps_order(node: Node) -> bool:
    """Whether each class is still there, and the larger one is the larger one."""
    name, number = base_name(node.operator), node.attributes.get("scalar")
    if number is None:
        return name in _SAME
    return (name in _BY_ONE and float(number) == 1) or (name in _BY_ZERO and float(number) == 0)
