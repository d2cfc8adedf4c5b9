"""What every adapter has to pass: the Gluon one beside the network written out in NumPy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from vizframe.gluon.compat import mx
from vizframe.gluon.network import GluonNetwork
from vizframe.gluon.view import view as any_view
from vizframe.network import Network
from vizframe.testing.network import FEW, Case, ChainContract, NetworkContract
from vizframe.testing.reference import ReferenceNetwork

from .cases import NETS, net_of
from .nets import block_of


class TestHybridBlock(NetworkContract):
    def adapt(self, reference: ReferenceNetwork) -> Network:
        return view(block_of(reference), reference)

    cases = tuple(NETS)
    without_fields = ("tokens", "channels_last")

    def adapt_case(self, case: Case) -> Network:
        return any_view(net_of(case), case.reference.input_shape, others=case.others)


class TestHybridizedBlock(ChainContract):
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
    has_fields = crops = False
    sees_functions = False

    def adapt(self, reference: ReferenceNetwork) -> Network:
        net = Chain(block_of(reference))
        return any_view(net, reference.input_shape, class_names=reference.class_names)

    cases = tuple(NETS)

    def adapt_case(self, case: Case) -> Network:
        net = net_of(case, graph=False)
        return any_view(net, case.reference.input_shape, others=case.others)


class FormatContract(NetworkContract):
    """Nets of another number format, of so many units that oneDNN lays their kernels out anew. What
    is computed is compared in single precision, so their weights have half precision's values."""

    sound = ("colour",)
    dtype: ClassVar[str]

    def net(self, build: Callable[..., ReferenceNetwork], **options: int) -> ReferenceNetwork:
        made = super().net(build, **options)
        operations = {
            name: each.with_parameters(
                {key: v.astype(np.float16).astype(np.float32) for key, v in each.parameters.items()}
            )
            for name, each in made.operations.items()
        }
        return ReferenceNetwork(operations, made.input_shape)

    def adapt(self, reference: ReferenceNetwork) -> Network:
        net = block_of(reference)
        net.cast(self.dtype)
        net.hybridize()
        return view(net, reference)

    cases = tuple(NETS)
    without_fields = ("tokens", "channels_last")

    def adapt_case(self, case: Case) -> Network:
        return cast_case(case, self.dtype, graph=True)


def cast_case(case: Case, dtype: str, *, graph: bool) -> Network:
    net = net_of(case, graph=graph)
    net.cast(dtype)
    return any_view(net, case.reference.input_shape, others=case.others)


class TestHalf(FormatContract):
    dtype, units = "float16", 8


class TestDouble(FormatContract):
    dtype, units = "float64", 64


class TestHalfBlockWithoutAGraph(FormatContract):
    dtype, units = "float16", 8
    follows_rules = has_fields = crops = sees_functions = False

    def adapt(self, reference: ReferenceNetwork) -> Network:
        net = Chain(block_of(reference))
        net.cast(self.dtype)
        return any_view(net, reference.input_shape, class_names=reference.class_names)

    def adapt_case(self, case: Case) -> Network:
        return cast_case(case, self.dtype, graph=False)
