"""A Gluon model as plugins see it: `vizframe.network.Network` on MXNet.

    Block ─ trace ─► Graph ─ for inference ─► cut at the layers asked for ─ bind ─► Compiled
                                              the model's own parameter arrays ──┘

Binding shares the arrays of the model, so a graph that was compiled once computes with the current
weights at every step. The model itself is never called, so nothing in it changes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from vizframe.gluon.compat import mx
from vizframe.gluon.files import load_symbol
from vizframe.gluon.forward_passes import ForwardPasses
from vizframe.gluon.graph.differentiable import refuse_stopped
from vizframe.gluon.graph.folded import folded_shapes
from vizframe.gluon.graph.graph import Entry, Graph
from vizframe.gluon.graph.nonfinite import has_nonfinite, without_nonfinite
from vizframe.gluon.graph.output_axes import BatchAxis
from vizframe.gluon.graph.parameters import Parameters, to_numpy
from vizframe.gluon.graph.rectifiers import with_plain_relus
from vizframe.gluon.graph.relevance import relevance_graph
from vizframe.gluon.graph.scores import nearest_name
from vizframe.gluon.graph.shapes import Shape, entry_shapes
from vizframe.gluon.graph.trace import input_names, trace_block, trace_symbol
from vizframe.gluon.own_weights import OwnWeights
from vizframe.gluon.question.compiled import CompiledGraph
from vizframe.gluon.question.deconvnet import Deconvnet
from vizframe.gluon.question.excitation import GluonExcitation, output_gradient_of
from vizframe.gluon.question.plan import Plan
from vizframe.gluon.question.projections import projections
from vizframe.gluon.question.relevance import relevance_of
from vizframe.gluon.question.taps import tap_name
from vizframe.gluon.resumed import ResumedGraphs
from vizframe.gluon.structure import Structure
from vizframe.graph.host import ignore_float_warnings
from vizframe.graph.settings import Settings
from vizframe.graph.target import (
    check_objective,
    output_weights,
    read,
    refuse_flat,
    refuse_shape,
)
from vizframe.network import (
    Excitation,
    FloatArray,
    Gradient,
    LayerGradients,
    Network,
    Objective,
    Projections,
    ReluRule,
)
from vizframe.network.nonfinite import (
    FiniteExcitation,
    join_layer_gradients,
    needs_twin,
    with_twin,
)
from vizframe.network.relevance import RelevanceRules

_MOST_AT_ONCE = 64
"""Larger batches of receptive fields fall out of the processor's cache and gain nothing."""


