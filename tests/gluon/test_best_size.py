"""Units that see much of a large input are climbed on images of the best size, and it is said."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from vizframe.ascent.best_size import BEST, at_best_size
from vizframe.ascent.gallery import Question
from vizframe.ascent.pixels import Pixels
from vizframe.ascent.presets import preset
from vizframe.gluon.compat import mx
from vizframe.gluon.network import GluonNetwork
from vizframe.network.probe import Normalization, Probe
from vizframe.plugin import Scene
from vizframe.plugins.gradient_ascent import GradientAscent

nn = mx.gluon.nn
SIDE = 160


def made(*last: Any, side: int = SIDE) -> GluonNetwork:
    """Fields of 5 and of 140 pixels, and what is behind them."""
    net = nn.HybridSequential()
    net.add(nn.Conv2D(4, 5, strides=4, activation="relu"))
    net.add(nn.Conv2D(4, 34, padding=17, activation="relu"), *last)
    net.initialize(mx.init.Xavier())
    net(mx.nd.zeros((1, 1, side, side)))
    return GluonNetwork.of(net, (1, side, side))


def question(network: GluonNetwork, layer: str, **more: Any) -> Question:
    pixels = Pixels.of(Normalization(), 1)
    return Question(network.layer(layer), preset("quick"), pixels, **more)


def test_a_field_that_is_larger_than_the_best_size_is_climbed_on_that() -> None:
    network = made(nn.GlobalAvgPool2D(), nn.Dense(3))
    for layer, seen in (("1", "137 × 137"), ("3", "160 × 160")):
        chosen = at_best_size(network, question(network, layer))
        assert chosen.size == (BEST, BEST)
        assert f"128 × 128 pixels, of {seen}" in chosen.remark


@pytest.mark.parametrize("asked", [{"whole": True}, {"size": (150, 150)}])
def test_what_is_asked_for_is_left(asked: dict[str, Any]) -> None:
    network = made(nn.GlobalAvgPool2D(), nn.Dense(3))
    given = question(network, "1", **asked)
    assert at_best_size(network, given) is given


def test_small_fields_and_small_inputs_are_left() -> None:
    network = made(nn.GlobalAvgPool2D())
    given = question(network, "0")
    assert at_best_size(network, given) is given
    small = made(nn.GlobalAvgPool2D(), nn.Dense(3), side=BEST)
    given = question(small, "3")
    assert at_best_size(small, given) is given


def test_a_network_that_takes_one_size_is_climbed_on_it() -> None:
    network = made(nn.Dense(3))
    given = question(network, "2")
    assert at_best_size(network, given) is given
    mean = question(network, "0", place="mean")  # a map takes any size
    assert at_best_size(network, mean).size == (BEST, BEST)


@pytest.mark.parametrize(("exact", "side"), [(False, 125), (True, 137)])
def test_the_plugin_says_which_it_took(exact: bool, side: int) -> None:
    network = made(nn.GlobalAvgPool2D())
    probe = Probe(np.zeros((1, 1, SIDE, SIDE), np.float32))
    scene = Scene(network, (network.layer("1"),), probe)
    plugin = GradientAscent(iterations=2, units=("1:0",), exact=exact)
    (frame,) = plugin.visualize(scene)
    assert frame.values.shape == (1, side, side)
    assert not any("exact receptive field" in note for note in frame.notes) or exact
    assert any("exact climbs on all of them" in note for note in frame.notes) != exact
