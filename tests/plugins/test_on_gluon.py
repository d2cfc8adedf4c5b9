"""On an MXNet model the plugins make what they make on the reference network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

import numpy as np
import pytest

from tests.gluon.nets import block_of
from vizframe.errors import NetworkError
from vizframe.gluon.compat import mx
from vizframe.gluon.network import GluonNetwork
from vizframe.gluon.view import view
from vizframe.network.layer import select
from vizframe.network.probe import Probe
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


class Detector(mx.gluon.HybridBlock):  # type: ignore[misc]  # MXNet ships no types
    """A trunk with two heads, scores and boxes."""

    def __init__(self) -> None:
        super().__init__()
        with self.name_scope():
            self.trunk = mx.gluon.nn.Conv2D(4, 3, padding=1, activation="relu")
            self.boxes = mx.gluon.nn.Conv2D(4, 3)
            self.scores = mx.gluon.nn.Conv2D(5, 1)

    def hybrid_forward(self, F: Any, x: Any) -> Any:
        seen = self.trunk(x)
        return self.scores(seen), self.boxes(seen)


class Plain(mx.gluon.Block):  # type: ignore[misc]  # MXNet ships no types
    """Without a graph."""

    def __init__(self) -> None:
        super().__init__()
        with self.name_scope():
            self.conv = mx.gluon.nn.Conv2D(4, 3, activation="relu")
            self.dense = mx.gluon.nn.Dense(3)

    def forward(self, x: Any) -> Any:
        assert x.shape
        return self.dense(self.conv(x))


def test_cams_are_of_the_layers_that_the_scores_depend_on() -> None:
    found = saliency_of(Detector())
    assert {frame.layer for frame in found if frame.part == "grad_cam"} == {"trunk"}


def test_what_a_network_without_a_graph_cannot_be_asked_is_noted_beside_the_rest() -> None:
    found = saliency_of(Plain())
    assert [(frame.layer, frame.part) for frame in found] == [
        ("dense", "gradient"),
        ("dense", "gradient_input"),
        ("conv", "grad_cam"),
    ]
    for frame in found:
        assert frame.notes[0].startswith("Guided backpropagation is left out: rule is 'guided'")


def test_guided_backpropagation_alone_is_refused_by_a_network_without_a_graph() -> None:
    with pytest.raises(NetworkError, match="rule is 'guided'; it can be 'plain'"):
        saliency_of(Plain(), methods="guided")


def saliency_of(net: Any, **options: object) -> list[Frame]:
    """All frames, of the layers with kernels."""
    net.initialize()
    images = np.random.default_rng(0).random((3, 3, 12, 12)).astype(np.float32)
    net(mx.nd.array(images))
    model = view(net, (3, 12, 12))
    scene = Scene(model, select(model.layers), Probe(images))
    return list(Saliency.configured(options).visualize(scene))
