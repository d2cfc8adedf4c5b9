"""Relevance by rewritten gradients is that of the formulas, through BatchNorm and skips too."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from vizframe.gluon.compat import mx
from vizframe.gluon.network import GluonNetwork
from vizframe.gluon.view import view
from vizframe.network import FloatArray, Objective
from vizframe.network.relevance import COMPOSITES, RelevanceNetwork

nn = mx.gluon.nn

SHAPE = (3, 16, 16)
IMAGES = np.random.default_rng(3).standard_normal((3, *SHAPE)).astype(np.float32)
BOX = {"low": (-4.0,) * 3, "high": (4.0,) * 3}


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


class Plain(mx.gluon.Block):  # type: ignore[misc]  # MXNet ships no types
    """A net that no graph can hold: it looks at a number, and adds an array of its own."""

    def __init__(self, net: Any) -> None:
        super().__init__()
        self.net = net

    def forward(self, given: Any) -> Any:
        if given.sum().asscalar() < -1e9:
            return given
        return self.net(given) + mx.nd.zeros((len(given), 4))


def handed_back(net: Any, composite: str) -> tuple[FloatArray, FloatArray]:
    network = view(net, SHAPE)
    assert isinstance(network, RelevanceNetwork)
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


@pytest.mark.parametrize("composite", COMPOSITES)
def test_a_block_without_a_graph_hands_back_the_same(composite: str) -> None:
    net = residual(merged=False)
    (values, found), (others, wanted) = (handed_back(each, composite) for each in (Plain(net), net))
    np.testing.assert_allclose(values, others, rtol=1e-5)
    np.testing.assert_allclose(found, wanted, atol=1e-5 * abs(wanted).max())


class Reshaping(mx.gluon.Block):  # type: ignore[misc]  # likewise
    """Reads its weights in another shape alone, and rows of the images over time."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm, self.out = mx.gluon.rnn.LSTM(6, layout="NTC"), nn.Dense(4)

    def forward(self, given: Any) -> Any:
        assert given.shape
        return self.out(self.lstm(given.reshape((len(given), -1, 16)))[:, -1])


def test_weights_that_are_read_in_another_shape_are_found() -> None:
    mx.random.seed(2)  # of one net in fifteen, epsilon is not small
    net = Reshaping()
    net.initialize()
    net(mx.nd.array(IMAGES))
    values, found = handed_back(net, "epsilon")
    gradient = view(net, SHAPE).gradient(IMAGES, Objective.of("out", [0, 1, 2]))
    np.testing.assert_allclose(values, gradient.values, rtol=1e-5)
    wanted = gradient.gradient * IMAGES
    np.testing.assert_allclose(found, wanted, atol=0.01 * abs(wanted).max())


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


@pytest.mark.parametrize("needed", [set(), {0}, set(range(9))])
def test_what_mxnet_remembers_of_operators_in_python_stays(needed: set[int]) -> None:
    """It goes by the last one's backward dependencies for all of them, a training's own, too."""
    _, wanted = handed_back(residual(merged=True), "epsilon_gamma_box")
    registry = mx.operator._registry
    before, registry.result_deps = registry.result_deps, needed
    try:
        _, found = handed_back(residual(merged=True), "epsilon_gamma_box")
        assert registry.result_deps is needed
    finally:
        registry.result_deps = before
    np.testing.assert_allclose(found, wanted, atol=1e-5 * abs(wanted).max())


class Grouped(nn.HybridSequential):  # type: ignore[misc, name-defined]  # likewise
    """A first convolution of groups, stride and dilation, whose pads do not fill the last step."""

    def __init__(self) -> None:
        super().__init__()
        self.add(nn.Conv2D(8, (3, 2), (3, 2), (1, 0), (2, 1), groups=2, activation="relu"))
        self.add(nn.Flatten(), nn.Dense(4))


@pytest.mark.parametrize("composite", ["epsilon_gamma_box", "epsilon_plus_flat"])
def test_a_first_convolution_of_any_form_hands_back_what_its_score_is(composite: str) -> None:
    net = Grouped()
    net.initialize(mx.init.Normal(0.5))
    images = np.random.default_rng(0).standard_normal((2, 4, 14, 13)).astype(np.float32)
    net(mx.nd.array(images))
    network = view(net, images.shape[1:])
    rules = replace(COMPOSITES[composite], low=(-9.0,) * 4, high=(9.0,) * 4)
    assert isinstance(network, RelevanceNetwork)
    found = network.relevance(images, Objective.of(network.score_layer, [1, 2]), rules)
    np.testing.assert_allclose(
        found.gradient.sum(axis=(1, 2, 3)), found.values, rtol=1e-3, atol=1e-5
    )
