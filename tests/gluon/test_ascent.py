"""Gradient ascent on MXNet comes to the pictures that the network written out in NumPy gives."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.core.small_network import network, scene
from tests.gluon.nets import block_of
from vizframe.gluon.network import GluonNetwork
from vizframe.plugin import Scene
from vizframe.plugins.class_visualization import ClassVisualization
from vizframe.plugins.gradient_ascent import GradientAscent
from vizframe.testing.reference import ReferenceNetwork


def both(channels: int = 3) -> tuple[Scene, Scene]:
    """The small network twice: in NumPy and in MXNet, all its convolutions to be visualized."""
    slow: ReferenceNetwork = network(channels)
    fast = GluonNetwork.of(block_of(slow), slow.input_shape)
    given = scene(slow, "conv0", "conv1", "dense0")
    layers = tuple(each for each in fast.layers if each.has_kernel)
    return given, replace(given, network=fast, layers=layers)


@pytest.mark.parametrize("channels", [1, 3, 7])
@pytest.mark.parametrize(
    "preset", ["quick", "clear", "yosinski-1", "yosinski-2", "yosinski-3", "yosinski-4", "fourier"]
)
def test_every_recipe_comes_to_the_pictures_of_the_slow_network(preset: str, channels: int) -> None:
    plugin = GradientAscent.configured({"preset": preset, "iterations": 6})
    slow, fast = (list(plugin.visualize(given)) for given in both(channels))
    for one, other in zip(slow, fast, strict=True):
        assert other.values.shape == one.values.shape
        # A pixel at the edge of a percentile may fall on either side of it.
        close = np.isclose(other.values, one.values, atol=0.01)
        assert close.mean() > 0.98
        assert other.columns["objective"] == pytest.approx(one.columns["objective"], rel=0.02)


@pytest.mark.parametrize("preset", ["quick", "clear", "yosinski-4", "lucid"])
def test_the_same_seed_gives_the_same_bits_on_the_device(preset: str) -> None:
    plugin = ClassVisualization.configured({"preset": preset, "iterations": 12})
    _, given = both()
    first, second = (next(plugin.visualize(given)) for _ in range(2))
    assert first.values.tobytes() == second.values.tobytes()


def test_an_ascent_leaves_the_weights_as_they_were() -> None:
    slow = network()
    net = block_of(slow)
    before = {name: each.data().asnumpy() for name, each in net.collect_params().items()}
    fast = GluonNetwork.of(net, slow.input_shape)
    given = replace(scene(slow, "conv0"), network=fast, layers=fast.layers[:1])
    for options in ({}, {"control": True}, {"preset": "lucid"}):
        next(GradientAscent.configured({"iterations": 3, **options}).visualize(given))
    for name, each in net.collect_params().items():
        assert np.array_equal(each.data().asnumpy(), before[name])
