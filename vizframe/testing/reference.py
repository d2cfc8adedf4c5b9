"""The reference network: the whole of `vizframe.network.Network` in NumPy, slow and obvious.

    ReferenceNetwork(
        {"conv0": Convolution(weight, bias), "relu0": Relu(), "pool0": MaxPool(2),
         "flat": Flatten(), "dense0": Dense(weight, bias)},
        input_shape=(1, 12, 12),
    )

A chain of operations with a name each. It is what plugins are tested on where MXNet is not, and
what adapters are tested against.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from itertools import pairwise
from types import MappingProxyType
from typing import cast

import numpy as np

from vizframe.errors import NetworkError, UnknownName
from vizframe.network import (
    DeviceArray,
    Excitation,
    FloatArray,
    Gradient,
    LayerGradients,
    Network,
    Objective,
    Ops,
    ReluRule,
)
from vizframe.network.layer import Layer, ReceptiveField
from vizframe.network.nonfinite import (
    FiniteExcitation,
    holds_nonfinite,
    switch_off,
    with_twin,
)
from vizframe.network.relevance import RelevanceRules
from vizframe.network.resumed import refuse_given
from vizframe.testing.ops import NumpyOps
from vizframe.testing.reference_objective import read_units, refuse_units, share_of_places
from vizframe.testing.reference_ops import (
    Convolution,
    Dense,
    Flatten,
    MaxPool,
    Operation,
    Relu,
    Signal,
)
from vizframe.testing.reference_relevance import relevance_of

__all__ = ["Convolution", "Dense", "Flatten", "MaxPool", "ReferenceNetwork", "Relu"]


class ReferenceNetwork:
    """A chain of operations, as plugins see a model.

    Args:
        operations: by layer name, in forward order, at least one.
        input_shape: of one input, (channels, y, x).
        class_names: of the last layer's units.
        room: what `batch_size` gives.
    """

    def __init__(
        self,
        operations: Mapping[str, Operation],
        input_shape: tuple[int, ...],
        *,
        class_names: tuple[str, ...] | None = None,
        room: int = 64,
    ) -> None:
        self.operations = dict(operations)
        self._input_shape = input_shape
        self._class_names = class_names
        self._room = room
        self._layers = tuple(_layers(self.operations, input_shape))

    @property
    def name(self) -> str:
        return type(self).__name__

    @property
    def layers(self) -> tuple[Layer, ...]:
        return self._layers

    @property
    def input_shape(self) -> tuple[int, ...]:
        return self._input_shape

    @property
    def score_layer(self) -> str:
        return self._layers[-1].name

    @property
    def class_names(self) -> tuple[str, ...] | None:
        return self._class_names

    def layer(self, name: str) -> Layer:
        for layer in self._layers:
            if layer.name == name:
                return layer
        raise UnknownName("layer", name, self.operations)

    def activations(self, images: FloatArray, layers: Sequence[str]) -> dict[str, FloatArray]:
        for name in layers:
            self.layer(name)
        outputs = _forward(self.operations, self._checked(images))
        return {name: outputs[name].astype(np.float32) for name in layers}

    def resume(
        self, images: FloatArray, given: Mapping[str, FloatArray], layers: Sequence[str]
    ) -> dict[str, FloatArray]:
        """See `vizframe.network.resumed.resume`."""
        refuse_given(images, [(self.layer(name), each) for name, each in given.items()])
        outputs = _forward(self.operations, self._checked(images), given)
        return {self.layer(name).name: outputs[name].astype(np.float32) for name in layers}

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
        if at is not None:
            self.layer(at)
        found = self._gradient(images, objective, rule, at)
        return with_twin(found, lambda: self._twin()._gradient(images, objective, rule, at))

    def _gradient(
        self, images: FloatArray, objective: Objective, rule: ReluRule, at: str | None
    ) -> Gradient:
        given = self._checked(images)
        operations = self.part(objective.layer)
        if at is not None and at not in operations:
            raise NetworkError(
                f"layer {objective.layer!r} does not depend on layer {at!r}; it can be one in "
                "front of it"
            )
        values, _, gradient = _ask(operations, given, objective, rule, at)
        return Gradient(values.astype(np.float32), gradient.astype(np.float32))

    def _twin(self) -> ReferenceNetwork:
        """This network with its non-finite units switched off: see `vizframe.network.nonfinite`."""
        off = {
            name: each.with_parameters(switch_off(each.parameters))
            for name, each in self.operations.items()
        }
        return ReferenceNetwork(off, self._input_shape, room=self._room)

    def gradients(
        self, images: FloatArray, objective: Objective, at: Sequence[str]
    ) -> LayerGradients:
        for name in at:
            self.layer(name)
        before = [name for name in at if name in self.part(objective.layer)]
        before = [name for name in before if name != objective.layer]
        found = {name: self.gradient(images, objective, at=name).gradient for name in before}
        own = self.gradient(images, objective)
        return LayerGradients(own.values, own.gradient, self.activations(images, before), found)

    def relevance(
        self, images: FloatArray, objective: Objective, rules: RelevanceRules
    ) -> Gradient:
        found = self._relevance(images, objective, rules)
        return with_twin(found, lambda: self._twin()._relevance(images, objective, rules))

    def _relevance(
        self, images: FloatArray, objective: Objective, rules: RelevanceRules
    ) -> Gradient:
        operations = self.part(objective.layer)
        outputs = _forward(operations, self._checked(images))
        last = outputs[objective.layer]
        share = share_of_places(objective, last)
        rows, start = np.arange(len(images)), np.zeros_like(last)
        start[rows, objective.units] = share * last[rows, objective.units]
        values = read_units(last, share)[rows, objective.units]
        with np.errstate(invalid="ignore", over="ignore"):  # broken weights give NaN and inf
            found = relevance_of(operations, outputs, start, rules)
        return Gradient(values.astype(np.float32), found.astype(np.float32))

    @contextmanager
    def excitation(
        self,
        objective: Objective,
        *,
        size: tuple[int, int] | None = None,
        rule: ReluRule = "plain",
        exact_field: bool = True,
    ) -> Iterator[Excitation]:
        found: Excitation = self._excitation(objective, size, rule, exact_field)
        if any(holds_nonfinite(each.parameters) for each in self.part(objective.layer).values()):
            twin = self._twin()._excitation(objective, size, rule, exact_field)
            found = FiniteExcitation(found, twin)
        yield found

    def _excitation(
        self, objective: Objective, size: tuple[int, int] | None, rule: ReluRule, exact_field: bool
    ) -> ReferenceExcitation:
        operations = self.part(objective.layer)
        refuse_units(objective, self.layer(objective.layer).units)
        shape = (*self._input_shape[:1], *(size or self._input_shape[1:]))
        field = self._field_of(objective, operations, shape) if exact_field else None
        if field is not None:
            operations = {name: each.unpadded() for name, each in operations.items()}
            shape = (shape[0], *field.size)
        return ReferenceExcitation(
            operations, objective, rule, (len(objective.units), *shape), field is not None
        )

    def batch_size(
        self, layer: str, *, size: tuple[int, int] | None = None, exact_field: bool = True
    ) -> int:
        self.layer(layer)
        return self._room

    def weights(self, layer: str) -> dict[str, FloatArray]:
        self.layer(layer)
        return {name: each.copy() for name, each in self.operations[layer].parameters.items()}

    def weight_gradients(self, layer: str) -> dict[str, FloatArray]:
        self.layer(layer)
        return {}

    def randomized(self, seed: int) -> AbstractContextManager[Network]:
        return self.randomized_from(self._layers[0].name, seed)

    @contextmanager
    def randomized_from(self, layer: str, seed: int) -> Iterator[Network]:
        draw = np.random.default_rng(seed)
        shuffled = {
            name: each.with_parameters(
                {
                    key: draw.permutation(values.ravel()).reshape(values.shape)
                    for key, values in each.parameters.items()
                }
            )
            for name, each in self.operations.items()
        }
        shuffled.update(list(self.part(layer).items())[:-1])
        yield ReferenceNetwork(
            shuffled, self._input_shape, class_names=self._class_names, room=self._room
        )

    def part(self, layer: str) -> dict[str, Operation]:
        """The operations up to this layer. Raises UnknownName."""
        self.layer(layer)
        names = list(self.operations)
        return {name: self.operations[name] for name in names[: names.index(layer) + 1]}

    def _checked(self, images: FloatArray) -> Signal:
        if not np.issubdtype(images.dtype, np.floating):
            raise NetworkError(f"the images have dtype {images.dtype}; they can be float32")
        if images.ndim != 1 + len(self._input_shape) or images.shape[1:] != self._input_shape:
            wanted = ", ".join(map(str, self._input_shape))
            raise NetworkError(f"the images have shape {images.shape}; it can be (batch, {wanted})")
        return images.astype(np.float64)

    def _field_of(
        self, objective: Objective, operations: Mapping[str, Operation], shape: tuple[int, ...]
    ) -> ReceptiveField | None:
        """The receptive field of the centre, where it is asked for and lies within the image."""
        *_, layer = _layers(operations, shape)
        field = layer.receptive_field
        if objective.place != "centre" or field is None or not layer.is_spatial:
            return None
        top, left, bottom, right = field.box(layer.shape[1] // 2, layer.shape[2] // 2)
        inside = top >= 0 and left >= 0 and bottom <= shape[1] and right <= shape[2]
        return field if inside else None


@dataclass(eq=False)
class ReferenceExcitation:
    """A question asked many times; see `vizframe.network.Excitation`."""

    operations: Mapping[str, Operation]
    objective: Objective
    rule: ReluRule
    shape: tuple[int, ...]
    exact_field: bool
    _answers: Signal | None = None

    @property
    def ops(self) -> Ops:
        return NumpyOps()

    def evaluate(self, images: DeviceArray) -> tuple[DeviceArray, DeviceArray]:
        given = np.asarray(cast(FloatArray, images), np.float64)
        if given.shape != self.shape:
            raise NetworkError(f"the images have shape {given.shape}; it can be {self.shape}")
        values, self._answers, gradient = _ask(
            self.operations, given, self.objective, self.rule, None
        )
        return _device(values), _device(gradient)

    def responses(self) -> DeviceArray:
        if self._answers is None:
            raise NetworkError("nothing was evaluated yet; call evaluate first")
        return _device(self._answers)

    def ask(self, objective: Objective) -> None:
        if objective.layer != self.objective.layer or len(objective.units) != self.shape[0]:
            raise NetworkError(
                f"the question is of {len(objective.units)} units of {objective.layer!r}; it can "
                f"be of {self.shape[0]} units of {self.objective.layer!r}"
            )
        self.objective = objective


def _device(values: Signal) -> DeviceArray:
    return cast(DeviceArray, values.astype(np.float32))


def _forward(
    operations: Mapping[str, Operation],
    given: Signal,
    fixed: Mapping[str, FloatArray] = MappingProxyType({}),
) -> dict[str, Signal]:
    """Every layer's output, some of them fixed, and the input under the name ``""``."""
    outputs = {"": given}
    with np.errstate(invalid="ignore", over="ignore"):  # broken weights give NaN and inf
        for name, operation in operations.items():
            own = fixed.get(name)
            given = outputs[name] = operation.forward(given) if own is None else own.astype(float)
    return outputs


