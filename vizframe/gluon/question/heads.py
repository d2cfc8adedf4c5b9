"""From the graph's outputs to each image's value, and to the gradient that goes back into them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any, Protocol, cast

import numpy as np

from vizframe.gluon.arrays.host import ops_of
from vizframe.gluon.arrays.ops import Arithmetic, Linked
from vizframe.gluon.compat import mx
from vizframe.gluon.graph.parameters import Arrays
from vizframe.gluon.graph.rules import split_output_gradients
from vizframe.gluon.graph.shapes import Shape
from vizframe.gluon.question.compiled import CompiledGraph
from vizframe.gluon.question.plan import OWN_BIASES, OWN_KERNELS, Kernel
from vizframe.graph.target import output_weights, unit_places
from vizframe.network import DeviceArray, FloatArray, Objective, ReluRule


class OutputGradient(Protocol):
    """What a compiled graph's outputs mean."""

    def ask(self, objective: Objective) -> None:
        """Change units, places and output gradients."""
        ...

    def fill(self) -> None:
        """Give the compiled graph what it is asked with; it may hold another head's."""
        ...

    @property
    def gradients(self) -> Sequence[Any]:
        """What the way back starts from, at each output: the same arrays as long as one question
        is asked."""
        ...

    @property
    def read(self) -> int:
        """Which output `response` looks at."""
        ...

    def response(self, output: DeviceArray) -> DeviceArray:
        """Each image's value, (batch,), from the output that is to be read."""
        ...

    def responses(self, outputs: Sequence[Any]) -> DeviceArray:
        """What every unit says at the same places: (batch, units)."""
        ...


class KernelOutputGradient:
    """Each image's own kernel, on the features before it: a few operators more at the end of the
    compiled graph, so that a question takes no step in Python.

        features ─┬─ · kernel + bias ─┬─► response before the ReLU    gradient: open
                  │                   └─ relu ─► response             gradient: masked
                  └──────────────────────► features                   gradient: none

    Every rule of a last ReLU is a gradient that passes in any case and one that passes where the
    response is above 0.
    """

    read = -2

    def __init__(
        self,
        kernel: Kernel,
        rule: ReluRule,
        arrays: Arrays,
        compiled: CompiledGraph,
        ops: Arithmetic,
    ) -> None:
        weight = arrays[kernel.weight]
        if kernel.part is not None:
            weight = weight[:, :, kernel.part[0], kernel.part[1]]
        self._kernels = weight.reshape((weight.shape[0], -1))
        self._bias = (
            arrays[kernel.bias] if kernel.bias else mx.nd.zeros(weight.shape[0], ctx=weight.context)
        )
        self._kernel, self._rule, self._ops = kernel, rule, ops
        self._own = compiled.inputs[OWN_KERNELS], compiled.inputs[OWN_BIASES]
        self._features: tuple[Any, Linked] | None = None

    def ask(self, objective: Objective) -> None:
        context = self._kernels.context
        units = mx.nd.array(objective.units, ctx=context)
        self._asked = mx.nd.take(self._kernels, units), mx.nd.take(self._bias, units)
        heads = _output_gradients_of(objective, context)
        self.gradients: Sequence[Any] = (
            split_output_gradients(self._rule, heads) if self._kernel.relu else [heads]
        )

    def fill(self) -> None:
        for asked, own in zip(self._asked, self._own, strict=True):
            asked.copyto(own)

    def response(self, output: DeviceArray) -> DeviceArray:
        return output

    def responses(self, outputs: Sequence[Any]) -> DeviceArray:
        ops, meets = self._ops, self._kernel.meets
        if self._features is None or self._features[0] is not outputs[-1]:
            self._features = outputs[-1], ops.linked(outputs[-1])
        features: Any = self._features[1].take()
        if meets is not None:
            features = features[:, :, meets[0], meets[1]]
        met = ops.reshape(features, (features.shape[0], -1))
        kernels, bias = self._by_unit
        found = ops.matmul(met, kernels)
        found += bias
        return ops.maximum(found, 0.0) if self._kernel.relu else found

    @cached_property
    def _by_unit(self) -> tuple[DeviceArray, DeviceArray]:
        """The kernels and biases of all units, in columns: the same as long as one question is
        asked."""
        columns = mx.nd.transpose(self._kernels)
        return self._ops.take(columns), self._ops.take(self._bias.reshape((1, -1)))


class MapOutputGradient:
    """Any layer: one place of each image's map, or its mean.

    What is not asked for is never multiplied, not even by zero: there may be NaN.
    """

    read = 0

    def __init__(self, output: Shape, cropped: bool, context: Any) -> None:
        self._shape, self._cropped, self._context = output, cropped, context
        self._ops = ops_of(context)

    def ask(self, objective: Objective) -> None:
        shape = self._shape
        places = None if self._cropped else unit_places(objective, shape)
        self.gradients: Sequence[Any] = [
            mx.nd.array(output_weights(objective, shape), ctx=self._context)
        ]
        images = np.arange(shape[0])
        self._own = (images, objective.units, *(() if places is None else places.T))
        self._units = mx.nd.array(objective.units, ctx=self._context)
        self._places = (
            None if places is None else mx.nd.array([images, *places.T], ctx=self._context)
        )

    def fill(self) -> None:
        pass  # it has no inputs of its own

    def response(self, output: DeviceArray) -> DeviceArray:
        if isinstance(output, np.ndarray):  # a few numbers of NumPy's take no operation of MXNet's
            return cast(DeviceArray, self._own_of(output))
        return self._ops.take(mx.nd.pick(self._responses(output), self._units, axis=1))

    def responses(self, outputs: Sequence[Any]) -> DeviceArray:
        return self._ops.take(self._responses(outputs[0]))

    def _own_of(self, output: FloatArray) -> FloatArray:
        own: FloatArray = output[self._own]
        return own if own.ndim == 1 else own.reshape(len(own), -1).mean(axis=1, dtype=np.float32)

    def _responses(self, output: Any) -> Any:
        if self._places is not None:
            last = mx.nd.transpose(output, (0, 2, 3, 1))
            return mx.nd.gather_nd(last, self._places)
        flat = output.reshape((0, 0, -1))
        return flat.mean(axis=2) if flat.shape[2] > 1 else flat.reshape((0, 0))


def _output_gradients_of(objective: Objective, context: Any) -> Any:
    heads = objective.output_gradients
    values = np.ones(len(objective.units), np.float32) if heads is None else heads
    return mx.nd.array(values, ctx=context)
