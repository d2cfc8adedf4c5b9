"""A deconvnet's way back, operator by operator, gives what a pass through the whole image gives."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vizframe.attribution.fields import place_gradients
from vizframe.gluon.compat import mx
from vizframe.gluon.network import GluonNetwork
from vizframe.network import FloatArray, Objective, ProjectsBack
from vizframe.network.layer import Layer

from .test_fields import STEPS, Step, net_of

nn = mx.gluon.nn
SIDE, IMAGES, QUESTIONS = 21, 3, 7


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=st.lists(STEPS, max_size=4), seed=st.integers(0, 99))
def test_of_random_chains(steps: list[Step], seed: int) -> None:
    net = net_of(steps)
    try:
        net(mx.nd.zeros((1, 2, SIDE, SIDE)))
    except (mx.MXNetError, ValueError):
        return  # the chain is deeper than the image: no such net can be trained
    refuse_differences(net, seed)


class Every(mx.gluon.HybridBlock):  # type: ignore[misc]  # MXNet ships no types
    """Operators of each kind: known ones, those that look at the image, and those that move it."""

    def __init__(self) -> None:
        super().__init__()
        with self.name_scope():
            self.first = nn.Conv2D(6, 5, strides=2, padding=1, use_bias=False)
            self.norm = nn.BatchNorm()
            self.depthwise = nn.Conv2D(6, 3, padding=1, groups=6)
            self.swish = nn.Swish()
            self.prelu = nn.PReLU()
            self.gate = nn.Conv2D(6, 1, activation="sigmoid")
            self.dense = nn.Dense(5, activation="relu")
            self.scores = nn.Dense(3)

    def hybrid_forward(self, F: Any, x: Any) -> Any:
        seen = self.swish(self.norm(self.first(x)))
        low = F.clip(self.depthwise(seen), 0, 6)
        both = F.concat(low, F.tanh(seen), dim=1)
        left, right = F.split(both, num_outputs=2, axis=1)
        pooled = F.Pooling(left + self.prelu(right), kernel=(3, 3), stride=(2, 2), pad=(1, 1))
        squeezed = F.mean(pooled, axis=(2, 3), keepdims=True)
        scaled = F.broadcast_mul(pooled, self.gate(squeezed))
        return self.scores(self.dense(F.LeakyReLU(scaled, slope=0.1)))


@pytest.mark.parametrize("seed", [0, 1])
def test_of_every_kind_of_operator(seed: int) -> None:
    refuse_differences(Every(), seed)


def test_images_that_do_not_fit_into_memory_together_go_forward_in_turn() -> None:
    network, images = made(Every(), 0, memory=40_000)
    refuse_difference(network, images, network.layer("scores"), np.random.default_rng(3))


def test_batches_of_questions_give_what_all_at_once_give() -> None:
    net = nn.HybridSequential()
    net.add(nn.Conv2D(8, 3, activation="relu"), nn.MaxPool2D(), nn.Conv2D(16, 3))
    network, images = made(net, 0)
    cramped = GluonNetwork.of(net, images.shape[1:], memory=1)
    draw = np.random.default_rng(0)
    objective, chosen = questions(network.layer("2"), draw)
    whole, parts = (project(each, images, chosen, objective) for each in (network, cramped))
    assert np.allclose(whole, parts, atol=1e-6)


def test_a_network_whose_weights_change_is_answered_anew() -> None:
    net = nn.HybridSequential()
    net.add(nn.Conv2D(4, 3, activation="relu"), nn.MaxPool2D(), nn.Conv2D(4, 3))
    network, images = made(net, 0)
    objective, chosen = questions(network.layer("2"), np.random.default_rng(0))
    before = project(network, images, chosen, objective)
    net[0].weight.set_data(-net[0].weight.data())
    assert not np.allclose(project(network, images, chosen, objective), before)
    refuse_difference(network, images, network.layer("2"), np.random.default_rng(0))


def test_nothing_of_the_model_changes() -> None:
    net = Every()
    network, images = made(net, 0)
    before = {name: each.data().asnumpy() for name, each in net.collect_params().items()}
    for layer in network.layers:
        refuse_difference(network, images, layer, np.random.default_rng(0))
    for name, each in net.collect_params().items():
        assert np.array_equal(each.data().asnumpy(), before[name])
        if each.grad_req != "null":
            assert not each.grad().asnumpy().any()


def refuse_differences(net: Any, seed: int) -> None:
    """Ask about each layer of the net at places of its own."""
    network, images = made(net, seed)
    draw = np.random.default_rng(seed)
    for layer in network.layers:
        refuse_difference(network, images, layer, draw)


def refuse_difference(
    network: GluonNetwork, images: FloatArray, layer: Layer, draw: np.random.Generator
) -> None:
    objective, chosen = questions(layer, draw)
    wanted = network.gradient(images[chosen], objective, rule="deconvnet").gradient
    if not np.isfinite(wanted).all():
        return  # a window without any pixel, see test_fields
    found = project(network, images, chosen, objective)
    assert abs(found - wanted).max() <= 1e-4 * max(abs(wanted).max(), 1e-6), layer.name


def questions(layer: Layer, draw: np.random.Generator) -> tuple[Objective, np.ndarray[Any, Any]]:
    shape = layer.shape[1:] if layer.is_spatial else (1, 1)
    places = np.stack([draw.integers(0, length, QUESTIONS) for length in shape], axis=1)
    gradients = draw.random(QUESTIONS).astype(np.float32)
    units = draw.integers(0, layer.units, QUESTIONS)
    chosen = draw.integers(0, IMAGES, QUESTIONS)
    return Objective(layer.name, units, places, gradients), chosen


def project(
    network: GluonNetwork, images: FloatArray, chosen: np.ndarray[Any, Any], objective: Objective
) -> FloatArray:
    """Every question's gradient on the whole image."""
    assert isinstance(network, ProjectsBack)
    assert network.project_back(images, chosen, objective) is not None
    whole = np.zeros((len(chosen), *images.shape[1:]), np.float32)
    for piece in place_gradients(network, images, chosen, objective, rule="deconvnet"):
        (top, left), (height, width) = piece.corner, piece.values.shape[1:]
        rows, columns = np.arange(top, top + height), np.arange(left, left + width)
        y, x = (rows >= 0) & (rows < SIDE), (columns >= 0) & (columns < SIDE)
        part = piece.values[:, y][:, :, x]
        assert abs(piece.values).sum() == pytest.approx(abs(part).sum(), rel=1e-4)
        whole[piece.question][:, rows[y][:, None], columns[x]] = part
    return whole


def made(net: Any, seed: int, **options: Any) -> tuple[GluonNetwork, FloatArray]:
    """The network with random parameters and statistics, and images."""
    mx.random.seed(seed)
    net.initialize(mx.init.Uniform(0.5), force_reinit=True)
    images = np.random.default_rng(seed).random((IMAGES, 2, SIDE, SIDE)).astype(np.float32)
    net(mx.nd.array(images))
    for name, each in net.collect_params().items():
        if name.endswith(("gamma", "running_var", "running_mean")):
            each.set_data(mx.nd.random.uniform(0.5, 1.5, shape=each.shape))
    return GluonNetwork.of(net, images.shape[1:], **options), images
