"""A question asked many times: value and input gradient of one unit per image."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from vizframe.errors import NetworkError
from vizframe.gluon.arrays.host import ops_of
from vizframe.gluon.arrays.ops import Linked
from vizframe.gluon.graph.parameters import Arrays
from vizframe.gluon.graph.shapes import Shape
from vizframe.gluon.question.compiled import CompiledGraph
from vizframe.gluon.question.heads import KernelOutputGradient, MapOutputGradient, OutputGradient
from vizframe.gluon.question.plan import Plan
from vizframe.graph.target import check_opened, refuse_shape
from vizframe.network import DeviceArray, Objective, Ops, ReluRule
from vizframe.network.layer import Layer


class GluonExcitation:
    """See `vizframe.network.Excitation`. What `evaluate` gives is overwritten by the next one."""

    def __init__(
        self, compiled: CompiledGraph, data: str, plan: Plan, head: OutputGradient, layer: Layer
    ) -> None:
        self._compiled = compiled
        images = compiled.inputs[data]
        self._shape: Shape = images.shape
        self._ops = ops_of(images.context)
        self._images = self._ops.linked(images)
        self._gradient = self._ops.linked(compiled.gradients[data])
        self._values: tuple[Any, Linked] | None = None
        self._is_done = False
        self._plan = plan
        self._output_gradient = head
        self._layer = layer
        self._outputs: Sequence[Any] | None = None

    @property
    def shape(self) -> Shape:
        return self._shape

    @property
    def corner(self) -> tuple[int, int]:
        """Where on the whole image its images begin, (y, x)."""
        return self._plan.corner

    @property
    def exact_field(self) -> bool:
        return self._plan.exact_field

    @property
    def ops(self) -> Ops:
        return self._ops

    def ask(self, objective: Objective) -> None:
        check_opened(objective, self._layer, self.shape[0])
        self._output_gradient.ask(objective)
        self._compiled.asked_by = None

    def evaluate(self, images: DeviceArray) -> tuple[DeviceArray, DeviceArray]:
        if images.shape != self._shape:
            raise NetworkError(f"the images have shape {images.shape}; it can be {self._shape}")
        if self._compiled.asked_by is not self._output_gradient:
            self._output_gradient.fill()
            self._compiled.asked_by = self._output_gradient
        self._images.give(images, is_free=self._is_done)
        self._is_done = False
        self._outputs = self._compiled.evaluate()
        head = self._output_gradient
        self._compiled.pull_back(head.gradients)
        # The gradient, which is there last, first: one wait is enough then.
        gradient, read = self._gradient.take(), self._linked(self._outputs[head.read]).take()
        self._is_done = True
        return head.response(read), gradient

    def _linked(self, values: Any) -> Linked:
        """Those of the last evaluation, which are the same array each time where the graph itself
        gives them."""
        if self._values is None or self._values[0] is not values:
            self._values = values, self._ops.linked(values)
        return self._values[1]

    def responses(self) -> DeviceArray:
        if self._outputs is None:
            raise NetworkError("nothing was evaluated yet; call evaluate first")
        return self._output_gradient.responses(self._outputs)


def output_gradient_of(
    compiled: CompiledGraph, plan: Plan, rule: ReluRule, arrays: Arrays, layer: Layer, batch: int
) -> OutputGradient:
    """What the compiled graph's outputs mean.

    Raises:
        NetworkError: the layer has no units that could be asked.
    """
    if plan.kernel is not None:
        ops = ops_of(next(iter(compiled.inputs.values())).context)
        return KernelOutputGradient(plan.kernel, rule, arrays, compiled, ops)
    output = compiled.executor.outputs[0]
    refuse_shape(layer.name, output.shape, batch)
    return MapOutputGradient(output.shape, plan.cropped, output.context)