class GluonNetwork(ForwardPasses, OwnWeights, ResumedGraphs):
    """See `vizframe.network.Network`, whose docstrings hold here, and `BoundGraphs` for how it is
    made."""

    _structure: Structure | None = None
    """Of a Block; a Symbol stays what it is."""

    @classmethod
    def of(cls, net: Any, input_shape: tuple[int, ...], **options: Any) -> GluonNetwork:
        """The view of a HybridBlock (hybridized or not) whose parameters have values.

        ``options`` are those of `Settings`.

        Raises:
            NetworkError: it cannot be traced, or not with such inputs.
        """
        settings = Settings(tuple(input_shape), **options)
        call = settings.complete_call(settings.call.names or input_names(net))
        trace = trace_block(net, call, len(settings.input_shape) + 1)
        parameters = Parameters.of_block(net, trace.graph.variables())
        made = cls(type(net).__name__, trace, parameters, settings)
        made._structure = Structure(net)
        return made

    def refuse_changed(self) -> None:
        if self._structure is not None:
            self._structure.refuse_changed()

    @classmethod
    def load(
        cls,
        symbol: str | Path,
        params: str | Path,
        input_shape: tuple[int, ...],
        *,
        context: Any = None,
        **options: Any,
    ) -> GluonNetwork:
        """The view of an exported model: ``-symbol.json`` and ``.params``.

        Raises:
            UsageError: a file is missing or not what it should be.
            NetworkError: the parameters do not fit the symbol.
        """
        exported, arrays, inputs = load_symbol(Path(symbol), Path(params), context or mx.cpu())
        settings = Settings(tuple(input_shape), **options)
        parameters = Parameters.of_arrays(arrays, context or mx.cpu())
        name = Path(symbol).name.removesuffix("-symbol.json").removesuffix(".json")
        return cls(name, trace_symbol(exported, inputs), parameters, settings)

    @property
    def input_shape(self) -> tuple[int, ...]:
        return self._settings.input_shape

    @property
    def score_layer(self) -> str:
        names = {entry: name for name, entry in self._entries.items()}
        return nearest_name(self._graph, self._scores, names) or self._layers[-1].name

    @property
    def class_names(self) -> tuple[str, ...] | None:
        return self._settings.class_names

    def gradient(
        self,
        images: FloatArray,
        objective: Objective,
        *,
        rule: ReluRule = "plain",
        at: str | None = None,
    ) -> Gradient:
        found = self._gradient(images, objective, rule, at)
        return with_twin(found, lambda: self._twin._gradient(images, objective, rule, at))

    def _gradient(
        self, images: FloatArray, objective: Objective, rule: ReluRule, at: str | None
    ) -> Gradient:
        batch = self._settings.check_images(images, self._name)
        layer = self.layer(objective.layer)
        check_objective(objective, layer, len(batch))
        compiled, wanted = self._differentiable_graph(layer.name, batch, rule, at)
        output = compiled.forward(training=True)[0]
        refuse_shape(layer.name, output.shape, len(batch))
        spread = output_weights(objective, output.shape)
        compiled.backward([mx.nd.array(spread, ctx=output.context)])
        values = read(objective, to_numpy(output))
        gradient = to_numpy(compiled.gradients[wanted])
        return Gradient(values, gradient if at is None else self._axes_of(at).from_kept(gradient))

    def gradients(
        self, images: FloatArray, objective: Objective, at: Sequence[str]
    ) -> LayerGradients:
        found = self._gradients(images, objective, at)
        if not needs_twin(found):
            return found
        return join_layer_gradients(found, self._twin._gradients(images, objective, at))

    def _gradients(
        self, images: FloatArray, objective: Objective, at: Sequence[str]
    ) -> LayerGradients:
        batch = self._settings.check_images(images, self._name)
        layer = self.layer(objective.layer)
        names = tuple(self.layer(name).name for name in at)
        check_objective(objective, layer, len(batch))
        compiled, kept = self._tapped_graph(layer.name, names, batch)
        self._fill(compiled, batch)
        output, *others = compiled.forward(training=True)
        refuse_shape(layer.name, output.shape, len(batch))
        compiled.backward(
            [mx.nd.array(output_weights(objective, output.shape), ctx=output.context)]
        )
        taps = {name: compiled.gradients[tap_name(place)] for place, name in enumerate(kept)}
        axes = {name: self._axes_of(name) for name in kept}
        return LayerGradients(
            read(objective, to_numpy(output)),
            to_numpy(compiled.gradients[self._input]),
            {n: axes[n].outside(to_numpy(each)) for n, each in zip(kept, others, strict=True)},
            {name: axes[name].from_kept(to_numpy(each)) for name, each in taps.items()},
        )

    def project_back(
        self, images: FloatArray, chosen: npt.NDArray[np.int64], objective: Objective
    ) -> Iterator[Projections] | None:
        batch = self._settings.check_images(images, self._name)
        layer = self.layer(objective.layer)
        check_objective(objective, layer, len(chosen))
        target = self._entry(layer.name)
        refuse_stopped(self._graph, self._data, target, layer.name)
        graph, arrays = (
            with_plain_relus(self._graph.with_heads([target])),
            self._parameters.arrays(),
        )
        shapes = self._shapes(batch.shape[1:], graph)
        way = Deconvnet(graph, self._data, shapes, arrays, self._parameters.context)
        moved = any(each.batch != BatchAxis() for each in self._axes.values())
        if moved or self._count > 1 or not way.is_known:
            return None

        def forward(part: FloatArray, wanted: tuple[Entry, ...]) -> dict[Entry, FloatArray]:
            heads = graph.with_heads(wanted)
            compiled = self._bind(("deconvnet", wanted), heads, part.shape)
            self._fill(compiled, part)
            found = compiled.forward(training=True)
            return {entry: to_numpy(each) for entry, each in zip(wanted, found, strict=True)}

        return projections(way, batch, chosen, objective, forward, self._settings.memory)

    def relevance(
        self, images: FloatArray, objective: Objective, rules: RelevanceRules
    ) -> Gradient:
        """See `vizframe.network.relevance.RelevanceNetwork`."""
        found = self._relevance(images, objective, rules)
        return with_twin(found, lambda: self._twin._relevance(images, objective, rules))

    def _relevance(
        self, images: FloatArray, objective: Objective, rules: RelevanceRules
    ) -> Gradient:
        batch = self._settings.check_images(images, self._name)
        layer = self.layer(objective.layer)
        check_objective(objective, layer, len(batch))
        target = self._entry(layer.name)
        refuse_stopped(self._graph, self._data, target, layer.name)
        ruled = relevance_graph(self._graph, self._data, target, rules)

        def bind(
            part: str, graph: Graph, own: Mapping[str, Shape], wanted: Sequence[str]
        ) -> CompiledGraph:
            key = ("relevance", part, layer.name, rules)
            compiled = self._bind(key, graph, batch.shape, wanted=wanted, own=own)
            self._fill(compiled, batch)
            return compiled

        return relevance_of(ruled, batch, self._input, objective, rules, bind)

    @contextmanager
    def excitation(
        self,
        objective: Objective,
        *,
        size: tuple[int, int] | None = None,
        rule: ReluRule = "plain",
        exact_field: bool = True,
    ) -> Iterator[Excitation]:
        layer = self.layer(objective.layer)
        refuse_flat(self._name, self.input_shape)
        refuse_stopped(self._graph, self._data, self._entry(layer.name), layer.name)
        centred = isinstance(objective.place, str) and objective.place == "centre"
        chosen_plan = self._plan(layer, self._sized(size), rule, exact_field and centred)
        arrays = self._parameters.arrays()
        found: Excitation = self._excitation(chosen_plan, objective, rule)
        if has_nonfinite({n: arrays[n] for n in chosen_plan.parameters() if n in arrays}):
            found = FiniteExcitation(found, self._twin._excitation(chosen_plan, objective, rule))
        with ignore_float_warnings():
            yield found

    def _excitation(
        self, chosen_plan: Plan, objective: Objective, rule: ReluRule
    ) -> GluonExcitation:
        layer, arrays = self.layer(objective.layer), self._parameters.arrays()
        folded = self._folded.now(chosen_plan.folds, arrays)
        arrays, count = {**arrays, **folded}, len(objective.units)
        batch = (count, self.input_shape[0], *chosen_plan.size)
        key = ("excitation", layer.name, rule, chosen_plan.key)
        own = chosen_plan.own_shapes(arrays, count)
        compiled = self._bind(
            key, chosen_plan.graph, batch, wanted=(self._input,), own=own, folded=folded
        )
        self._fill_others(compiled, count)
        head = output_gradient_of(compiled, chosen_plan, rule, arrays, layer, count)
        excitation = GluonExcitation(compiled, self._input, chosen_plan, head, layer)
        excitation.ask(replace(objective, layer=layer.name))
        return excitation

    @cached_property
    def _twin(self) -> GluonNetwork:
        """This network with its non-finite units switched off: see `vizframe.network.nonfinite`."""
        finite = without_nonfinite(self._parameters)
        return GluonNetwork(self._name, self._trace, finite, self._settings)

    def batch_size(
        self, layer: str, *, size: tuple[int, int] | None = None, exact_field: bool = True
    ) -> int:
        found = self.layer(layer)
        graph, shape = self._graph.with_heads([self._entry(found.name)]), self._sized(size)
        folded: dict[str, Shape] = {}
        if len(shape) == 3:
            cut = self._plan(found, shape, "plain", exact_field)
            graph, shape = cut.graph, (shape[0], *cut.size)
            folded = folded_shapes(cut.folds, self._parameters.arrays())
        inputs = {self._input: (self._count, *shape), **self._other_shapes(self._count)}
        made = entry_shapes(graph, self._parameters.arrays(), {**inputs, **folded})
        numbers = sum(
            int(np.prod(each)) for (i, _), each in made.items() if not graph.nodes[i].is_variable
        )
        each_takes = 8 * (numbers + int(np.prod(inputs[self._input])))  # values and gradients
        return max(1, min(_MOST_AT_ONCE, self._settings.memory // each_takes))

    def randomized(self, seed: int) -> AbstractContextManager[Network]:
        return self._randomize(seed)

    @contextmanager
    def _randomize(self, seed: int) -> Iterator[Network]:
        shuffled = self._parameters.shuffle(seed)
        yield GluonNetwork(self._name, self._trace, shuffled, self._settings)

    @property
    def fixed_size(self) -> int | None:
        """How many images it takes at once, where it takes no other number."""
        return None if self._count == 1 else self._count

    @contextmanager
    def randomized_from(self, layer: str, seed: int) -> Iterator[Network]:
        """See `vizframe.network.cascade.CascadeNetwork`."""
        names = [each.name for each in self._layers]
        behind = names[names.index(self.layer(layer).name) :]
        chosen = {own.full for name in behind for own in self._own[name].values()}
        shuffled = self._parameters.shuffle(seed, chosen)
        yield GluonNetwork(self._name, self._trace, shuffled, self._settings)
