"""A Block that has no graph, as plugins see it: `vizframe.network.Network` by hooks.

Each question runs the Block itself, in predict mode, on the device, with hooks on every child. So
layers are blocks, and what needs a graph to be rewritten is refused with a sentence: other ReLU
rules. Units are asked on the whole image, all of the net is computed, and where the Block would
draw random numbers itself, it gets their mean.

In predict mode MXNet 1.9.1 on oneDNN does not record where a maximum was, and passes gradients back
to arbitrary places. So pooling blocks, which act alike in both modes, run in training mode; a net
that calls the operator without a block has no gradient here.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np

from vizframe.errors import NetworkError, UnknownName
from vizframe.gluon.arrays.layout import restore_layout
from vizframe.gluon.block_layers import Output, fold_outputs, layers_of_outputs, leaves
from vizframe.gluon.block_weights import BlockWeights
from vizframe.gluon.call import argument
from vizframe.gluon.compat import mx
from vizframe.gluon.draws import no_draws
from vizframe.gluon.graph.hooks import hook_blocks
from vizframe.gluon.graph.nonfinite import has_nonfinite, without_nonfinite
from vizframe.gluon.graph.parameters import Parameters, to_numpy
from vizframe.gluon.graph.trace import input_names
from vizframe.gluon.history import (
    history_of,
    maxima_without_block,
    outputs_per_image,
    score_layer,
)
from vizframe.gluon.imperative_excitation import (
    ImperativeExcitation,
    Unreachable,
    gradient_of,
)
from vizframe.gluon.lending import Lender
from vizframe.gluon.output_hooks import Enough, OutputHooks
from vizframe.gluon.reason import reason
from vizframe.gluon.recorded_relevance import RecordedRelevance
from vizframe.gluon.semantics import from_net_array, is_numpy, numpy_interface, to_net_array
from vizframe.gluon.structure import Structure
from vizframe.graph.host import ignore_float_warnings
from vizframe.graph.passes import Joined, parts_in_room
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
    ReluRule,
)
from vizframe.network.call import arguments_of
from vizframe.network.layer import Layer
from vizframe.network.nonfinite import FiniteExcitation, with_twin


class ImperativeNetwork(BlockWeights, RecordedRelevance):
    """See `vizframe.network.Network`, whose docstrings hold here.

    Args:
        why: a sentence about why it has no graph.
    """

    def __init__(self, net: Any, parameters: Parameters, settings: Settings, why: str) -> None:
        self._net = net
        self._parameters = parameters
        self._lender = Lender(net, parameters)
        self._structure = Structure(net)
        self._settings = settings
        self._why = why
        self._numpy = is_numpy(net)
        self._call = settings.complete_call(settings.call.names or input_names(net))
        self._returned: list[Any] = []
        self._count = self._least()
        sample = self._empty(self._count)
        given = to_net_array(self._numpy, sample)
        outputs = self._call_net(given)
        shapes = [tuple(each.shape) for each in self._returned]
        two = self._outputs_of_two()
        self._takes_any = two is not None
        self._layers, self._axes = layers_of_outputs(outputs, two, given)
        per_image = outputs_per_image(shapes, self._returned if two else None)
        self._by_name = {layer.name: layer for layer in self._layers}
        self._blocks = {name: output.block for name, output in outputs.items()}
        recorded = self._record_layer(sample, None)
        self._lost_maxima = maxima_without_block(recorded)
        self._scores = self._score_name(recorded, per_image)

    def refuse_changed(self) -> None:
        self._structure.refuse_changed()

    @property
    def fixed_size(self) -> int | None:
        """How many images it takes at once, where it takes no other number."""
        return None if self._takes_any else self._count

    @property
    def name(self) -> str:
        return type(self._net).__name__

    @property
    def layers(self) -> tuple[Layer, ...]:
        return self._layers

    @property
    def input_shape(self) -> tuple[int, ...]:
        return self._settings.input_shape

    @property
    def score_layer(self) -> str:
        return self._scores

    @property
    def class_names(self) -> tuple[str, ...] | None:
        return self._settings.class_names

    def layer(self, name: str) -> Layer:
        if name not in self._by_name:
            raise UnknownName("layer", name, self._by_name)
        return self._by_name[name]

    def activations(self, images: FloatArray, layers: Sequence[str]) -> dict[str, FloatArray]:
        wanted, count = [self.layer(name).name for name in layers], len(images)
        made = Joined(count)
        numbers = sum(math.prod(layer.shape) for layer in self._layers)
        parts = parts_in_room(count, numbers, self._settings.memory)
        for part in [slice(0, count)] if self._count > 1 else parts:
            outputs = self.run(self._on_device(images[part]))
            for name in wanted:
                self._refuse_uncalled(name, outputs)
                made.add(name, part, self._axes[name].from_kept(to_numpy(outputs[name].value)))
            del outputs  # before the next images go forward
        return made.found

    def _refuse_uncalled(self, name: str, outputs: Mapping[str, Output]) -> None:
        if name not in outputs:
            raise NetworkError(
                f"layer {name!r} is not called for these images: {self.name!r} calls others of its "
                "blocks for others; a layer that it calls for all can be asked"
            )

    def scores(self, images: FloatArray) -> FloatArray:
        return self.activations(images, [self.score_layer])[self.score_layer]

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
        self._refuse_rule(rule)
        layer = self.layer(objective.layer)
        inner = None if at is None else self.layer(at).name
        given = self._on_device(images)
        check_objective(objective, layer, len(images))
        output, source = self.record_layer(given, layer.name, inner)
        refuse_shape(layer.name, output.shape, len(images))
        spread = output_weights(objective, output.shape)
        gradient = gradient_of(output, source, mx.nd.array(spread, ctx=output.context))
        found = to_numpy(gradient)
        ordered = found if inner is None else self._axes[inner].from_kept(found)
        return Gradient(read(objective, to_numpy(output)), ordered)

    def gradients(
        self, images: FloatArray, objective: Objective, at: Sequence[str]
    ) -> LayerGradients:
        """A pass for each layer: what comes before an array that has a gradient is cut off."""
        names = list(self._by_name)
        last = names.index(self.layer(objective.layer).name)
        before = [name for name in at if names.index(self.layer(name).name) < last]
        own, found = self.gradient(images, objective), {}
        for name in before:
            with suppress(Unreachable):
                found[name] = self.gradient(images, objective, at=name).gradient
        return LayerGradients(own.values, own.gradient, self.activations(images, [*found]), found)

    @contextmanager
    def excitation(
        self,
        objective: Objective,
        *,
        size: tuple[int, int] | None = None,
        rule: ReluRule = "plain",
        exact_field: bool = True,
    ) -> Iterator[Excitation]:
        self._refuse_rule(rule)
        layer = self.layer(objective.layer)
        refuse_flat(self.name, self.input_shape)
        shape = (len(objective.units), self.input_shape[0], *(size or self.input_shape[1:]))
        found: Excitation = self._excitation(layer, objective, shape)
        if has_nonfinite(self._parameters.arrays()):
            found = FiniteExcitation(found, self._twin._excitation(layer, objective, shape))
        with ignore_float_warnings():
            yield found

    def _excitation(
        self, layer: Layer, objective: Objective, shape: tuple[int, ...]
    ) -> ImperativeExcitation:
        excitation = ImperativeExcitation(self, layer, shape, self._parameters.context)
        excitation.ask(replace(objective, layer=layer.name))
        return excitation

    @cached_property
    def _twin(self) -> ImperativeNetwork:
        """This network with its non-finite units switched off: see `vizframe.network.nonfinite`."""
        finite = without_nonfinite(self._parameters)
        return ImperativeNetwork(self._net, finite, self._settings, self._why)

    def batch_size(
        self, layer: str, *, size: tuple[int, int] | None = None, exact_field: bool = True
    ) -> int:
        self.layer(layer)
        larger = np.prod(size or (1, 1)) / np.prod(self.input_shape[1:] if size else (1, 1))
        numbers = sum(int(np.prod(each.shape)) for each in self._layers)
        each_takes = 8 * (numbers + int(np.prod(self.input_shape))) * float(larger)
        return max(1, min(64, int(self._settings.memory / each_takes)))

    def randomized(self, seed: int) -> AbstractContextManager[Network]:
        return self._randomize(seed)

    @contextmanager
    def _randomize(self, seed: int) -> Iterator[Network]:
        shuffled = self._parameters.shuffle(seed)
        yield ImperativeNetwork(self._net, shuffled, self._settings, self._why)

    def run(
        self, images: Any, cut: str | None = None, last: str | None = None
    ) -> dict[str, Output]:
        """What every block gives for these images, in the order in which they end.

        Args:
            cut: a layer whose output is to be differentiated by; what comes before it is not.
            last: the layer that is enough; nothing behind it is computed.
        """
        found = self._call_net(to_net_array(self._numpy, images), cut, last)
        if not self._numpy:
            return found
        self._returned = [from_net_array(each) for each in self._returned]
        return {
            name: replace(each, value=from_net_array(each.value)) for name, each in found.items()
        }

    def _call_net(
        self, images: Any, cut: str | None = None, last: str | None = None
    ) -> dict[str, Output]:
        """`run` with arrays as the net takes and gives them."""
        hooks = OutputHooks(cut, last)
        given = {
            name: argument(self._call, name, images, numpy=self._numpy) for name in self._call.names
        }
        with (
            numpy_interface(self._numpy),
            self._lender.lend(),
            hook_blocks(self._net, hooks.watch),
            no_draws(),
        ):
            try:
                self._returned = list(leaves(self._net(*arguments_of(given, self._call.forms))))
            except Enough:
                pass
            except Exception as error:  # whatever the net's own code says of such images
                raise NetworkError(
                    f"the network {self.name!r} cannot take images of shape {images.shape}: "
                    f"{reason(error)}"
                ) from error
            outputs = fold_outputs(hooks.outputs)
        computed = [output.value for output in outputs.values()]
        restore_layout(self._lender.lent.values(), computed)
        return outputs

    def record_layer(self, images: Any, layer: str, inner: str | None) -> tuple[Any, Any]:
        """The layer's output as (image, unit, …), and the array to differentiate it by."""
        if self._lost_maxima:
            raise NetworkError(
                f"the network {self.name!r} takes maxima by mx.nd.Pooling, whose gradient MXNet "
                "1.9.1 gets wrong in predict mode; make it a block, nn.MaxPool2D"
            )
        outputs = self._record_layer(images, inner, layer)
        if inner is not None and (inner == layer or inner not in outputs):
            raise NetworkError(
                f"layer {layer!r} does not depend on layer {inner!r}; name one that comes before it"
            )
        with mx.autograd.record(train_mode=False):
            asked = self.canonical(layer, outputs)
        return asked, images if inner is None else outputs[inner].whole(inner)

    def canonical(self, layer: str, outputs: Mapping[str, Output]) -> Any:
        """The layer's own output as (image, unit, …)."""
        axes, value = self._axes[layer], outputs[layer].value
        if axes.is_canonical:
            return value
        ordered = value.reshape(axes.split(value.shape)).transpose(axes.order)
        return ordered.reshape((0, 0, axes.grid.y, axes.grid.x)) if axes.grid else ordered

    def _least(self) -> int:
        """How many images it can be asked for at least: where it takes no other number than the one
        that it was seen with, so many."""
        seen = self._call.size or 1
        try:
            self.run(self._empty(1))
        except NetworkError:
            if seen == 1:
                raise
            return seen
        return seen if seen > 2 and not self._takes(2) and self._takes(seen) else 1

    def _takes(self, count: int) -> bool:
        with suppress(NetworkError):
            self.run(self._empty(count))
            return True
        return False

    def _empty(self, count: int) -> Any:
        return mx.nd.zeros((count, *self._settings.input_shape), ctx=self._parameters.context)

    def _score_name(self, recorded: Mapping[str, Output], per_image: Sequence[int]) -> str:
        """The layer before the softmax, if it is one's output; else what the net gives."""
        output = self._settings.output
        if isinstance(output, str):
            return self.layer(output).name
        places = [each for each in (output, *per_image) if each in per_image]
        fitting = (each for each in places if history_of(self._returned[each]) is not None)
        value = self._returned[next(fitting, output)]
        known = (name for name, each in recorded.items() if each.value is value)
        return score_layer(value, recorded) or next(known, self._layers[-1].name)

    def _outputs_of_two(self) -> dict[str, Output] | None:
        """What the blocks give for two images that differ; None where it takes one number alone."""
        if self._count > 1:
            return None
        shape, context = (1, *self._settings.input_shape), self._parameters.context
        rows = [fill(shape, ctx=context) for fill in (mx.nd.zeros, mx.nd.ones)]
        try:
            return self.run(mx.nd.concat(*rows, dim=0))
        except NetworkError:
            return None

    def _record_layer(
        self, images: Any, inner: str | None, last: str | None = None
    ) -> dict[str, Output]:
        images.attach_grad()
        with mx.autograd.record(train_mode=False):
            return self.run(images, inner, last)

    def _on_device(self, images: FloatArray) -> Any:
        checked = self._settings.check_images(images, self.name)
        return mx.nd.array(checked, ctx=self._parameters.context)

    def _refuse_rule(self, rule: ReluRule) -> None:
        if rule != "plain":
            raise NetworkError(
                f"rule is {rule!r}; it can be 'plain', as no ReLU can be replaced here: {self._why}"
            )
