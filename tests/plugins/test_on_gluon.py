"""On an MXNet model the plugins make what they make on the reference network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import get_args

import numpy as np
import pytest

from tests.gluon.nets import block_of
from vizframe.gluon.network import GluonNetwork
from vizframe.network.layer import select
from vizframe.plugin import Plugin, Scene
from vizframe.plugin.frame import Frame
from vizframe.plugins.activation import Activation
from vizframe.plugins.deconvolution import Deconvolution
from vizframe.plugins.saliency import Method, Saliency
from vizframe.plugins.weights import Weights
from vizframe.testing.networks import NETWORKS, probe_for
from vizframe.testing.plugin import scene_of

PLUGINS: Mapping[str, Plugin] = {
    "activation": Activation(),
    "deconvolution": Deconvolution(),
    "saliency": Saliency(methods=get_args(Method), samples=2, steps=16),
    "weights": Weights(change=False),
}


def frames(plugin: Plugin, scene: Scene) -> dict[tuple[int, str], Frame]:
    """By the layer's place in the order, as the two name layers differently."""
    order = [layer.name for layer in scene.network.layers]
    made = plugin.visualize(scene)
    return {(order.index(frame.layer), frame.part): frame for frame in made}


@pytest.mark.parametrize("network", ["ordinary", "dead", "one_unit", "colour", "tiny_maps", "flat"])
@pytest.mark.parametrize("name", PLUGINS)
def test_frames_are_those_of_the_reference_network(name: str, network: str) -> None:
    reference = NETWORKS[network]()
    probe = probe_for(reference)
    model = GluonNetwork.of(block_of(reference), reference.input_shape)
    scene = Scene(model, select(model.layers, ["*"]), probe)
    found, wanted = (frames(PLUGINS[name], each) for each in (scene, scene_of(reference, probe)))
    assert list(found) == list(wanted)
    for key, frame in wanted.items():
        assert found[key].signed == frame.signed
        assert_close(found[key].values, frame.values)
        for column, values in frame.columns.items():
            assert_close(found[key].columns[column], values)


@pytest.mark.parametrize("plugin", [Deconvolution(control=True), Saliency(control=True)])
def test_the_control_is_of_the_model_and_leaves_it_as_it_is(plugin: Plugin) -> None:
    reference = NETWORKS["ordinary"]()
    probe = probe_for(reference)
    model = GluonNetwork.of(block_of(reference), reference.input_shape)
    scene = Scene(model, select(model.layers, ["*"]), probe)
    before = model.scores(probe.images)
    made = list(plugin.visualize(scene))
    assert made
    assert all(frame.notes[0].startswith("Control: ") for frame in made)
    assert np.array_equal(model.scores(probe.images), before)


def assert_close(found: object, wanted: object) -> None:
    """Within 1e-4 of the largest value."""
    one, other = np.asarray(found, np.float64), np.asarray(wanted, np.float64)
    assert one.shape == other.shape
    assert abs(one - other).max(initial=0) <= 1e-4 * max(1e-2, abs(other).max(initial=0))
