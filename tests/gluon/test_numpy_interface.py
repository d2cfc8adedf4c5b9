"""Nets of MXNet's NumPy interface, ``npx.set_np()``, are seen as those of the older one are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from vizframe.gluon import adapter
from vizframe.gluon.compat import mx
from vizframe.gluon.imperative import ImperativeNetwork
from vizframe.gluon.network import GluonNetwork
from vizframe.gluon.semantics import numpy_interface
from vizframe.gluon.view import view
from vizframe.network import Excitation, FloatArray, Network, Objective

nn, autograd = mx.gluon.nn, mx.autograd

SHAPE = (2, 12, 12)
IMAGES: FloatArray = np.random.default_rng(0).standard_normal((3, *SHAPE)).astype(np.float32)


@pytest.fixture(autouse=True)
def _switched_on() -> Iterator[None]:
    with numpy_interface(True):
        yield


class Residual(mx.gluon.HybridBlock):  # type: ignore[misc]  # MXNet ships no types
    """relu(conv(x) + x), in the words of either interface."""

    def __init__(self) -> None:
        super().__init__()
        with self.name_scope():
            self.conv = nn.Conv2D(4, 3, padding=1)

    def hybrid_forward(self, F: Any, features: Any) -> Any:
        added = self.conv(features) + features * 2
        return F.npx.relu(added) if mx.util.is_np_array() else F.relu(added)


class Plain(mx.gluon.Block):  # type: ignore[misc]  # MXNet ships no types
    """A Block whose forward works on arrays alone."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2D(4, 3, activation="relu")
        self.pool = nn.MaxPool2D()
        self.out = nn.Dense(3)

    def forward(self, images: Any) -> Any:
        pooled = self.pool(self.conv(images))
        return self.out(mx.npx.relu(pooled) if mx.util.is_np_array() else mx.nd.relu(pooled))


def chain() -> Any:
    net = nn.HybridSequential()
    net.add(nn.Conv2D(4, 3, activation="relu"), nn.BatchNorm(), nn.MaxPool2D(), Residual())
    net.add(nn.Dense(16, activation="relu"), nn.Dropout(0.5), nn.Dense(3))
    return net


def ready(net: Any) -> Any:
    mx.random.seed(3)
    net.initialize(mx.init.Xavier())
    net(mx.np.array(IMAGES))
    return net


def older_twin(net: Any, kind: Callable[[], Any]) -> Any:
    """The same net, of the older interface."""
    with numpy_interface(False):
        twin = kind()
        twin.initialize()
        twin(mx.nd.array(IMAGES))
        pairs = zip(net.collect_params().values(), twin.collect_params().values(), strict=True)
        for own, other in pairs:
            other.set_data(mx.nd.array(own.data().asnumpy()))
    return twin


def assert_same(found: Network, wanted: Network) -> None:
    """Layer by layer; operators that no block made have names of their own."""
    for layer, twin in zip(found.layers, wanted.layers, strict=True):
        assert (layer.shape, layer.receptive_field) == (twin.shape, twin.receptive_field)
        assert_close(
            found.activations(IMAGES, [layer.name])[layer.name],
            wanted.activations(IMAGES, [twin.name])[twin.name],
        )
        one, other = (Objective.of(each.name, [0, 2, 1]) for each in (layer, twin))
        assert_close(found.gradient(IMAGES, one).gradient, wanted.gradient(IMAGES, other).gradient)
        with found.excitation(one) as first, wanted.excitation(other) as second:
            assert (first.shape, first.exact_field) == (second.shape, second.exact_field)
            for part, own in zip(evaluate_numpy(first), evaluate_numpy(second), strict=True):
                assert_close(part, own)


def evaluate_numpy(excitation: Excitation) -> list[FloatArray]:
    start = np.random.default_rng(1).standard_normal(excitation.shape).astype(np.float32)
    ops = excitation.ops
    return [ops.to_numpy(part) for part in excitation.evaluate(ops.to_device(start))]


def assert_close(found: FloatArray, wanted: FloatArray) -> None:
    np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("on", [True, False])
@pytest.mark.parametrize("hybridized", [True, False])
def test_a_net_with_a_graph_is_seen_as_its_older_twin(hybridized: bool, on: bool) -> None:
    net = ready(chain())
    if hybridized:
        net.hybridize()
        net(mx.np.array(IMAGES))
    with numpy_interface(on):
        network = view(net, SHAPE)
        assert isinstance(network, GluonNetwork)
        assert [layer.operator for layer in network.layers if layer.name == "3"] == ["relu"]
        assert_same(network, view(older_twin(net, chain), SHAPE))
        guided = network.gradient(IMAGES, Objective.of("6", [0, 1, 2]), rule="guided", at="0")
        assert guided.gradient.any()
        assert mx.util.is_np_array() == mx.util.is_np_shape() == on


@pytest.mark.parametrize("on", [True, False])
def test_a_block_without_a_graph_is_seen_as_its_older_twin(on: bool) -> None:
    net = ready(Plain())
    with numpy_interface(on):
        network = view(net, SHAPE)
        assert isinstance(network, ImperativeNetwork)
        assert network.weights("conv")["weight"].shape == (4, 2, 3, 3)
        assert_same(network, view(older_twin(net, Plain), SHAPE))
        with network.randomized(0) as control:
            assert (control.scores(IMAGES) != network.scores(IMAGES)).any()
        assert mx.util.is_np_array() == mx.util.is_np_shape() == on


@pytest.mark.parametrize("kind", [chain, Plain])
def test_a_training_that_is_asked_ends_bit_identical(kind: Callable[[], Any]) -> None:
    ends = []
    for asked in (False, True):
        net = ready(kind())
        trainer = mx.gluon.Trainer(net.collect_params(), "adam", {"learning_rate": 0.01})
        network = view(net, SHAPE)
        for _ in range(3):
            with autograd.record():
                loss = (net(mx.np.array(IMAGES)) ** 2).sum()
            loss.backward()
            if asked:
                with adapter.preserve_state():
                    network.scores(IMAGES)
                    network.gradient(IMAGES, Objective.of(network.score_layer, [0, 1, 2]))
                    assert network.weight_gradients(network.score_layer)["weight"].any()
            trainer.step(3)
        assert mx.util.is_np_array()
        ends.append([each.data().asnumpy() for each in net.collect_params().values()])
        # What is asked afterwards follows the weights.
        answer = net(mx.np.array(IMAGES)).asnumpy()
        assert_close(network.scores(IMAGES), answer)
    for one, other in zip(*ends, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("on", [True, False])
def test_an_exported_net_is_read(on: bool, tmp_path: Path) -> None:
    net = ready(chain())
    net.hybridize()
    wanted = net(mx.np.array(IMAGES)).asnumpy()
    net.export(str(tmp_path / "net"))
    with numpy_interface(on):
        files = tmp_path / "net-symbol.json", tmp_path / "net-0000.params"
        network = GluonNetwork.load(*files, SHAPE)
        assert_close(network.scores(IMAGES), wanted)
