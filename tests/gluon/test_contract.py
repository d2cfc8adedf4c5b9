"""The exam that every adapter sits: the Gluon one beside the network written out in NumPy."""

from __future__ import annotations

from typing import Any

from vizframe.gluon.network import GluonNetwork
from vizframe.network import Network
from vizframe.testing.network import NetworkContract
from vizframe.testing.reference import ReferenceNetwork

from .nets import block_of


class TestHybridBlock(NetworkContract):
    def adapt(self, reference: ReferenceNetwork) -> Network:
        return view(block_of(reference), reference)


class TestHybridizedBlock(NetworkContract):
    def adapt(self, reference: ReferenceNetwork) -> Network:
        net = block_of(reference)
        net.hybridize(static_alloc=True, static_shape=True)
        return view(net, reference)


def view(net: Any, reference: ReferenceNetwork) -> GluonNetwork:
    return GluonNetwork.of(net, reference.input_shape, class_names=reference.class_names)
