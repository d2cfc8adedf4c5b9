"""Nets that people write: several inputs, shared layers, recurrent ones, half precision, …"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from vizframe.errors import NetworkError
from vizframe.gluon.compat import mx
from vizframe.gluon.network import GluonNetwork
from vizframe.network import FloatArray, Objective, ReluRule
from vizframe.testing.network_pair import RULES

nn, rnn = mx.gluon.nn, mx.gluon.rnn

SHAPE = (3, 8, 8)
IMAGES: FloatArray = np.random.default_rng(0).standard_normal((2, *SHAPE)).astype(np.float32)


class Net(mx.gluon.HybridBlock):  # type: ignore[misc]  # MXNet ships no types
    """Children by keyword, so that each test reads in one place."""

    def __init__(self, **children: Any) -> None:
        super().__init__()
        with self.name_scope():
            for name, child in children.items():
                setattr(self, name, child)


class Recurrent(Net):
    def hybrid_forward(self, F: Any, images: Any) -> Any:
        rows = F.transpose(F.relu(self.conv(images)), (0, 2, 1, 3)).reshape((0, 0, -1))
        return self.out(self.lstm(rows))


class TimeFirst(Net):
    """A recurrent layer in its default layout, (time, images, …)."""

    def hybrid_forward(self, F: Any, images: Any) -> Any:
        rows = F.transpose(self.conv(images).reshape((0, -3, 0)), (2, 0, 1))
        return self.out(self.gru(rows).slice_axis(axis=0, begin=-1, end=None).reshape((-3, 0)))


class Two(Net):
    def hybrid_forward(self, F: Any, images: Any, extra: Any) -> Any:
        moved = F.broadcast_add(self.conv(images), self.shift(extra).reshape((0, 0, 1, 1)))
        return self.first(moved), F.softmax(self.second(moved))


class Twice(Net):
    def hybrid_forward(self, F: Any, images: Any) -> Any:
        return self.out(F.relu(self.other(self.conv(F.relu(self.conv(images))))))


class Placed(mx.gluon.HybridBlock):  # type: ignore[misc]  # MXNet ships no types
    """Adds a number of its own to every place."""

    def __init__(self) -> None:
        super().__init__()
        self.table = self.params.get("table", shape=(1, 4, 8, 8))

    def hybrid_forward(self, F: Any, features: Any, table: Any) -> Any:
        return F.broadcast_add(features, table)


def ready(net: Any, *inputs: Any) -> Any:
    net.initialize(mx.init.Normal(0.3))
    return net(*(inputs or (mx.nd.array(IMAGES),)))


def test_a_recurrent_layer_has_its_parameters_and_no_constants_beside_it() -> None:
    lstm = rnn.LSTM(5, layout="NTC", bidirectional=True)
    net = Recurrent(conv=nn.Conv2D(4, 3, padding=1), lstm=lstm, out=nn.Dense(3))
    wanted = ready(net).asnumpy()
    network = GluonNetwork.of(net, SHAPE)
    np.testing.assert_allclose(network.scores(IMAGES), wanted, rtol=1e-5, atol=1e-6)
    assert network.layer("lstm").parameters["l0_i2h_weight"] == (20, 32)
    assert network.layer("lstm").shape == (8, 10)
    names = [layer.name for layer in network.layers if not layer.name.startswith("lstm.")]
    assert names == ["conv", "relu0", "transpose0", "reshape0", "lstm", "out"]
    gradient = network.gradient(IMAGES, Objective.of("out", [0, 2])).gradient
    assert abs(gradient).sum() > 0


def test_layers_whose_first_axis_is_time_are_seen_image_by_image() -> None:
    net = TimeFirst(conv=nn.Conv2D(4, 3), gru=rnn.GRU(5), out=nn.Dense(3))
    wanted = ready(net).asnumpy()
    network = GluonNetwork.of(net, SHAPE)
    np.testing.assert_allclose(network.scores(IMAGES), wanted, rtol=1e-5, atol=1e-6)
    assert (network.layer("transpose0").shape, network.layer("gru").shape) == ((6, 24), (6, 5))
    for count in (1, 2, 6):  # as many images as moments, too
        images = np.repeat(IMAGES[:1], count, axis=0) * np.arange(1, count + 1).reshape(-1, 1, 1, 1)
        given = images.astype(np.float32)
        found = network.activations(given, ["gru"])["gru"]
        assert found.shape == (count, 6, 5)
        inner = net.conv(mx.nd.array(given)).reshape((0, -3, 0)).transpose((2, 0, 1))
        own = net.gru(inner).asnumpy()
        np.testing.assert_allclose(found, own.transpose(1, 0, 2), rtol=1e-5, atol=1e-6)
        objective = Objective.of("gru", [4] * count)
        answer = network.gradient(given, objective)
        wanted = own[:, :, 4].mean(axis=0)
        np.testing.assert_allclose(answer.values, wanted, rtol=1e-5, atol=1e-6)
        assert answer.gradient.any(axis=(1, 2, 3)).all()
    at = network.gradient(IMAGES, Objective.of("out", [0, 1]), at="gru").gradient
    assert at.shape == (2, 6, 5)
    assert not at[:, :5].any()
    weight = net.out.weight.data().asnumpy()
    np.testing.assert_allclose(at[:, 5], weight[:2], rtol=1e-5)


def test_several_inputs_and_outputs_are_chosen_by_name() -> None:
    net = Two(conv=nn.Conv2D(4, 3), shift=nn.Dense(4), first=nn.Dense(2), second=nn.Dense(3))
    extra = np.linspace(-1, 1, 5).astype(np.float32)
    repeated = mx.nd.array(np.tile(extra, (2, 1)))
    first, _ = ready(net, mx.nd.array(IMAGES), repeated)
    network = GluonNetwork.of(net, SHAPE, input="images", others={"extra": extra})
    np.testing.assert_allclose(network.scores(IMAGES), first.asnumpy(), rtol=1e-5)
    other = GluonNetwork.of(net, SHAPE, others={"extra": extra}, output="second")
    assert (network.score_layer, other.score_layer) == ("first", "second")
    third = GluonNetwork.of(net, SHAPE, others={"extra": extra}, output=1)
    assert third.score_layer == "second"  # before the softmax
    gradient = other.gradient(IMAGES, Objective.of("second", [0, 2])).gradient
    assert gradient.shape == IMAGES.shape
    shift = network.activations(IMAGES, ["shift"])["shift"]
    np.testing.assert_allclose(shift, net.shift(repeated).asnumpy(), rtol=1e-5)
    with pytest.raises(NetworkError, match="layer 'shift' does not depend on 'images'"):
        network.gradient(IMAGES, Objective.of("shift", [0, 1]))


def test_a_layer_that_is_called_twice_has_two_names_and_one_kernel() -> None:
    conv = nn.Conv2D(3, 3, padding=1, in_channels=3)
    other = nn.Conv2D(3, 3, padding=1, in_channels=3, params=conv.params)
    net = Twice(conv=conv, other=other, out=nn.Dense(2))
    wanted = ready(net).asnumpy()
    network = GluonNetwork.of(net, SHAPE)
    np.testing.assert_allclose(network.scores(IMAGES), wanted, rtol=1e-5, atol=1e-6)
    names = ["conv", "relu0", "conv.call2", "other", "relu1", "out"]
    assert [layer.name for layer in network.layers] == names
    for name in ("conv", "conv.call2", "other"):
        np.testing.assert_array_equal(network.weights(name)["weight"], conv.weight.data().asnumpy())


def test_names_are_the_same_at_every_trace() -> None:
    net = nn.HybridSequential(prefix="")
    net.add(nn.Conv2D(3, 3), nn.HybridLambda(lambda F, x: F.relu(x) + x * 2), nn.Dense(2))
    ready(net)
    first, again = (GluonNetwork.of(net, SHAPE).layers for _ in range(2))
    assert [layer.name for layer in first] == [layer.name for layer in again]


def test_half_precision_is_seen_in_single() -> None:
    net = nn.HybridSequential()
    net.add(nn.Conv2D(4, 3), nn.BatchNorm(), nn.Activation("relu"), nn.Dense(2))
    wanted = ready(net).asnumpy()
    net.cast("float16")
    network = GluonNetwork.of(net, SHAPE)
    np.testing.assert_allclose(network.scores(IMAGES), wanted, rtol=2e-2, atol=2e-2)
    assert network.weights("0")["weight"].dtype == np.float32
    objective = Objective.of("0", [0, 3])
    with network.excitation(objective) as excitation:
        assert excitation.shape == (2, 3, 3, 3)
        cut = np.ascontiguousarray(IMAGES[:, :, 3:6, 3:6])
        values, _ = excitation.evaluate(excitation.ops.to_device(cut))
        whole = network.gradient(IMAGES, objective).values
        np.testing.assert_allclose(excitation.ops.to_numpy(values), whole, rtol=1e-5)


def test_a_sequence_of_blocks_without_a_graph_of_its_own_is_traced() -> None:
    net = nn.Sequential()
    net.add(nn.Conv2D(3, 3), nn.Dense(2))
    wanted = ready(net).asnumpy()
    network = GluonNetwork.of(net, SHAPE)
    np.testing.assert_allclose(network.scores(IMAGES), wanted, rtol=1e-5, atol=1e-6)


class Bounded(Net):
    """A ReLU that gives 1 at most, between two convolutions and behind the last."""

    def hybrid_forward(self, F: Any, images: Any) -> Any:
        inner = self.first(F.clip(images, 0, 1))
        return F.clip(self.last(inner), 0, 1)


@pytest.mark.parametrize("rule", RULES)
def test_a_bounded_relu_follows_the_rules_too(rule: ReluRule) -> None:
    net = Bounded(first=nn.Conv2D(3, 1, in_channels=3), last=nn.Conv2D(3, 1, in_channels=3))
    net.initialize(mx.init.Normal(1.0))
    images = np.random.default_rng(0).standard_normal((24, *SHAPE)).astype(np.float32)
    net(mx.nd.array(images))
    network = GluonNetwork.of(net, SHAPE)
    heads = np.tile([1, -1], 12).astype(np.float32)
    objective = Objective("output", np.arange(24) % 3, "centre", heads)
    found = network.gradient(images, objective, rule=rule)
    first, last = (each.weight.data().asnumpy()[:, :, 0, 0] for each in (net.first, net.last))
    shown = images[:, :, 4, 4]
    answers = (shown.clip(0, 1) @ first.T) @ last.T
    back = np.zeros_like(shown)
    back[np.arange(24), objective.units] = heads
    wanted = gradient_passed(rule, shown, gradient_passed(rule, answers, back) @ last @ first)
    np.testing.assert_allclose(found.gradient[:, :, 4, 4], wanted, rtol=1e-5, atol=1e-6)
    with network.excitation(objective, rule=rule) as excitation:
        assert excitation.shape == (24, 3, 1, 1)
        values, gradient = excitation.evaluate(
            excitation.ops.to_device(np.ascontiguousarray(images[:, :, 4:5, 4:5]))
        )
        np.testing.assert_allclose(excitation.ops.to_numpy(values), found.values, rtol=1e-5)
        part = excitation.ops.to_numpy(gradient)[:, :, 0, 0]
        np.testing.assert_allclose(part, wanted, rtol=1e-5, atol=1e-6)


def gradient_passed(rule: ReluRule, before: FloatArray, gradient: FloatArray) -> FloatArray:
    """What clip(x, 0, 1) passes back by the rule."""
    inside = (before > 0) & (before < 1)
    upward, downward = gradient.clip(0, None), gradient.clip(None, 0)
    outside = np.where(before <= 0, upward, downward)
    chosen = {
        "plain": np.where(inside, gradient, 0),
        "guided": np.where(inside, upward, 0),
        "deconvnet": upward,
        "redirected": np.where(inside, gradient, outside),
    }
    return chosen[rule]


@pytest.mark.parametrize("which", ["a parameter", "statistics"])
def test_what_differs_from_place_to_place_is_never_cropped(which: str) -> None:
    net = nn.HybridSequential()
    net.add(nn.Conv2D(4, 3, padding=1))
    net.add(Placed() if which == "a parameter" else nn.BatchNorm(axis=2))
    net.add(nn.Conv2D(2, 3, padding=1))
    with mx.autograd.record():
        ready(net)
    mx.nd.waitall()
    network = GluonNetwork.of(net, SHAPE)
    objective = Objective.of("2", [0, 1])
    with network.excitation(objective) as excitation:
        assert excitation.shape == (2, *SHAPE)
        values, gradient = excitation.evaluate(excitation.ops.to_device(IMAGES))
        whole = network.gradient(IMAGES, objective)
        np.testing.assert_allclose(excitation.ops.to_numpy(values), whole.values, rtol=1e-4)
        np.testing.assert_allclose(
            excitation.ops.to_numpy(gradient), whole.gradient, rtol=1e-4, atol=1e-6
        )
