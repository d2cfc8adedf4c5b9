"""What every adapter has to pass: the Gluon one beside the network written out in NumPy."""

from __future__ import annotations

from typing import Any

from vizframe.gluon.compat import mx
from vizframe.gluon.network import GluonNetwork
from vizframe.gluon.view import view as any_view
from vizframe.network import Network
from vizframe.testing.network import NetworkContract
from vizframe.testing.network_pair import FEW
from vizframe.testing.reference import ReferenceNetwork

from .nets import block_of


class TestHybridBlock(NetworkContract):
    def adapt(self, reference: ReferenceNetwork) -> Network:
        return view(block_of(reference), reference)


class TestHybridizedBlock(NetworkContract):
    sound = FEW

    def adapt(self, reference: ReferenceNetwork) -> Network:
        net = block_of(reference)
        net.hybridize(static_alloc=True, static_shape=True)
        return view(net, reference)


def view(net: Any, reference: ReferenceNetwork) -> GluonNetwork:
    return GluonNetwork.of(net, reference.input_shape, class_names=reference.class_names)


class Chain(mx.gluon.Block):  # type: ignore[misc]  # MXNet ships no types
    """The layers of a net one after the other, which no graph can hold: it looks at a shape."""

    def __init__(self, net: Any) -> None:
        super().__init__()
        for number, layer in enumerate(net):
            self.register_child(layer, str(number))

    def forward(self, value: Any) -> Any:
        assert value.shape
        for layer in self._children.values():
            value = layer(value)
        return value


class TestBlockWithoutAGraph(NetworkContract):
    follows_rules = False
    has_fields = False

    def adapt(self, reference: ReferenceNetwork) -> Network:
        net = Chain(block_of(reference))
        return any_view(net, reference.input_shape, class_names=reference.class_names)
