"""Modules in half and double precision and bfloat16 are seen as those in single precision."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

import numpy as np
import pytest
import torch
from torch import nn

from vizframe.errors import Inapplicable
from vizframe.network import FloatArray, Network, Objective
from vizframe.network.layer import select
from vizframe.network.probe import Probe
from vizframe.network.relevance import COMPOSITES, RelevanceNetwork
from vizframe.plugin import Scene
from vizframe.plugin.frame import Frame
from vizframe.plugin.registry import Registry
from vizframe.torch.view import view

from .device import DEVICE

IMAGES: FloatArray = np.random.default_rng(0).random((3, 3, 12, 12)).astype(np.float32)
QUICK: Mapping[str, Mapping[str, object]] = {
    "gradient_ascent": {"iterations": 2},
    "class_visualization": {"iterations": 2},
    "perturbation": {"masks": 4, "samples": 2},
    "faithfulness": {"points": 2, "squares": 2, "samples": 1},
}
FORMATS = {"half": torch.float16, "bfloat16": torch.bfloat16, "double": torch.float64}


def network(dtype: torch.dtype) -> Network:
    torch.manual_seed(0)
    net = nn.Sequential(
        *(nn.Conv2d(3, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU()),
        *(nn.Conv2d(16, 16, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(400, 4)),
    )
    with torch.no_grad():  # numbers that all formats hold
        for each in net.parameters():
            each.copy_(each.bfloat16().half())
    return view(net.to(DEVICE, dtype), IMAGES.shape[1:])


def assert_alike(found: FloatArray, wanted: FloatArray, share: float = 1e-4) -> None:
    np.testing.assert_allclose(found, wanted, atol=share * max(1e-6, float(abs(wanted).max())))


@pytest.mark.parametrize("name", FORMATS)
def test_questions_are_answered_as_in_single_precision(name: str) -> None:
    found, wanted = network(FORMATS[name]), network(torch.float32)
    assert [each.name for each in found.layers] == [each.name for each in wanted.layers]
    assert [each.receptive_field for each in found.layers] == [
        each.receptive_field for each in wanted.layers
    ]
    assert_alike(found.scores(IMAGES), wanted.scores(IMAGES))
    objective = Objective.of("3", [0, 1, 2], "mean")
    one, other = (each.gradient(IMAGES, objective) for each in (found, wanted))
    assert_alike(one.gradient, other.gradient)
    with found.excitation(Objective.of("3", [0, 1])) as excitation:
        values, _ = excitation.evaluate(excitation.ops.to_device(np.ones(excitation.shape, "f4")))
        assert np.isfinite(excitation.ops.to_numpy(values)).all()
    for composite in COMPOSITES.values():
        asked = IMAGES, Objective.of("7", [0, 1, 2]), composite
        assert isinstance(found, RelevanceNetwork)
        assert isinstance(wanted, RelevanceNetwork)
        assert_alike(found.relevance(*asked).gradient, wanted.relevance(*asked).gradient, 1e-3)


def frames(seen: Network, name: str) -> list[Frame]:
    plugin = Registry.discover().load(name).configured(QUICK.get(name, {}))
    layers = select(seen.layers, ["3", "7"])
    scene = Scene(seen, layers, Probe(IMAGES, labels=np.arange(3)))
    with suppress(Inapplicable):  # those for texts have nothing to show of images
        return list(plugin.visualize(scene))
    return []


# top_images goes through a data set, which this scene has none of.
@pytest.mark.parametrize("plugin", [name for name in Registry.discover() if name != "top_images"])
@pytest.mark.parametrize("name", FORMATS)
def test_every_plugin_draws_what_it_draws_in_single_precision(plugin: str, name: str) -> None:
    drawn = frames(network(FORMATS[name]), plugin)
    for one, other in zip(drawn, frames(network(torch.float32), plugin), strict=True):
        assert_alike(np.asarray(one.values, np.float64), np.asarray(other.values, np.float64), 2e-3)
