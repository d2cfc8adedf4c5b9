"""Relevance by rewritten gradients is that of the formulas, through BatchNorm and skips too."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests.gluon.nets import block_of
from vizframe.gluon.compat import mx
from vizframe.gluon.network import GluonNetwork
from vizframe.network import FloatArray, Objective
from vizframe.network.relevance import COMPOSITES, RelevanceNetwork
from vizframe.testing.networks import NETWORKS, ordinary, probe_for

nn = mx.gluon.nn

SHAPE = (3, 16, 16)
IMAGES = np.random.default_rng(3).standard_normal((3, *SHAPE)).astype(np.float32)
BOX = {"low": (-4.0,) * 3, "high": (4.0,) * 3}


@pytest.mark.parametrize("composite", COMPOSITES)
@pytest.mark.parametrize("name", ["ordinary", "strided", "dead", "colour", "tiny_maps", "flat"])
def test_chains_are_those_of_the_slow_twin(name: str, composite: str) -> None:
    reference = NETWORKS[name]()
    network = GluonNetwork.of(block_of(reference), reference.input_shape)
    channels = reference.input_shape[0]
    rules = replace(
        COMPOSITES[composite], epsilon=1e-4, low=(-0.5,) * channels, high=(1.0,) * channels
    )
    images = probe_for(reference).images - np.float32(0.3)
    asked = [0, 1, 0]
    wanted = reference.relevance(images, Objective.of(reference.score_layer, asked), rules)
    found = network.relevance(images, Objective.of(network.score_layer, asked), rules)
    np.testing.assert_allclose(found.values, wanted.values, rtol=1e-4, atol=1e-5)
    scale = abs(wanted.gradient).max()
    np.testing.assert_allclose(found.gradient / scale, wanted.gradient / scale, atol=1e-4)


class Block(mx.gluon.HybridBlock):  # type: ignore[misc]  # MXNet ships no types
    """A residual block whose first convolution has a BatchNorm behind it; or is what both are."""

    def __init__(self, *, merged: bool) -> None:
        super().__init__()
        with self.name_scope():
            self.first = nn.Conv2D(8, 3, padding=1, use_bias=merged)
            self.norm = None if merged else nn.BatchNorm()
            self.last = nn.Conv2D(8, 3, padding=1)

    def hybrid_forward(self, F: Any, given: Any) -> Any:
        inner = self.first(given)
        inner = F.relu(inner if self.norm is None else self.norm(inner))
        return F.relu(given + self.last(inner))


def residual(*, merged: bool) -> Any:
    """The same function twice: with a BatchNorm, and with it multiplied into the convolution."""
    net = nn.HybridSequential()
    net.add(nn.Conv2D(8, 3, padding=1), nn.Activation("relu"), nn.MaxPool2D(2))
    net.add(Block(merged=merged), nn.AvgPool2D(2), nn.Flatten(), nn.Dense(4))
    net.initialize()
    net(mx.nd.zeros((1, *SHAPE)))
    draw = np.random.default_rng(0)
    layers = [net[0], net[3].first, net[3].last, net[6]]
    for layer in layers:
        layer.weight.set_data(mx.nd.array(0.3 * draw.standard_normal(layer.weight.shape)))
    for layer in (net[0], net[3].last, net[6]):
        layer.bias.set_data(mx.nd.array(0.1 * draw.standard_normal(layer.bias.shape)))
    gamma, beta, mean, variance = draw.random((4, 8)) + 0.5
    if merged:
        scale = gamma / np.sqrt(variance + 1e-5)
        weight = net[3].first.weight.data().asnumpy() * scale[:, None, None, None]
        net[3].first.weight.set_data(mx.nd.array(weight))
        net[3].first.bias.set_data(mx.nd.array(beta - mean * scale))
    else:
        norm = net[3].norm
        parameters = (norm.gamma, norm.beta, norm.running_mean, norm.running_var)
        for parameter, values in zip(parameters, (gamma, beta, mean, variance), strict=True):
            parameter.set_data(mx.nd.array(values))
    return net


def handed_back(net: Any, composite: str) -> tuple[FloatArray, FloatArray]:
    network = GluonNetwork.of(net, SHAPE)
    rules = replace(COMPOSITES[composite], **BOX)  # type: ignore[arg-type]
    found = network.relevance(IMAGES, Objective.of(network.score_layer, [0, 1, 2]), rules)
    return found.values, found.gradient


@pytest.mark.parametrize("composite", COMPOSITES)
def test_a_batchnorm_behind_a_convolution_is_part_of_it(composite: str) -> None:
    (values, found), (others, wanted) = (
        handed_back(residual(merged=merged), composite) for merged in (False, True)
    )
    np.testing.assert_allclose(values, others, rtol=1e-4)
    np.testing.assert_allclose(found, wanted, atol=2e-4 * abs(wanted).max())


@pytest.mark.parametrize("composite", COMPOSITES)
def test_without_biases_all_of_the_score_arrives_through_skips(composite: str) -> None:
    net = residual(merged=True)
    for parameter in net.collect_params(".*bias").values():
        parameter.set_data(mx.nd.zeros(parameter.shape))
    values, found = handed_back(net, composite)
    np.testing.assert_allclose(found.sum(axis=(1, 2, 3)), values, rtol=0.002, atol=1e-3)


def test_epsilon_alone_is_gradient_times_input() -> None:
    net = residual(merged=False)
    network = GluonNetwork.of(net, SHAPE)
    objective = Objective.of(network.score_layer, [0, 1, 2])
    gradient = network.gradient(IMAGES, objective).gradient
    found = network.relevance(IMAGES, objective, replace(COMPOSITES["epsilon"], epsilon=1e-12))
    np.testing.assert_allclose(found.gradient, gradient * IMAGES, atol=1e-4)


def test_asking_leaves_the_network_as_it_was() -> None:
    net = residual(merged=False)
    before = {name: each.data().asnumpy() for name, each in net.collect_params().items()}
    plain = net(mx.nd.array(IMAGES)).asnumpy()
    handed_back(net, "epsilon_gamma_box")
    for name, each in net.collect_params().items():
        np.testing.assert_array_equal(each.data().asnumpy(), before[name])
    np.testing.assert_array_equal(net(mx.nd.array(IMAGES)).asnumpy(), plain)


def test_gluon_networks_and_the_reference_can_be_asked() -> None:
    assert isinstance(ordinary(), RelevanceNetwork)
    assert isinstance(GluonNetwork.of(residual(merged=True), SHAPE), RelevanceNetwork)
