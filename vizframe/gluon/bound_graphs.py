"""The graphs of a Gluon model, cut for what is asked, bound to its own parameters, and kept.

What is compiled for one question is kept for the next of its kind: see `GraphCache`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np

from vizframe.errors import NetworkError, UnknownName
from vizframe.gluon.graph.canonical import axes_of_outputs, in_order
from vizframe.gluon.graph.differentiable import nodes_with_gradient, refuse_stopped
from vizframe.gluon.graph.folded import FoldedArrays
from vizframe.gluon.graph.graph import Entry, Graph
from vizframe.gluon.graph.inference import for_inference
from vizframe.gluon.graph.layers import layers_of
from vizframe.gluon.graph.output_axes import OutputAxes
from vizframe.gluon.graph.parameters import Arrays, Parameters
from vizframe.gluon.graph.rectifiers import apply_rule
from vizframe.gluon.graph.scores import answering_output, score_entry
from vizframe.gluon.graph.shapes import Shape, entry_shapes
from vizframe.gluon.graph.trace import Trace
from vizframe.gluon.question.compiled import CompiledGraph, GraphCache, compile_graph
from vizframe.gluon.question.plan import Plan, plan
from vizframe.gluon.question.taps import add_taps, shared_zeros, tap_name
from vizframe.graph.settings import Settings
from vizframe.network import FloatArray, ReluRule
from vizframe.network.layer import Layer


class BoundGraphs(ABC):
    """What every question needs: shapes, cut and compiled graphs, their inputs filled."""

    def __init__(self, name: str, trace: Trace, parameters: Parameters, settings: Settings) -> None:
        """
        Args:
            name: what the model is called.
            trace: what it computes.
            parameters: its arrays, which graphs share.
            settings: how it is looked at.

        Raises:
            NetworkError: it cannot be asked with inputs of the settings' shape.
        """
        self._name = name
        self._trace = trace
        self._parameters = parameters
        self._settings = settings
        call = trace.call or settings.complete_call(trace.inputs)
        self._input = call.input
        self._others = {
            name: each
            for name, each in call.others.items()
            if name in trace.inputs and isinstance(each.value, np.ndarray)
        }
        graph = trace.graph.map_nodes(for_inference)
        self._graph = graph.with_heads([*graph.heads, *trace.folded])
        self._data = graph.variable(self._input)
        self._kept = GraphCache(settings.memory // 4)
        self._folded = FoldedArrays()
        self._plans: dict[tuple[str, Shape, ReluRule, bool], Plan] = {}
        self._shapes_of: dict[tuple[object, ...], dict[Entry, Shape]] = {}
        self._count, shapes = self._least(call.size)
        two = self._shapes_of_two()
        self._axes = axes_of_outputs(graph, self._data, shapes, two)
        self._graph, self._moved = in_order(graph, self._axes, trace.names)
        self._layers, self._entries, self._own = layers_of(
            trace, graph, shapes, self._data, self._axes
        )
        self._by_name = {layer.name: layer for layer in self._layers}
        output = settings.output
        self._scores = (
            score_entry(graph, answering_output(graph, self._data, output, shapes, two))
            if isinstance(output, int)
            else self._entries[self.layer(output).name]
        )

    @property
    def name(self) -> str:
        return self._name

    @property
    def trace(self) -> Trace:
        """What the model computes, as it was traced."""
        return self._trace

    @property
    def parameters(self) -> Parameters:
        """The model's own arrays."""
        return self._parameters

    @property
    def layers(self) -> tuple[Layer, ...]:
        return self._layers

    def layer(self, name: str) -> Layer:
        if name in self._by_name:
            return self._by_name[name]
        if name in self._trace.aliases:
            entry = self._trace.aliases[name]
            return next(self._by_name[n] for n, e in self._entries.items() if e == entry)
        raise UnknownName("layer", name, self._by_name)

    @abstractmethod
    def activations(self, images: FloatArray, layers: Sequence[str]) -> dict[str, FloatArray]:
        """See `vizframe.network.Network`."""

    def _least(self, seen: int | None) -> tuple[int, dict[Entry, Shape]]:
        """The least number of images that it takes, one or as many as it was seen with, and the
        shapes of all outputs for so many."""
        self._count = 1
        try:
            return 1, self._shapes(self._settings.input_shape)
        except NetworkError:
            if seen in (None, 1):
                raise
        self._count = seen
        return seen, self._shapes(self._settings.input_shape)

    def _entry(self, name: str) -> Entry:
        """Where the layer's output is found, its images along the first axis."""
        entry = self._entries[self.layer(name).name]
        return self._moved.get(entry, entry)

    def _axes_of(self, name: str) -> OutputAxes:
        return self._axes[self._entries[self.layer(name).name]]

    def _sized(self, size: tuple[int, int] | None) -> Shape:
        shape = self._settings.input_shape
        return shape if size is None else (shape[0], *size)

    def _plan(self, layer: Layer, shape: Shape, rule: ReluRule, exact_field: bool) -> Plan:
        """How a question about the layer is computed, from images of this shape; found once."""
        key = layer.name, shape, rule, exact_field
        if key not in self._plans:
            self._plans[key] = self._new_plan(*key)
        return self._plans[key]

    def _new_plan(self, layer: str, shape: Shape, rule: ReluRule, exact_field: bool) -> Plan:
        entry = self._entry(layer)
        graph = self._graph.with_heads([entry])
        return plan(
            apply_rule(graph, rule),
            self._data,
            entry,
            self._shapes(shape, graph),
            exact_field=exact_field,
        )

    def _shapes(self, shape: Shape, graph: Graph | None = None) -> dict[Entry, Shape]:
        """The shapes of all that the graph's heads need (by default: the network's), for an input
        of this shape."""
        asked = graph or self._graph
        key = (shape, asked.heads)
        if key not in self._shapes_of:
            inputs = {self._input: (self._count, *shape), **self._other_shapes(self._count)}
            self._shapes_of[key] = entry_shapes(asked, self._parameters.arrays(), inputs)
        return self._shapes_of[key]

    def _shapes_of_two(self) -> dict[Entry, Shape] | None:
        """The shapes of all outputs for two images; None for a network that takes no other number
        of images than it was seen with."""
        if self._count > 1:
            return None
        inputs = {self._input: (2, *self._settings.input_shape), **self._other_shapes(2)}
        try:
            return entry_shapes(self._graph, self._parameters.arrays(), inputs)
        except NetworkError:
            return None

    def _other_shapes(self, count: int) -> dict[str, Shape]:
        return {name: each.shape(count) for name, each in self._others.items()}

    def _compiled(self, key: tuple[object, ...], graph: Graph, batch: FloatArray) -> CompiledGraph:
        return self._bind(key, graph, batch.shape)

    def _bind(
        self,
        key: tuple[object, ...],
        graph: Graph,
        shape: Shape,
        *,
        wanted: Sequence[str] = (),
        own: Mapping[str, Shape] = MappingProxyType({}),
        folded: Arrays = MappingProxyType({}),
    ) -> CompiledGraph:
        """The graph compiled for a batch of this shape, with ``own`` inputs and ``folded``
        parameters besides, and gradients of the inputs ``wanted``."""
        arrays = {**self._parameters.arrays(), **folded}
        inputs = {self._input: shape, **self._other_shapes(shape[0]), **own}

        def make() -> CompiledGraph:
            return compile_graph(graph, arrays, inputs, wanted, self._parameters.context)

        return self._kept.get((*key, shape), arrays, make)

    def _differentiable_graph(
        self, layer: str, batch: FloatArray, rule: ReluRule, at: str | None
    ) -> tuple[CompiledGraph, str]:
        """The graph of the layer, filled with the batch, and the input it is differentiated by."""
        target = self._entry(layer)
        graph = self._graph.with_heads([target])
        if at is None:
            refuse_stopped(graph, self._data, target, layer)
            ruled = apply_rule(graph, rule)
            key = ("gradient", layer, rule)
            compiled = self._bind(key, ruled, batch.shape, wanted=(self._input,))
            self._fill(compiled, batch)
            return compiled, self._input
        inner, source = "vizframe_at", self._entries[self.layer(at).name]
        given = self._axes_of(at).kept(self.activations(batch, [at])[at])
        if source[0] not in graph.below(graph.heads) or source in graph.heads:
            raise NetworkError(
                f"layer {layer!r} does not depend on layer {at!r}; name one that comes before it"
            )
        refuse_stopped(graph, source[0], target, layer)
        fed = apply_rule(graph.feed(source, inner), rule)
        inputs = {inner: given.shape, self._input: batch.shape, **self._other_shapes(len(batch))}
        arrays = self._parameters.arrays()

        def make() -> CompiledGraph:
            return compile_graph(fed, arrays, inputs, (inner,), self._parameters.context)

        compiled = self._kept.get(("gradient", layer, rule, at, batch.shape), arrays, make)
        compiled.inputs[inner][:] = given
        self._fill(compiled, batch)
        return compiled, inner

    def _tapped_graph(
        self, layer: str, names: Sequence[str], batch: FloatArray
    ) -> tuple[CompiledGraph, list[str]]:
        """The graph of the layer with a tap behind those of the named ones that it depends on."""
        target = self._entry(layer)
        graph = self._graph.with_heads([target])
        refuse_stopped(graph, self._data, target, layer)
        reached = nodes_with_gradient(graph, target)
        own = {target, self._entries[layer]}
        entries = {name: self._entries[name] for name in names}
        kept = [name for name, each in entries.items() if each[0] in reached and each not in own]
        arrays = self._parameters.arrays()

        def make() -> CompiledGraph:
            places = [entries[name] for name in kept]
            inputs = {self._input: batch.shape, **self._other_shapes(len(batch))}
            shapes = entry_shapes(graph, arrays, inputs)
            taps = {tap_name(place): shapes[entry] for place, entry in enumerate(places)}
            context = self._parameters.context
            wanted = (self._input, *taps)
            shown = [self._entry(name) for name in kept]
            added = add_taps(graph, target, places, shown)
            return compile_graph(
                added, arrays, {**inputs, **taps}, wanted, context, shared_zeros(taps, context)
            )

        key = ("gradients", layer, tuple(kept), batch.shape)
        return self._kept.get(key, arrays, make), kept

    def _fill(self, compiled: CompiledGraph, batch: FloatArray) -> None:
        if self._input in compiled.inputs:
            compiled.inputs[self._input][:] = batch
        self._fill_others(compiled, len(batch))

    def _fill_others(self, compiled: CompiledGraph, count: int) -> None:
        for name, each in self._others.items():
            if name in compiled.inputs:
                compiled.inputs[name][:] = each.repeated(count)
