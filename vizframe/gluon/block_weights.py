"""The parameters of a net without a graph: those of its blocks."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from vizframe.gluon.blocks import node_of
from vizframe.gluon.graph.kernels import KernelOrder, kernel_order_of
from vizframe.gluon.graph.parameters import Parameters, to_numpy
from vizframe.gluon.graph.views import parameter_views
from vizframe.network import FloatArray
from vizframe.network.layer import Layer
from vizframe.network.parameter import ParameterView


class BlockWeights(ABC):
    """What `vizframe.network.Network` says of weights and their gradients."""

    _parameters: Parameters
    _layers: tuple[Layer, ...]
    _blocks: dict[str, Any]
    """By the layer's name."""

    @abstractmethod
    def layer(self, name: str) -> Layer:
        """See `vizframe.network.Network`."""

    def weights(self, layer: str) -> dict[str, FloatArray]:
        current = self._parameters.current
        return {
            short: order(to_numpy(current(full)))
            for short, (full, order) in self._own(layer).items()
        }

    def weight_gradients(self, layer: str) -> dict[str, FloatArray]:
        found = {}
        for short, (full, order) in self._own(layer).items():
            gradient = self._parameters.gradients(full)
            if gradient is not None:
                found[short] = order(to_numpy(gradient))
        return found

    def parameter_views(self) -> list[ParameterView]:
        own = [
            (layer.name, short, each.name)
            for layer in self._layers
            for short, each in self._blocks[layer.name]._reg_params.items()
        ]
        return list(parameter_views(self._parameters, own))

    def _own(self, layer: str) -> dict[str, tuple[str, KernelOrder]]:
        """Each parameter's full name, and the order of its axes, by its short name."""
        block = self._blocks[self.layer(layer).name]
        node, own = node_of(block), block._reg_params
        return {short: (each.name, kernel_order_of(node, short)) for short, each in own.items()}
