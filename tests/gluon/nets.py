"""Gluon blocks that the tests of this room share."""

from __future__ import annotations

from typing import Any

from vizframe.gluon.compat import mx
from vizframe.testing.reference import (
    Convolution,
    Dense,
    Flatten,
    MaxPool,
    ReferenceNetwork,
    Relu,
)
from vizframe.testing.reference_ops import Operation

nn = mx.gluon.nn


def block_of(reference: ReferenceNetwork) -> Any:
    """The reference network as a HybridSequential, with the same weights."""
    net = nn.HybridSequential()
    for operation in reference.operations.values():
        net.add(_layer(operation))
    net.initialize()
    net(mx.nd.zeros((1, *reference.input_shape)))
    for layer, operation in zip(net, reference.operations.values(), strict=True):
        for name, values in operation.parameters.items():
            layer._reg_params[name].set_data(mx.nd.array(values))
    return net


def _layer(operation: Operation) -> Any:
    match operation:
        case Convolution():
            units, _, *size = operation.weight.shape
            return nn.Conv2D(units, tuple(size), operation.stride, operation.pad)
        case Dense():
            return nn.Dense(operation.weight.shape[0], flatten=False)
        case MaxPool():
            return nn.MaxPool2D(operation.size, operation.stride)
        case Flatten():
            return nn.Flatten()
        case Relu():
            return nn.Activation("relu")
        case _:
            raise TypeError(operation)
