"""Gradients of a net without a graph, by what MXNet records while it runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from vizframe.errors import NetworkError
from vizframe.gluon.arrays.host import ops_of
from vizframe.gluon.block_layers import Output
from vizframe.gluon.compat import mx, unwatched
from vizframe.gluon.question.heads import MapOutputGradient
from vizframe.gluon.reason import reason
from vizframe.graph.target import check_opened, refuse_shape
from vizframe.network import DeviceArray, Objective, Ops
from vizframe.network.layer import Layer


class Recorded(Protocol):
    """A net that can be run, as an excitation needs it."""

    def run(
        self, images: Any, cut: str | None = None, last: str | None = None
    ) -> dict[str, Output]:
        """What every block up to the last that is needed gives for these images."""
        ...

    def canonical(self, layer: str, outputs: Mapping[str, Output]) -> Any:
        """The layer's own output as (image, unit, …)."""
        ...

    def record_layer(self, images: Any, layer: str, inner: str | None) -> tuple[Any, Any]:
        """The layer's output as (image, unit, …), and the array to differentiate it by."""
        ...


class ImperativeExcitation:
    """See `vizframe.network.Excitation`."""

    exact_field = False

    def __init__(
        self, network: Recorded, layer: Layer, shape: tuple[int, ...], context: Any
    ) -> None:
        self._network, self._layer = network, layer
        self.shape = shape
        self._ops, self._context = ops_of(context), context
        output = network.canonical(
            layer.name, network.run(mx.nd.zeros(shape, ctx=context), last=layer.name)
        )
        refuse_shape(layer.name, output.shape, shape[0])
        self._head = MapOutputGradient(output.shape, False, context)
        self._output: Any = None

    @property
    def ops(self) -> Ops:
        return self._ops

    def ask(self, objective: Objective) -> None:
        check_opened(objective, self._layer, self.shape[0])
        self._head.ask(objective)

    def evaluate(self, images: DeviceArray) -> tuple[DeviceArray, DeviceArray]:
        if images.shape != self.shape:
            raise NetworkError(f"the images have shape {images.shape}; it can be {self.shape}")
        source = mx.nd.empty(self.shape, ctx=self._context)
        self._ops.give(images, source)
        self._output, _ = self._network.record_layer(source, self._layer.name, None)
        (spread,) = self._head.gradients
        gradient = gradient_of(self._output, source, spread)
        return self._head.response(self._ops.take(self._output)), self._ops.take(gradient)

    def responses(self) -> DeviceArray:
        if self._output is None:
            raise NetworkError("nothing was evaluated yet; call evaluate first")
        return self._head.responses([self._output])


class Unreachable(NetworkError):
    """An output that does not depend on what it was to be differentiated by."""


def gradient_of(output: Any, source: Any, spread: Any) -> Any:
    """Of the output, weighed by ``spread``, with respect to the source; no parameter's gradient
    is touched."""
    try:
        return unwatched(mx.autograd.grad)(
            [output], [source], head_grads=[spread], train_mode=False
        )[0]
    except mx.MXNetError as error:
        kind = Unreachable if "is unreachable" in str(error) else NetworkError
        raise kind(f"the layer's output cannot be differentiated: {reason(error)}") from error
