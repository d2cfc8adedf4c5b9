"""Relevance in a net without a graph: in the graph of what it did with these very images.

The rules are put into that as into any other: see `vizframe.gluon.graph.relevance`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from vizframe.errors import NetworkError
from vizframe.gluon.graph.differentiable import refuse_stopped
from vizframe.gluon.graph.graph import Graph
from vizframe.gluon.graph.relevance import relevance_graph
from vizframe.gluon.graph.shapes import Shape
from vizframe.gluon.question.compiled import CompiledGraph, compile_graph
from vizframe.gluon.question.relevance import relevance_of
from vizframe.gluon.recorded import Reads, recorded_graph, variable_name
from vizframe.network import FloatArray, Gradient, Objective
from vizframe.network.relevance import RelevanceRules


def recorded_relevance(
    output: Any,
    source: Any,
    images: FloatArray,
    objective: Objective,
    rules: RelevanceRules,
    reads: Reads,
) -> Gradient:
    """The objective's values, and the relevance of every pixel.

    Args:
        output: of the objective's layer, (image, unit, …), recorded.
        source: the array of the images that it came from.
        reads: the arrays that operators read meanwhile.

    Raises:
        NetworkError: the layer does not depend on the images, or what led to it was not recorded.
    """
    data = variable_name(source)
    graph, arrays = recorded_graph(output, [source, *reads.values()])
    if data is None or data not in graph.variables():
        raise NetworkError(
            f"layer {objective.layer!r} does not depend on the images; "
            "it can be asked for its activations alone"
        )
    target, place = graph.heads[0], graph.variable(data)
    refuse_stopped(graph, place, target, objective.layer)
    ruled = relevance_graph(graph, place, target, rules)

    def bind(  # nothing is kept: the next batch has another graph
        part: str, graph: Graph, own: Mapping[str, Shape], wanted: Sequence[str]
    ) -> CompiledGraph:
        shapes = {data: images.shape, **own}
        compiled = compile_graph(graph, arrays, shapes, wanted, source.context)
        compiled.refresh(arrays)
        if data in compiled.inputs:
            compiled.inputs[data][:] = images
        return compiled

    return relevance_of(ruled, images, data, objective, rules, bind)
