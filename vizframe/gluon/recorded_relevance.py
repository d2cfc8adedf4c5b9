"""Relevance in a net without a graph: in the graph of what it did with these very images.

The rules are put into that as into any other: see `vizframe.gluon.graph.relevance`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from vizframe.errors import NetworkError
from vizframe.gluon.block_layers import Output
from vizframe.gluon.compat import mx
from vizframe.gluon.graph.differentiable import refuse_stopped
from vizframe.gluon.graph.graph import Graph
from vizframe.gluon.graph.parameters import Parameters, to_numpy
from vizframe.gluon.graph.relevance import relevance_graph
from vizframe.gluon.graph.shapes import Shape
from vizframe.gluon.lending import Lender
from vizframe.gluon.question.compiled import CompiledGraph, compile_graph
from vizframe.gluon.question.relevance import relevance_of
from vizframe.gluon.recorded import recorded_graph, variable_name, watch_reads
from vizframe.graph.target import check_objective
from vizframe.network import FloatArray, Gradient, Objective
from vizframe.network.layer import Layer
from vizframe.network.nonfinite import with_twin
from vizframe.network.relevance import RelevanceRules


class RecordedRelevance(ABC):
    """What a network without a graph says of relevance."""

    _parameters: Parameters
    _lender: Lender

    @property
    @abstractmethod
    def _twin(self) -> RecordedRelevance: ...

    @abstractmethod
    def layer(self, name: str) -> Layer: ...

    @abstractmethod
    def canonical(self, layer: str, outputs: Mapping[str, Output]) -> Any: ...

    @abstractmethod
    def _on_device(self, images: FloatArray) -> Any: ...

    @abstractmethod
    def _record_layer(
        self, images: Any, inner: str | None, last: str | None = None
    ) -> dict[str, Output]: ...

    def relevance(
        self, images: FloatArray, objective: Objective, rules: RelevanceRules
    ) -> Gradient:
        """See `vizframe.network.relevance.RelevanceNetwork`."""
        found = self._relevance(images, objective, rules)
        return with_twin(found, lambda: self._twin._relevance(images, objective, rules))

    def _relevance(
        self, images: FloatArray, objective: Objective, rules: RelevanceRules
    ) -> Gradient:
        layer = self.layer(objective.layer)
        given = self._on_device(images)
        check_objective(objective, layer, len(images))
        with watch_reads() as reads:
            outputs = self._record_layer(given, None, layer.name)
            with mx.autograd.record(train_mode=False):
                output = self.canonical(layer.name, outputs)
        own = self._lender.lent.values()  # of which a net may read other shapes alone
        read = [given, *own, *reads.values()]
        return recorded_relevance(output, given, to_numpy(given), objective, rules, read)


def recorded_relevance(
    output: Any,
    source: Any,
    images: FloatArray,
    objective: Objective,
    rules: RelevanceRules,
    read: Iterable[Any],
) -> Gradient:
    """The objective's values, and the relevance of every pixel.

    Args:
        output: of the objective's layer, (image, unit, …), recorded.
        source: the array of the images that it came from.
        read: the arrays that operators read meanwhile.

    Raises:
        NetworkError: the layer does not depend on the images, or what led to it was not recorded.
    """
    data = variable_name(source)
    graph, arrays = recorded_graph(output, read)
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
