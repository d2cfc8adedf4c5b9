"""Small reference networks: an ordinary one, and those that break careless plugins.

ordinary     two convolutions with ReLU and pooling, a dense layer, three classes
strided      pads and strides on an image that is not square, a pool that overlaps
dead         a filter whose ReLU never lets anything through
broken       a filter with NaN weights
exploded     a filter with infinite weights
one_unit     one filter, one class
colour, seven_channels
tiny_maps    maps of one place
flat         a dense layer on the pixels
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from vizframe.network import FloatArray
from vizframe.network.probe import Probe
from vizframe.testing.reference import (
    Convolution,
    Dense,
    Flatten,
    MaxPool,
    ReferenceNetwork,
    Relu,
)

Build = Callable[[], ReferenceNetwork]


def ordinary(
    *, channels: int = 1, units: int = 4, classes: int = 3, side: int = 12, seed: int = 0
) -> ReferenceNetwork:
    """conv 3×3 (padded), ReLU, pool, conv 3×3, ReLU, dense."""
    draw = np.random.default_rng(seed)
    inner = side // 2 - 2
    return ReferenceNetwork(
        {
            "conv0": _convolution(draw, units, channels, pad=1),
            "relu0": Relu(),
            "pool0": MaxPool(2),
            "conv1": _convolution(draw, 2 * units, units),
            "relu1": Relu(),
            "flat": Flatten(),
            "dense0": _dense(draw, classes, 2 * units * inner * inner),
        },
        input_shape=(channels, side, side),
    )


def convolutional(*, side: int = 12, units: int = 4, seed: int = 0) -> ReferenceNetwork:
    """conv 3×3 (padded), ReLU, pool, conv 3×3: for any size, always with the same weights."""
    whole = ordinary(side=side, units=units, seed=seed)
    return ReferenceNetwork(whole.part("conv1"), whole.input_shape)


def strided() -> ReferenceNetwork:
    draw = np.random.default_rng(0)
    return ReferenceNetwork(
        {
            "conv0": _convolution(draw, 5, 3, size=5, stride=2, pad=2),
            "relu0": Relu(),
            "pool0": MaxPool(3, stride=1),
            "conv1": _convolution(draw, 4, 5, stride=2, pad=1),
            "relu1": Relu(),
            "flat": Flatten(),
            "dense0": _dense(draw, 3, 4 * 5 * 4),
        },
        input_shape=(3, 21, 17),
    )


def dead(*, units: int = 4) -> ReferenceNetwork:
    return _with_unit_weights(ordinary(units=units), "conv0", unit=1, weight=0.0, bias=-1.0)


def broken(*, units: int = 4) -> ReferenceNetwork:
    return _with_unit_weights(ordinary(units=units), "conv0", unit=1, weight=float("nan"), bias=0.0)


def exploded() -> ReferenceNetwork:
    return _with_unit_weights(ordinary(), "conv1", unit=0, weight=float("inf"), bias=0.0)


def one_unit() -> ReferenceNetwork:
    return ordinary(units=1, classes=1)


def colour(*, units: int = 4) -> ReferenceNetwork:
    return ordinary(channels=3, units=units)


def seven_channels() -> ReferenceNetwork:
    return ordinary(channels=7)


def tiny_maps() -> ReferenceNetwork:
    draw = np.random.default_rng(0)
    return ReferenceNetwork(
        {
            "conv0": _convolution(draw, 4, 2, size=3),
            "relu0": Relu(),
            "conv1": _convolution(draw, 3, 4, size=1),
            "flat": Flatten(),
            "dense0": _dense(draw, 2, 3),
        },
        input_shape=(2, 3, 3),
    )


def flat() -> ReferenceNetwork:
    draw = np.random.default_rng(0)
    return ReferenceNetwork(
        {"flat": Flatten(), "dense0": _dense(draw, 3, 64)}, input_shape=(1, 8, 8)
    )


NETWORKS: Mapping[str, Build] = {
    "ordinary": ordinary,
    "strided": strided,
    "dead": dead,
    "broken": broken,
    "exploded": exploded,
    "one_unit": one_unit,
    "colour": colour,
    "seven_channels": seven_channels,
    "tiny_maps": tiny_maps,
    "flat": flat,
}

WITH_UNITS: tuple[Callable[..., ReferenceNetwork], ...] = (ordinary, dead, broken, colour)
"""Those that can have another number of units."""

BROKEN = ("broken", "exploded")
"""Those that give NaN or infinities."""


def probe_for(network: ReferenceNetwork, count: int = 3, seed: int = 1) -> Probe:
    """Images in [0, 1] with labels, that nobody can change."""
    draw = np.random.default_rng(seed)
    images = draw.random((count, *network.input_shape)).astype(np.float32)
    images.flags.writeable = False
    classes = network.layers[-1].units
    return Probe(images, labels=np.arange(count, dtype=np.int64) % classes)


def constant_probe(network: ReferenceNetwork, value: float = 0.0, count: int = 2) -> Probe:
    """Images of one value everywhere."""
    images = np.full((count, *network.input_shape), value, np.float32)
    images.flags.writeable = False
    return Probe(images)


def _with_unit_weights(
    network: ReferenceNetwork, layer: str, *, unit: int, weight: float, bias: float
) -> ReferenceNetwork:
    """The network with all weights of one unit set to one value."""
    parameters = network.weights(layer)
    parameters["weight"][unit], parameters["bias"][unit] = weight, bias
    operations = dict(network.operations)
    operations[layer] = operations[layer].with_parameters(parameters)
    return ReferenceNetwork(operations, network.input_shape)


def _convolution(
    draw: np.random.Generator,
    units: int,
    inputs: int,
    *,
    size: int = 3,
    stride: int = 1,
    pad: int = 0,
) -> Convolution:
    weight = draw.standard_normal((units, inputs, size, size)) / np.sqrt(inputs * size * size)
    return Convolution(_float(weight), _float(0.1 * draw.standard_normal(units)), stride, pad)


def _dense(draw: np.random.Generator, units: int, inputs: int) -> Dense:
    weight = draw.standard_normal((units, inputs)) / np.sqrt(inputs)
    return Dense(_float(weight), _float(0.1 * draw.standard_normal(units)))


def _float(values: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> FloatArray:
    return values.astype(np.float32)
