"""A module of PyTorch as plugins see it: `vizframe.network.Network` on a tape.

    module ─ shadow ─ trace ─► Tape ─► Program of what is asked for ─ the current parameters ─► play

The module itself is never called, so nothing in it changes.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from typing import Any

import torch

from vizframe.errors import NetworkError, UnknownName
from vizframe.graph.host import ignore_float_warnings
from vizframe.graph.target import (
    check_objective,
    output_weights,
    read,
    refuse_flat,
    refuse_shape,
    refuse_units,
)
from vizframe.network import (
    Excitation,
    FloatArray,
    Gradient,
    LayerGradients,
    Network,
    Objective,
    ReluRule,
)
from vizframe.network.layer import Layer
from vizframe.network.nonfinite import (
    FiniteExcitation,
    join_gradients,
    join_layer_gradients,
    needs_twin,
)
from vizframe.network.parameter import ParameterView
from vizframe.torch.aside import aside
from vizframe.torch.excitation import TorchExcitation, gradients_of
from vizframe.torch.forward_passes import ForwardPasses
from vizframe.torch.head import KernelHead, MapHead
from vizframe.torch.memory import most_at_once
from vizframe.torch.model import Model
from vizframe.torch.node import Tape
from vizframe.torch.nonfinite import has_nonfinite, switch_off_tensors
from vizframe.torch.parameters import (
    read_gradients,
    read_weights,
    shuffle_tensors,
    to_numpy,
    view_parameter,
)
from vizframe.torch.relevance_tapes import RelevanceTapes
from vizframe.torch.replay import needed_nodes
from vizframe.torch.resumed import ResumedTapes
from vizframe.torch.scores import score_node, unrelated_error


class TorchNetwork(ForwardPasses, ResumedTapes, RelevanceTapes):
    """See `vizframe.network.Network`, whose docstrings hold here, and `PlayedTapes` for how it is
    made."""

    @property
    def model(self) -> Model:
        """The module that is asked."""
        return self._model

    @property
    def tape(self) -> Tape:
        """What the module does with images of the network's own size."""
        return self._main.tape

    def refuse_changed(self) -> None:
        self._model.refuse_changed()

    @property
    def name(self) -> str:
        return self._model.name

    @property
    def layers(self) -> tuple[Layer, ...]:
        return self._main.layers

    @property
    def input_shape(self) -> tuple[int, ...]:
        return self._settings.input_shape

    @property
    def score_layer(self) -> str:
        output = self._settings.output
        if isinstance(output, str):
            return self.layer(output).name
        main = self._main
        index = score_node(main.tape)
        names = {node: name for name, node in main.nodes.items()}
        while index not in names:
            sources = [each for each in main.tape.nodes[index].inputs if each in main.maps]
            if not sources:
                return self.layers[-1].name
            index = sources[0]
        return names[index]

    @property
    def class_names(self) -> tuple[str, ...] | None:
        return self._settings.class_names

    def layer(self, name: str) -> Layer:
        known = self._by_name.get(self._main.aliases.get(name, name))
        if known is None:
            raise UnknownName("layer", name, self._by_name)
        return known

    def scores(self, images: FloatArray) -> FloatArray:
        name = self.score_layer
        return self.activations(images, [name])[name]

    def gradient(
        self,
        images: FloatArray,
        objective: Objective,
        *,
        rule: ReluRule = "plain",
        at: str | None = None,
    ) -> Gradient:
        found = self._gradient(images, objective, rule, at)
        if not (needs_twin(found) and has_nonfinite(self._model, self._model.shadow.leaves)):
            return found
        return join_gradients(found, self._twin()._gradient(images, objective, rule, at))

    def _gradient(
        self, images: FloatArray, objective: Objective, rule: ReluRule, at: str | None
    ) -> Gradient:
        inner = [] if at is None else [self.layer(at).name]
        values, found = self._differentiate(images, objective, rule, inner, of_images=at is None)
        if at is not None and inner[0] not in found:
            raise unrelated_error(self.layer(objective.layer).name, inner[0])
        return Gradient(values, found["" if at is None else inner[0]][0])

    def gradients(
        self, images: FloatArray, objective: Objective, at: Sequence[str]
    ) -> LayerGradients:
        found = self._gradients(images, objective, at)
        if not (needs_twin(found) and has_nonfinite(self._model, self._model.shadow.leaves)):
            return found
        return join_layer_gradients(found, self._twin()._gradients(images, objective, at))

    def _gradients(
        self, images: FloatArray, objective: Objective, at: Sequence[str]
    ) -> LayerGradients:
        inner = list(dict.fromkeys(self.layer(name).name for name in at))
        values, found = self._differentiate(images, objective, "plain", inner, of_images=True)
        names = {name: self.layer(name).name for name in at}
        kept = {name: found[own] for name, own in names.items() if own in found}
        return LayerGradients(
            values,
            found[""][0],
            {name: each[1] for name, each in kept.items()},
            {name: each[0] for name, each in kept.items()},
        )

    @contextmanager
    def excitation(
        self,
        objective: Objective,
        *,
        size: tuple[int, int] | None = None,
        rule: ReluRule = "plain",
        exact_field: bool = True,
    ) -> Iterator[Excitation]:
        real, needs_finite = self._excitation(objective, size, rule, exact_field)
        found: Excitation = real
        if needs_finite:
            twin, _ = self._twin()._excitation(objective, size, rule, exact_field)
            found = FiniteExcitation(real, twin)
        with ignore_float_warnings():
            yield found

    def _excitation(
        self, objective: Objective, size: tuple[int, int] | None, rule: ReluRule, exact_field: bool
    ) -> tuple[TorchExcitation, bool]:
        """The compiled question, and whether a tensor that it needs holds NaN or infinities."""
        layer = self.layer(objective.layer)
        self._model.refuse_changed()
        refuse_flat(self.name, self.input_shape)
        refuse_units(layer, objective.units)
        centred = isinstance(objective.place, str) and objective.place == "centre"
        traced = self._tape(self._sized(size))
        node = self._node(traced, layer.name)
        chosen = self._plan(traced, layer.name, exact_field and centred)
        count = len(objective.units)
        played = self._program(traced, chosen.wanted, rule, chosen)
        needs_finite = has_nonfinite(self._model, played.leaves.values())
        with aside(self._model.device):
            fixed = self._fixed(traced, played, count)
        if chosen.kernel is not None:
            head: Any = KernelHead(chosen.kernel, rule, fixed)
        else:
            shape = (count, *traced.shape(layer.name))
            refuse_shape(layer.name, shape, count)
            cropped = chosen.part is not None
            shown = self._units_first(traced, layer.name)
            head = MapHead(node, shown, shape, cropped, self._model.device)
        shape = (count, self.input_shape[0], *chosen.size)
        excitation = TorchExcitation(
            self._model, traced.tape.data, played, fixed, head, layer, shape, chosen.exact_field
        )
        excitation.ask(replace(objective, layer=layer.name))
        return excitation, needs_finite

    def _twin(self) -> TorchNetwork:
        """This network with its non-finite units switched off: see `vizframe.network.nonfinite`."""
        model = Model.of(self._model.module, self._model.call, switch_off_tensors(self._model))
        model.integers = self._model.integers
        return self._of_model(model)

    def batch_size(
        self, layer: str, *, size: tuple[int, int] | None = None, exact_field: bool = True
    ) -> int:
        name = self.layer(layer).name
        traced = self._tape(self._sized(size))
        chosen = self._plan(traced, name, exact_field)
        computed = needed_nodes(traced.tape, chosen.wanted) & set(traced.maps)
        each_takes = 8 * chosen.numbers(traced.tape, sorted(computed))  # values and gradients
        room = self._settings.memory // max(1, each_takes)
        return max(1, min(most_at_once(self._model.device), room))

    def weights(self, layer: str) -> dict[str, FloatArray]:
        name = self.layer(layer).name
        self._model.refuse_changed()
        main = self._main
        return read_weights(self._model, main.tape, main.nodes[name], main.own[name])

    def own_names(self, layer: str) -> dict[str, str]:
        """See `vizframe.network.masked.NamesParameters`."""
        own = self._main.own[self.layer(layer).name]
        leaves = {short: self._main.tape.nodes[each].leaf for short, each in own.items()}
        return {short: leaf for short, leaf in leaves.items() if leaf is not None}

    def weight_gradients(self, layer: str) -> dict[str, FloatArray]:
        name = self.layer(layer).name
        main = self._main
        return read_gradients(self._model, main.tape, main.nodes[name], main.own[name])

    def parameter_views(self) -> list[ParameterView]:
        """See `vizframe.network.parameter`."""
        main, model = self._main, self._model
        views = []
        others = [name for name in model.shadow.leaves if model.is_trained(name)]
        for layer in main.own:
            node = main.tape.nodes[main.nodes[layer]]
            for short, leaf in self.own_names(layer).items():
                views.append(view_parameter(model, leaf, f"{layer}.{short}", layer, node))
                others = [each for each in others if each != leaf]
        return [*views, *(view_parameter(model, each, each) for each in others)]

    def randomized(self, seed: int) -> AbstractContextManager[Network]:
        return self._randomize(seed)

    def randomized_from(self, layer: str, seed: int) -> AbstractContextManager[Network]:
        """See `vizframe.network.cascade.CascadeNetwork`."""
        tape, first = self._main.tape, self._main.nodes[self.layer(layer).name]
        before = [n for n in self._main.maps if n < first]
        kept = {tape.nodes[n].leaf for n in needed_nodes(tape, before)}
        return self._randomize(seed, {name for name in kept if name is not None})

    @contextmanager
    def _randomize(self, seed: int, kept: Container[str] = ()) -> Iterator[Network]:
        """The network with its tensors shuffled, but for those kept."""
        shuffled = shuffle_tensors(self._model, seed, kept)
        model = Model.of(self._model.module, self._model.call, shuffled)
        model.integers = self._model.integers
        yield self._of_model(model)

    def _of_model(self, model: Model) -> TorchNetwork:
        return TorchNetwork(model, self._settings, self._main.tape)

    def _differentiate(
        self,
        images: FloatArray,
        objective: Objective,
        rule: ReluRule,
        inner: Sequence[str],
        *,
        of_images: bool,
    ) -> tuple[FloatArray, dict[str, tuple[FloatArray, FloatArray]]]:
        """The objective's values, and by layer ("" for the images) gradient and output. Layers
        that it does not depend on, and its own, are left out."""
        batch = self._settings.check_images(images, self.name)
        layer = self.layer(objective.layer)
        check_objective(objective, layer, len(batch))
        traced = self._tape(batch.shape[1:])
        target = self._node(traced, layer.name, batch)
        before = needed_nodes(traced.tape, [target]) - {target}
        nodes = {n: e for n in inner if (e := self._node(traced, n, batch)) in before}
        if not of_images and not nodes:
            raise unrelated_error(layer.name, inner[0])
        played = self._program(traced, [target, *nodes.values()], rule)
        with aside(self._model.device, gradients=True), ignore_float_warnings():
            given = self._model.images(batch)
            if of_images and not self._model.integers:
                given.requires_grad_()
            values = self._play(played, batch, given, tracked=set(nodes.values()))
            output = self._units_first(traced, layer.name)(values[target])
            refuse_shape(layer.name, output.shape, len(batch))
            spread = output_weights(objective, output.shape)
            sources = {
                **({"": given} if of_images else {}),
                **{n: values[e] for n, e in nodes.items()},
            }
            gradients = self._backward(output, sources, spread, layer.name)
            responses = read(replace(objective, layer=layer.name), to_numpy(output))
            return responses, {
                name: (
                    to_numpy(traced.show(name, each) if name else each),
                    to_numpy(traced.show(name, sources[name]) if name else sources[name]),
                )
                for name, each in gradients.items()
            }

    def _backward(
        self, output: Any, sources: dict[str, Any], spread: FloatArray, layer: str
    ) -> dict[str, Any]:
        if "" in sources and not sources[""].requires_grad:
            raise NetworkError(
                f"the network {self.name!r} takes token ids; gradients can be asked at a "
                "layer, not at its input"
            )
        start = torch.from_numpy(spread).to(output.device, output.dtype)
        if not output.requires_grad:
            raise NetworkError(
                f"layer {layer!r} passes no gradients to the input; it can be one that does"
            )
        found = gradients_of((output * start).sum(), list(sources.values()))
        pairs = zip(sources.items(), found, strict=True)
        zeros = {n: torch.zeros_like(s) if g is None and not n else g for (n, s), g in pairs}
        return {name: each for name, each in zeros.items() if each is not None}