def _ask(
    operations: Mapping[str, Operation],
    given: Signal,
    objective: Objective,
    rule: ReluRule,
    at: str | None,
) -> tuple[Signal, Signal, Signal]:
    """The objective's values, its layer's activations, and the gradient at a layer."""
    outputs = _forward(operations, given)
    names = ["", *operations]
    last = outputs[names[-1]]
    share = share_of_places(objective, last)
    units = objective.units
    rows = np.arange(len(given))
    # Not a product with the share: 0 · NaN elsewhere in the map would be NaN here.
    responses = read_units(last, share)
    heads = (
        np.ones(len(given)) if objective.output_gradients is None else objective.output_gradients
    )
    signal = np.zeros_like(last)
    signal[rows, units] = share * heads.reshape(-1, *(1,) * (share.ndim - 1))
    with np.errstate(invalid="ignore", over="ignore"):
        for before, name in reversed(list(pairwise(names))):
            if name == at:
                break
            signal = operations[name].backward(signal, outputs[before], rule)
    return responses[rows, units], responses, signal


def _layers(operations: Mapping[str, Operation], input_shape: tuple[int, ...]) -> Iterator[Layer]:
    """The chain as layers, with shapes found by running it on one empty input."""
    outputs = _forward(operations, np.zeros((1, *input_shape)))
    field: ReceptiveField | None = ReceptiveField((1, 1), (1, 1), (0.0, 0.0))
    before, nonnegative = "data", False
    for name, operation in operations.items():
        nonnegative = operation.kind == "activation" or (nonnegative and not operation.parameters)
        shape = outputs[name].shape[1:]
        field = _widen_field(field, operation) if field is not None and len(shape) == 3 else None
        yield Layer(
            name=name,
            operator=operation.operator,
            shape=shape,
            units=shape[0],
            parameters={key: values.shape for key, values in operation.parameters.items()},
            receptive_field=field,
            inputs=(before,),
            kind=operation.kind,
            nonnegative=nonnegative,
            rectifies=operation.kind == "activation",
        )
        before = name


def _widen_field(field: ReceptiveField, operation: Operation) -> ReceptiveField:
    """The field one operation further: each of its places reads a window of the last ones."""
    size, stride, pad = operation.window
    reach, step, offset = field.size[0], field.stride[0], field.offset[0]
    wider = reach + (size - 1) * step
    moved = offset + ((size - 1) / 2 - pad) * step
    return ReceptiveField((wider, wider), (step * stride,) * 2, (moved, moved))
