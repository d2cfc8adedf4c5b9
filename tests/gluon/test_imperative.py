"""Blocks without a graph are asked by hooks, and answer as the same net with a graph does."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from vizframe.errors import NetworkError, UnknownName
from vizframe.gluon.compat import mx
from vizframe.gluon.imperative import ImperativeNetwork
from vizframe.gluon.network import GluonNetwork
from vizframe.gluon.view import view
from vizframe.network import FloatArray, Objective, Place, ReluRule

nn, autograd = mx.gluon.nn, mx.autograd

SHAPE = (2, 10, 10)


class Plain(mx.gluon.Block):  # type: ignore[misc]  # MXNet ships no types
    """A Block whose forward looks at shapes, which no symbol has."""

    def __init__(self) -> None:
        super().__init__(prefix="plain_")
        with self.name_scope():
            self.body = nn.HybridSequential(prefix="body_")
            with self.body.name_scope():
                self.body.add(nn.Conv2D(4, 3, padding=1), nn.BatchNorm(), nn.Activation("relu"))
            self.pool = nn.MaxPool2D()
            self.drop = nn.Dropout(0.5)
            self.dense = nn.Dense(3)

    def forward(self, images: Any) -> Any:
        features = self.drop(self.pool(self.body(images)))
        return self.dense(features.reshape((features.shape[0], -1)))


class Traceable(Plain):
    def forward(self, images: Any) -> Any:
        return self.dense(self.drop(self.pool(self.body(images))))


def make_images(kind: type[Plain]) -> Any:
    mx.random.seed(3)
    net = kind()
    net.initialize(mx.init.Normal(0.3))
    with autograd.record():  # so that the running statistics are not those of the start
        net(mx.nd.random.normal(shape=(8, *SHAPE)))
    net(mx.nd.zeros((1, *SHAPE)))
    return net


@pytest.fixture
def images() -> FloatArray:
    return np.random.default_rng(0).standard_normal((3, *SHAPE)).astype(np.float32)


@pytest.fixture
def pair() -> tuple[Any, ImperativeNetwork, GluonNetwork]:
    net = make_images(Plain)
    twin = Traceable()
    twin.initialize()
    twin(mx.nd.zeros((1, *SHAPE)))
    for own, other in zip(
        net.collect_params().values(), twin.collect_params().values(), strict=True
    ):
        other.set_data(own.data())
    seen, traced = view(net, SHAPE), view(twin, SHAPE)
    assert isinstance(seen, ImperativeNetwork)
    assert isinstance(traced, GluonNetwork)
    return net, seen, traced


def test_layers_are_the_blocks_in_the_order_in_which_they_end(
    pair: tuple[Any, ImperativeNetwork, GluonNetwork],
) -> None:
    _, seen, traced = pair
    names = ["body.0", "body.1", "body.2", "pool", "drop", "dense"]
    assert [layer.name for layer in seen.layers] == names
    for layer in seen.layers:
        twin = traced.layer(layer.name)
        assert (layer.shape, layer.units) == (twin.shape, twin.units)
        assert dict(layer.parameters) == dict(twin.parameters)
    assert seen.layer("body.1").inputs == ("body.0",)
    assert seen.layer("body.0").inputs == ("data",)
    assert (seen.score_layer, seen.input_shape, seen.name) == ("dense", SHAPE, "Plain")


def test_activations_are_those_of_the_graph(
    pair: tuple[Any, ImperativeNetwork, GluonNetwork], images: FloatArray
) -> None:
    _, seen, traced = pair
    names = [layer.name for layer in seen.layers]
    found, wanted = seen.activations(images, names), traced.activations(images, names)
    for name in names:
        np.testing.assert_allclose(found[name], wanted[name], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("place", ["centre", "mean"])
@pytest.mark.parametrize("layer", ["body.0", "body.2", "pool", "dense"])
def test_gradients_are_those_of_the_graph(
    layer: str,
    place: Place,
    pair: tuple[Any, ImperativeNetwork, GluonNetwork],
    images: FloatArray,
) -> None:
    _, seen, traced = pair
    heads = np.array([1, -2, 0.5], np.float32)
    objective = Objective(layer, np.array([0, 1, 2]), place, heads)
    found, wanted = seen.gradient(images, objective), traced.gradient(images, objective)
    np.testing.assert_allclose(found.values, wanted.values, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(found.gradient, wanted.gradient, rtol=1e-5, atol=1e-6)
    with seen.excitation(objective) as excitation:
        values, gradient = excitation.evaluate(excitation.ops.to_device(images))
        assert not excitation.exact_field
        np.testing.assert_allclose(excitation.ops.to_numpy(values), wanted.values, rtol=1e-5)
        np.testing.assert_allclose(
            excitation.ops.to_numpy(gradient), wanted.gradient, rtol=1e-5, atol=1e-6
        )
        answers = excitation.ops.to_numpy(excitation.responses())
        np.testing.assert_allclose(answers[np.arange(3), objective.units], wanted.values, rtol=1e-5)


@pytest.mark.parametrize("inner", ["body.0", "body.2", "pool"])
def test_gradients_at_an_inner_layer_are_those_of_the_graph(
    inner: str, pair: tuple[Any, ImperativeNetwork, GluonNetwork], images: FloatArray
) -> None:
    _, seen, traced = pair
    objective = Objective.of("dense", [0, 1, 2])
    found = seen.gradient(images, objective, at=inner).gradient
    wanted = traced.gradient(images, objective, at=inner).gradient
    np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-6)


def test_asking_leaves_everything_as_it_was(
    pair: tuple[Any, ImperativeNetwork, GluonNetwork], images: FloatArray
) -> None:
    net, seen, _ = pair
    fired: list[object] = []
    net.pool.register_forward_hook(lambda *_: fired.append(1))
    hooks = {id(each): dict(each._forward_hooks) for each in (net, net.pool, net.body)}
    with autograd.record():
        loss = net(mx.nd.array(images)).sum()
    loss.backward()
    fired.clear()
    parameters = net.collect_params().values()
    arrays = [parameter.data() for parameter in parameters]
    values = [array.asnumpy() for array in arrays]
    gradients = [p.grad().asnumpy() for p in parameters if p.grad_req != "null"]

    seen.gradient(images, Objective.of("dense", [0, 1, 2]), at="pool")
    with seen.randomized(0) as control:
        assert (control.scores(images) != seen.scores(images)).any()
    with pytest.raises(NetworkError):
        seen.scores(images[:, :, 1:, 1:])

    assert [parameter.data() for parameter in parameters] == arrays
    for array, before in zip(arrays, values, strict=True):
        np.testing.assert_array_equal(array.asnumpy(), before)
    after = [p.grad().asnumpy() for p in parameters if p.grad_req != "null"]
    for one, other in zip(after, gradients, strict=True):
        np.testing.assert_array_equal(one, other)
    assert {id(e): dict(e._forward_hooks) for e in (net, net.pool, net.body)} == hooks
    assert not fired
    assert not autograd.is_recording()


def test_what_needs_a_graph_is_refused_with_the_reason(
    pair: tuple[Any, ImperativeNetwork, GluonNetwork], images: FloatArray
) -> None:
    _, seen, _ = pair
    objective = Objective.of("dense", [0, 1, 2])
    rules: tuple[ReluRule, ...] = ("guided", "deconvnet", "redirected")
    for rule in rules:
        expected = f"rule is '{rule}'; it can be 'plain', as no ReLU .* Plain cannot be traced"
        with pytest.raises(NetworkError, match=expected):
            seen.gradient(images, objective, rule=rule)
        with pytest.raises(NetworkError, match=expected), seen.excitation(objective, rule=rule):
            pass


class Pooled(Plain):
    def forward(self, images: Any) -> Any:
        pooled = mx.nd.Pooling(images, kernel=(2, 2), stride=(2, 2), pool_type="max")
        return self.dense(self.body(pooled).reshape((images.shape[0], -1)))


def test_a_maximum_whose_gradient_mxnet_gets_wrong_is_refused(images: FloatArray) -> None:
    net = Pooled()
    net.initialize()
    net(mx.nd.zeros((1, *SHAPE)))
    seen = view(net, SHAPE)
    assert seen.scores(images).shape == (3, 3)
    with pytest.raises(NetworkError, match=r"takes maxima by mx\.nd\.Pooling.*make it a block"):
        seen.gradient(images, Objective.of("dense", [0, 1, 2]))


def test_children_of_a_hybridized_child_are_layers_too(images: FloatArray) -> None:
    net = make_images(Plain)
    names = [layer.name for layer in view(net, SHAPE).layers]
    wanted = view(net, SHAPE).gradient(images, Objective.of("dense", [0, 1, 2]))
    net.hybridize()
    net(mx.nd.zeros((1, *SHAPE)))
    seen = view(net, SHAPE)
    assert [layer.name for layer in seen.layers] == names
    found = seen.gradient(images, Objective.of("dense", [0, 1, 2]))
    np.testing.assert_array_equal(found.gradient, wanted.gradient)
    assert net.body._active


class Activated(mx.gluon.Block):  # type: ignore[misc]  # MXNet ships no types
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2D(4, 3, activation="relu")
        self.dense = nn.Dense(3)

    def forward(self, images: Any) -> Any:
        features = self.conv(images)
        return self.dense(features.reshape((features.shape[0], -1)))


def test_a_layer_with_an_activation_of_its_own_keeps_its_name_and_weights(
    images: FloatArray,
) -> None:
    net = Activated()
    net.initialize()
    wanted = mx.nd.relu(net.conv(mx.nd.array(images))).asnumpy()
    net(mx.nd.array(images))
    seen = view(net, SHAPE)
    assert [layer.name for layer in seen.layers] == ["conv", "dense"]
    assert seen.layer("conv").has_kernel
    assert seen.layer("conv").inputs == ("data",)
    assert seen.weights("conv")["weight"].shape == (4, 2, 3, 3)
    np.testing.assert_array_equal(seen.activations(images, ["conv"])["conv"], wanted)
    assert seen.gradient(images, Objective.of("dense", [0, 1, 2]), at="conv").gradient.any()


def test_what_is_not_there_is_named(
    pair: tuple[Any, ImperativeNetwork, GluonNetwork], images: FloatArray
) -> None:
    _, seen, _ = pair
    with pytest.raises(UnknownName, match="layer 'dence' is not known; it can be 'dense'"):
        seen.activations(images, ["dence"])
    with pytest.raises(NetworkError, match="layer 'pool' does not depend on layer 'dense'"):
        seen.gradient(images, Objective.of("pool", [0, 1, 2]), at="dense")
    with pytest.raises(NetworkError, match="has 2 units for 3 images"):
        seen.gradient(images, Objective.of("dense", [0, 1]))


def test_weights_and_their_gradients_are_the_net_s_own(
    pair: tuple[Any, ImperativeNetwork, GluonNetwork],
) -> None:
    net, seen, _ = pair
    with autograd.record():
        loss = net(mx.nd.ones((2, *SHAPE))).sum()
    loss.backward()
    np.testing.assert_array_equal(
        seen.weights("dense")["weight"], net.dense.weight.data().asnumpy()
    )
    gradients = seen.weight_gradients("dense")
    np.testing.assert_array_equal(gradients["bias"], net.dense.bias.grad().asnumpy())
    assert seen.weights("pool") == {}


def test_room_shrinks_with_larger_images(
    pair: tuple[Any, ImperativeNetwork, GluonNetwork],
) -> None:
    net, _, _ = pair
    tight = view(net, SHAPE, memory=1 << 20)
    assert tight.batch_size("dense", size=(100, 100)) < tight.batch_size("dense")


@pytest.mark.parametrize("units", [4, 8, 32])
@pytest.mark.parametrize("dtype", ["float16", "float64"])
def test_other_precisions_are_asked_in_single(dtype: str, units: int) -> None:
    """Of eight units and more, oneDNN lays the copies out anew, and refuses to be written to."""
    net = Activated()
    net.conv = nn.Conv2D(units, 3, activation="relu")
    net.initialize()
    net(mx.nd.ones((1, *SHAPE)))
    wanted = net(mx.nd.ones((2, *SHAPE))).asnumpy()
    net.cast(dtype)
    seen = view(net, SHAPE)
    ones = np.ones((2, *SHAPE), np.float32)
    for _ in range(3):
        np.testing.assert_allclose(seen.scores(ones), wanted, rtol=1e-2, atol=1e-3)
        assert seen.gradient(ones, Objective.of("dense", [0, 1])).gradient.any()
        with seen.excitation(Objective.of("conv", [0, 1])) as excitation:
            excitation.evaluate(excitation.ops.to_device(ones))


class Detector(Plain):
    """Gives anchors, which belong to no image, its scores, and what it was given beside them."""

    def forward(self, images: Any) -> Any:
        maps = self.body(images)
        anchors = mx.contrib.nd.MultiBoxPrior(maps, sizes=[0.5], ratios=[1])
        state = mx.nd.ones((images.shape[0], 2))
        return anchors, self.dense(maps.reshape((maps.shape[0], -1))), [state]


def test_of_several_outputs_the_scores_are_those_of_each_image(images: FloatArray) -> None:
    seen = view(make_images(Detector), SHAPE)
    assert isinstance(seen, ImperativeNetwork)
    scores = seen.scores(images)
    assert scores.shape == (3, 3)
    asked = Objective(seen.score_layer, np.array([0, 1, 2]), "mean")
    assert np.allclose(seen.gradient(images, asked).values, np.diag(scores))
