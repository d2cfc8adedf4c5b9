"""From the graph's output to each image's answer, and to the gradient that goes back into it."""

from __future__ import annotations

from functools import cached_property
from typing import Any, Protocol

import numpy as np

from vizframe.gluon.compat import mx
from vizframe.gluon.parameters import Arrays
from vizframe.gluon.plan import Kernel
from vizframe.gluon.rules import passed_back
from vizframe.gluon.shapes import Shape
from vizframe.gluon.target import placed, started
from vizframe.network import Objective, ReluRule


class Head(Protocol):
    """What a compiled graph's output means."""

    def ask(self, objective: Objective) -> None:
        """Change units, places and heads."""
        ...

    def answer(self, output: Any) -> tuple[Any, Any]:
        """Each image's value, (batch,), and the gradient at the output."""
        ...

    def answers(self, output: Any) -> Any:
        """What every unit says at the same places: (batch, units)."""
        ...


class KernelHead:
    """Each image's own kernel, on the features before it."""

    def __init__(self, kernel: Kernel, rule: ReluRule, arrays: Arrays, features: Shape) -> None:
        weight = arrays[kernel.weight]
        if kernel.part is not None:
            weight = weight[:, :, kernel.part[0], kernel.part[1]]
        self._window = weight.shape[2:]
        self._kernels = weight.reshape((weight.shape[0], -1))
        self._bias = (
            arrays[kernel.bias] if kernel.bias else mx.nd.zeros(weight.shape[0], ctx=weight.context)
        )
        self._kernel, self._rule, self._features = kernel, rule, features

    def ask(self, objective: Objective) -> None:
        context = self._kernels.context
        units = mx.nd.array(objective.units, ctx=context)
        self._heads = _heads_of(objective, context)
        self._asked = mx.nd.take(self._kernels, units)
        self._asked_bias = mx.nd.take(self._bias, units)
        self._gradient = self._spread_out(self._asked * self._heads)

    def answer(self, output: Any) -> tuple[Any, Any]:
        values = _dot_rows(self._met(output), self._asked) + self._asked_bias
        if not self._kernel.relu:
            return values, self._gradient
        passed = passed_back(self._rule, (values > 0).reshape((-1, 1)), self._heads)
        return mx.nd.relu(values), self._spread_out(self._asked * passed)

    def answers(self, output: Any) -> Any:
        met = self._met(output)
        found = mx.nd.dot(met, self._kernels, transpose_b=True) + self._bias.reshape((1, -1))
        return mx.nd.relu(found) if self._kernel.relu else found

    def _met(self, output: Any) -> Any:
        """The part of the features that the kernel meets: (batch, numbers)."""
        meets = self._kernel.meets
        features = output if meets is None or self._covers else output[:, :, meets[0], meets[1]]
        return features.reshape((features.shape[0], -1))

    @cached_property
    def _covers(self) -> bool:
        """Whether the kernel meets all of the features, with no gaps."""
        return tuple(self._features[2:]) == tuple(self._window)

    def _spread_out(self, kernels: Any) -> Any:
        """Kernels (batch, numbers) where they meet the features, zero elsewhere."""
        shape = (kernels.shape[0], *self._features[1:])
        if self._kernel.meets is None or self._covers:
            return kernels.reshape(shape)
        spread = mx.nd.zeros(shape, ctx=kernels.context)
        inner = kernels.reshape((shape[0], shape[1], *self._window))
        spread[:, :, self._kernel.meets[0], self._kernel.meets[1]] = inner
        return spread


class MapHead:
    """Any layer: one place of each image's map, or its mean.

    What is not asked for is never multiplied, not even by zero: there may be NaN.
    """

    def __init__(self, output: Shape, cropped: bool, context: Any) -> None:
        self._shape, self._cropped, self._context = output, cropped, context

    def ask(self, objective: Objective) -> None:
        shape = self._shape
        places = None if self._cropped else placed(objective, shape)
        self._gradient = mx.nd.array(started(objective, shape), ctx=self._context)
        self._units = mx.nd.array([np.arange(shape[0]), objective.units], ctx=self._context)
        self._places = (
            None
            if places is None
            else mx.nd.array([np.arange(shape[0]), *places.T], ctx=self._context)
        )

    def answer(self, output: Any) -> tuple[Any, Any]:
        return mx.nd.pick(self.answers(output), self._units[1], axis=1), self._gradient

    def answers(self, output: Any) -> Any:
        if self._places is not None:
            last = mx.nd.transpose(output, (0, 2, 3, 1))
            return mx.nd.gather_nd(last, self._places)
        flat = output.reshape((0, 0, -1))
        return flat.mean(axis=2) if flat.shape[2] > 1 else flat.reshape((0, 0))


def _heads_of(objective: Objective, context: Any) -> Any:
    heads = objective.heads
    values = np.ones(len(objective.units), np.float32) if heads is None else heads
    return mx.nd.array(values, ctx=context).reshape((-1, 1))


def _dot_rows(a: Any, b: Any) -> Any:
    """The dot product of each row of two matrices; MXNet's ``sum`` is ten times slower."""
    return mx.nd.batch_dot(a.expand_dims(1), b.expand_dims(2)).reshape(-1)
