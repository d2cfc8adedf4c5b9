"""Peaks that MXNet finds are those of the maps that it hands out."""

from __future__ import annotations

from typing import Any

import numpy as np

from vizframe.gluon.compat import mx
from vizframe.gluon.view import view
from vizframe.network import FloatArray
from vizframe.network.peaks import FindsPeaks, peaks, peaks_of

nn = mx.gluon.nn
IMAGES: FloatArray = np.random.default_rng(0).standard_normal((5, 1, 12, 12)).astype(np.float32)


def net_of(*blocks: Any) -> Any:
    net = nn.HybridSequential()
    net.add(*blocks)
    net.initialize(mx.init.Xavier())
    net(mx.nd.array(IMAGES))
    return net


def test_peaks_are_the_largest_values_of_the_maps() -> None:
    net = net_of(nn.Conv2D(8, 3), nn.Activation("tanh"), nn.MaxPool2D(), nn.Dense(4))
    network = view(net, IMAGES.shape[1:])
    assert isinstance(network, FindsPeaks)
    names = [layer.name for layer in network.layers]
    maps = network.activations(IMAGES, names)
    found = peaks(network, IMAGES, names)
    for name in names:
        np.testing.assert_array_equal(found[name], peaks_of(maps[name]), err_msg=name)


def test_a_unit_of_nan_alone_has_no_peak() -> None:
    net = net_of(nn.Conv2D(3, 3), nn.Dense(2))
    net[0].bias.data()[1] = np.nan
    network = view(net, IMAGES.shape[1:])
    first = network.layers[0].name
    found = peaks(network, IMAGES, [first])[first]
    assert np.isneginf(found[:, 1]).all()
    assert np.isfinite(found[:, [0, 2]]).all()
