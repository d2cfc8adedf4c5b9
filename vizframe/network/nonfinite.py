"""Networks with NaN or infinite parameters: what can be asked of the units that are finite.

One filter of NaN makes the gradient of every unit of its layer NaN, because what it sends back,
though weighed by zero, is 0 · NaN. A unit whose own value is finite has a gradient all the same:
that of the network with the non-finite filters switched off, on which its value does not depend.
So each question is asked of two networks:

    the network itself   ─► values, responses           NaN of a non-finite unit
    its finite twin      ─► gradients                   of the units whose value is finite
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from vizframe.network.network import Excitation, FloatArray, Gradient, LayerGradients, Objective
from vizframe.network.ops import DeviceArray, Ops


@dataclass(frozen=True, slots=True, eq=False)
class FiniteExcitation:
    """Values of one excitation, gradients of another; see `vizframe.network.Excitation`."""

    real: Excitation
    twin: Excitation

    @property
    def shape(self) -> tuple[int, ...]:
        return self.real.shape

    @property
    def exact_field(self) -> bool:
        return self.real.exact_field

    @property
    def ops(self) -> Ops:
        return self.real.ops

    def evaluate(self, images: DeviceArray) -> tuple[DeviceArray, DeviceArray]:
        values, _ = self.real.evaluate(images)
        _, gradient = self.twin.evaluate(images)
        nothing = self.ops.reshape(values * 0.0, (self.shape[0], 1, 1, 1))  # NaN where the value is
        return values, gradient + nothing

    def responses(self) -> DeviceArray:
        return self.real.responses()

    def ask(self, objective: Objective) -> None:
        self.real.ask(objective)
        self.twin.ask(objective)


def needs_twin(found: Gradient | LayerGradients) -> bool:
    """Whether a value is finite and its gradient is not."""
    gradients = [found.gradient]
    if isinstance(found, LayerGradients):
        gradients += found.gradients.values()
    broken = np.zeros(len(found.values), np.bool_)
    for each in gradients:
        broken |= ~np.isfinite(each).all(axis=tuple(range(1, each.ndim)))
    return bool((broken & np.isfinite(found.values)).any())


def with_twin(found: Gradient, twin: Callable[[], Gradient]) -> Gradient:
    """What was found, with the gradients of the twin, which is asked where they are needed."""
    return join_gradients(found, twin()) if needs_twin(found) else found


def join_gradients(real: Gradient, twin: Gradient) -> Gradient:
    """The values of the network itself, with its twin's gradients where the values are finite."""
    return Gradient(real.values, _choose(real.values, twin.gradient, real.gradient))


def join_layer_gradients(real: LayerGradients, twin: LayerGradients) -> LayerGradients:
    """The same at several layers."""
    return LayerGradients(
        real.values,
        _choose(real.values, twin.gradient, real.gradient),
        real.outputs,
        {
            name: _choose(real.values, twin.gradients[name], each)
            for name, each in real.gradients.items()
        },
    )


def _choose(values: FloatArray, twin: FloatArray, real: FloatArray) -> FloatArray:
    known = np.isfinite(values).reshape(-1, *(1,) * (real.ndim - 1))
    return np.where(known, twin, real)


def holds_nonfinite(parameters: Mapping[str, FloatArray]) -> bool:
    """Whether any of a layer's parameters holds NaN or infinities."""
    return not all(np.isfinite(values).all() for values in parameters.values())


def switch_off(parameters: Mapping[str, FloatArray]) -> dict[str, FloatArray]:
    """A layer's parameters with the units that hold NaN or infinities set to zero, bias and all."""
    nonfinite = [
        ~np.isfinite(values).all(axis=tuple(range(1, values.ndim)))
        for values in parameters.values()
    ]
    switched = {}
    for name, values in parameters.items():
        off = np.zeros(len(values), np.bool_)
        for each in nonfinite:
            if each.shape == off.shape:
                off |= each
        switched[name] = np.where(off.reshape(-1, *(1,) * (values.ndim - 1)), 0, values)
    return switched
