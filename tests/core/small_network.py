"""A small network for climbing: two convolutions, a pooling and a dense layer, random but fixed."""

from __future__ import annotations

import numpy as np

from vizframe.network import FloatArray
from vizframe.network.probe import Normalization, Probe
from vizframe.plugin import Scene
from vizframe.testing.reference import (
    Convolution,
    Dense,
    Flatten,
    MaxPool,
    ReferenceNetwork,
    Relu,
)

SIDE = 14
PIXELS = Normalization(mean=(110.0,), low=0.0, high=255.0)
"""Inputs as the published networks had them: pixels of 0 … 255, less their mean."""


def network(channels: int = 3, seed: int = 0, room: int = 4) -> ReferenceNetwork:
    """conv0 (5 units), relu0, pool0, conv1 (6 units), relu1, flat, dense0 (4 classes)."""
    random = np.random.default_rng(seed)

    def weight(*shape: int) -> FloatArray:
        drawn = random.normal(size=shape) * (2 / np.prod(shape[1:])) ** 0.5
        return drawn.astype(np.float32)

    return ReferenceNetwork(
        {
            "conv0": Convolution(weight(5, channels, 3, 3), np.zeros(5, np.float32)),
            "relu0": Relu(),
            "pool0": MaxPool(2),
            "conv1": Convolution(weight(6, 5, 3, 3), np.zeros(6, np.float32)),
            "relu1": Relu(),
            "flat": Flatten(),
            "dense0": Dense(weight(4, 6 * 4 * 4), np.zeros(4, np.float32)),
        },
        input_shape=(channels, SIDE, SIDE),
        room=room,
    )


def with_bias(net: ReferenceNetwork, layer: str, bias: list[float]) -> ReferenceNetwork:
    """The same network, that layer's bias another."""
    operations = dict(net.operations)
    values = {"bias": np.asarray(bias, np.float32)}
    operations[layer] = operations[layer].with_parameters(values)
    return ReferenceNetwork(operations, net.input_shape, room=4)


def scene(
    net: ReferenceNetwork,
    *layers: str,
    normalization: Normalization = PIXELS,
    seed: int = 0,
    step: int = 0,
) -> Scene:
    """The network as a plugin is shown it, with a probe of one empty image."""
    probe = Probe(np.zeros((1, *net.input_shape), np.float32), normalization=normalization)
    chosen = tuple(net.layer(name) for name in layers)
    return Scene(net, chosen, probe, step=step, seed=seed)
