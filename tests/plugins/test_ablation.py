"""Ablation: what the removal of a unit costs, beside a network that never had the unit."""

from __future__ import annotations

import math

import numpy as np
import pytest

from vizframe.errors import PluginError
from vizframe.network.layer import select
from vizframe.network.probe import Probe
from vizframe.plugin import Scene
from vizframe.plugin.frame import Frame
from vizframe.plugins.ablation import Ablation, losses
from vizframe.testing.networks import ordinary, probe_for
from vizframe.testing.reference import Convolution, Dense, ReferenceNetwork

LABELS = np.array([0, 2, 2, 0, 2], np.int64)


def labelled(network: ReferenceNetwork) -> Probe:
    return Probe(probe_for(network, count=5).images, LABELS)


def frames_of(network: ReferenceNetwork, plugin: Ablation, probe: Probe) -> dict[str, Frame]:
    """By layer and part."""
    scene = Scene(network, select(network.layers), probe)
    return {f"{each.layer}/{each.part}": each for each in plugin.visualize(scene)}


def without_unit(network: ReferenceNetwork, layer: str, unit: int) -> ReferenceNetwork:
    """The network whose kernel for this unit is zero: it never had it."""
    operations = dict(network.operations)
    own = operations[layer]
    assert isinstance(own, Convolution | Dense)
    weight, bias = own.parameters["weight"].copy(), own.parameters["bias"].copy()
    weight[unit], bias[unit] = 0, 0
    if isinstance(own, Dense):
        operations[layer] = Dense(weight, bias)
    else:
        operations[layer] = Convolution(weight, bias, pad=own.pad)
    return ReferenceNetwork(operations, network.input_shape)


def loss_of(scores: list[float], label: int) -> float:
    """The slow twin: −log of the softmax, number by number."""
    return math.log(sum(math.exp(each) for each in scores)) - scores[label]


def test_a_unit_costs_what_a_network_without_it_loses() -> None:
    network = ordinary()
    probe = labelled(network)
    found = frames_of(network, Ablation(batch=7), probe)
    before = network.scores(probe.images).tolist()
    for layer in select(network.layers):
        cost, of_class = found[f"{layer.name}/"].values, found[f"{layer.name}/classes"]
        classes = of_class.columns["cost"]
        for unit in range(layer.units):
            after = without_unit(network, layer.name, unit).scores(probe.images).tolist()
            rise = [
                loss_of(b, t) - loss_of(a, t)
                for a, b, t in zip(before, after, LABELS.tolist(), strict=True)
            ]
            assert cost[unit] == pytest.approx(sum(rise) / 5, abs=1e-5)
            assert classes[unit, 0] == pytest.approx((rise[0] + rise[3]) / 2, abs=1e-5)
            assert classes[unit, 2] == pytest.approx((rise[1] + rise[2] + rise[4]) / 3, abs=1e-5)
            assert np.isnan(classes[unit, 1])
            fall = np.mean(before, axis=0) - np.mean(after, axis=0)
            np.testing.assert_allclose(of_class.values[unit], fall, atol=1e-5)


def test_how_many_are_computed_at_once_changes_nothing() -> None:
    network = ordinary()
    probe = labelled(network)
    one, many = (frames_of(network, Ablation(batch=each), probe) for each in (1, 1000))
    for name, frame in one.items():
        np.testing.assert_allclose(frame.values, many[name].values, atol=1e-6)


def test_units_and_images_can_be_fewer() -> None:
    network = ordinary()
    plugin = Ablation(units=2, images=2)
    found = frames_of(network, plugin, labelled(network))
    assert {each.values.shape[0] for each in found.values()} == {2}


def test_without_labels_the_predicted_class_is_asked_for() -> None:
    network = ordinary()
    images = probe_for(network, count=5).images
    predicted = network.scores(images).argmax(axis=1)
    plain = frames_of(network, Ablation(), Probe(images))
    told = frames_of(network, Ablation(), Probe(images, predicted))
    for name, frame in plain.items():
        np.testing.assert_array_equal(frame.values, told[name].values)


def test_labels_that_the_network_has_no_score_for_are_refused() -> None:
    network = ordinary()
    probe = Probe(probe_for(network, count=2).images, np.array([0, 99]))
    with pytest.raises(PluginError, match=r"labels go from 0 to 99; .* they can be 0 to 2"):
        frames_of(network, Ablation(), probe)


def test_a_loss_does_not_overflow() -> None:
    scores = np.array([[1e4, 0.0], [-1e4, 0.0]], np.float32)
    np.testing.assert_allclose(losses(scores, np.array([0, 0])), [0.0, 1e4])
