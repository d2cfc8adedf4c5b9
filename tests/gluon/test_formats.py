"""Nets in half and double precision answer every question, again and again, as those in single.

oneDNN lays out kernels of eight units and more anew when it computes with them, and MXNet refuses
to write into such an array: four units hide what eight show.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import numpy as np
import pytest

from vizframe.errors import Inapplicable
from vizframe.gluon.adapter import network
from vizframe.gluon.compat import mx
from vizframe.network import Network, Objective
from vizframe.network.layer import select
from vizframe.network.probe import Probe
from vizframe.network.relevance import COMPOSITES, RelevanceNetwork
from vizframe.plugin import Scene
from vizframe.plugin.frame import Frame
from vizframe.plugin.registry import Registry

nn = mx.gluon.nn

IMAGES = np.random.default_rng(0).random((3, 3, 12, 12)).astype(np.float32)
QUICK: Mapping[str, Mapping[str, object]] = {
    "gradient_ascent": {"iterations": 2},
    "class_visualization": {"iterations": 2},
    "perturbation": {"masks": 4, "samples": 2},
    "faithfulness": {"points": 2, "squares": 2, "samples": 1},
}


def pair(units: int, dtype: str) -> tuple[Any, Network, Network]:
    """A net in this format, its view, and that of the same weights in single precision."""
    views = []
    for kept in ("float32", dtype):
        net = nn.HybridSequential()
        net.add(nn.Conv2D(units, 3, padding=1), nn.BatchNorm(), nn.Activation("relu"))
        net.add(nn.Conv2D(units, 3), nn.Activation("relu"), nn.MaxPool2D(2), nn.Dense(4))
        net.initialize()
        net(mx.nd.array(IMAGES))
        draw = np.random.default_rng(1)
        for parameter in net.collect_params(".*weight|.*bias|.*beta").values():
            values = (0.2 * draw.standard_normal(parameter.shape)).astype(np.float16)
            parameter.set_data(mx.nd.array(values))
        net.cast(kept)
        net.hybridize()
        views.append(network(net, IMAGES))
    return net, views[1], views[0]


@pytest.mark.parametrize("units", [4, 8, 32, 64])
@pytest.mark.parametrize("dtype", ["float16", "float64"])
def test_questions_are_answered_again_and_again(units: int, dtype: str) -> None:
    net, found, wanted = pair(units, dtype)
    objective = Objective.of("3", [0, 1, 2], "mean")
    for _ in range(3):
        np.testing.assert_allclose(found.scores(IMAGES), wanted.scores(IMAGES), atol=1e-4)
        one, other = (each.gradient(IMAGES, objective) for each in (found, wanted))
        np.testing.assert_allclose(one.gradient, other.gradient, atol=1e-4)
        with found.excitation(Objective.of("3", [0, 1, 2])) as excitation:
            values, _ = excitation.evaluate(
                excitation.ops.to_device(np.zeros(excitation.shape, np.float32))
            )
            assert np.isfinite(excitation.ops.to_numpy(values)).all()
        assert isinstance(found, RelevanceNetwork)
        assert isinstance(wanted, RelevanceNetwork)
        asked = IMAGES, Objective.of(found.score_layer, [0, 1, 2]), COMPOSITES["epsilon_plus"]
        np.testing.assert_allclose(
            found.relevance(*asked).gradient, wanted.relevance(*asked).gradient, atol=1e-3
        )
    assert net[0].weight.data().dtype == np.dtype(dtype)


def frames(seen: Network, name: str) -> list[Frame]:
    plugin = Registry.discover().load(name).configured(QUICK.get(name, {}))
    layers = select(seen.layers, ["3", "6"])
    scene = Scene(seen, layers, Probe(IMAGES, labels=np.arange(3)))
    with suppress(Inapplicable):  # those for texts have nothing to show of images
        return list(plugin.visualize(scene))
    return []


# top_images goes through a data set, which this scene has none of.
@pytest.mark.parametrize("name", [name for name in Registry.discover() if name != "top_images"])
@pytest.mark.parametrize("dtype", ["float16", "float64"])
def test_every_plugin_draws_what_it_draws_in_single_precision(name: str, dtype: str) -> None:
    _, found, wanted = pair(16, dtype)
    first, again, plain = frames(found, name), frames(found, name), frames(wanted, name)
    for one, two, other in zip(first, again, plain, strict=True):
        np.testing.assert_array_equal(one.values, two.values)
        drawn, alike = (np.asarray(each.values, np.float64) for each in (one, other))
        np.testing.assert_allclose(drawn, alike, atol=2e-3 * max(1e-6, float(abs(alike).max())))
