"""Where the scores are: one of a network's outputs, or what its softmax is taken of."""

from __future__ import annotations

from collections.abc import Mapping

from vizframe.gluon.graph.graph import Entry, Graph
from vizframe.gluon.graph.kinds import base_name, kind_of
from vizframe.gluon.graph.output_axes import grown_axis
from vizframe.gluon.graph.shapes import Shape
from vizframe.graph.scores import Made, scores_of


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

    def look(entry: Entry) -> Made[Entry] | None:
        node = graph.nodes[entry[0]]
        if node.is_variable:
            return None
        number = node.attributes.get("scalar")
        name = base_name(node.operator)
        if name == "activation":
            name = node.attributes.get("act_type", name)
        numbers = () if number is None else (float(number),)
        return Made(name, node.inputs, numbers, kind_of(node) == "softmax")

    return scores_of(graph.heads[output], look)


def nearest_name(graph: Graph, entry: Entry, names: Mapping[Entry, str]) -> str | None:
    """The name of an entry, or of what it was made of first: an operator written in Python may give
    what has no shape that is known, as a loss does."""
    waiting, seen = [entry], set[Entry]()
    while waiting:
        each = waiting.pop(0)
        if each in names:
            return names[each]
        if each not in seen:
            seen.add(each)
            waiting.extend(graph.nodes[each[0]].inputs)
    return None
