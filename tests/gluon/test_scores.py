"""Scores are those before the softmax, whatever a net does behind it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from vizframe.attribution.target import are_probabilities
from vizframe.gluon.compat import mx
from vizframe.gluon.graph.graph import Graph
from vizframe.gluon.graph.scores import nearest_name
from vizframe.gluon.view import view
from vizframe.network import Network

nn = mx.gluon.nn
End = Callable[[Any, Any], Any]

FOUND: dict[str, End] = {
    "nothing": lambda F, z: z,
    "softmax": lambda F, z: F.softmax(z),
    "log_softmax": lambda F, z: F.log_softmax(z),
    "sigmoid": lambda F, z: F.sigmoid(z),
    "Activation": lambda F, z: F.Activation(z, act_type="sigmoid"),
    "reshaped": lambda F, z: F.reshape(F.softmax(z), (0, -1)),
    "clipped": lambda F, z: F.clip(F.softmax(z), 1e-7, 1),
    "log": lambda F, z: F.log(F.softmax(z) + 0),
    "times one": lambda F, z: 1.0 * F.identity(F.softmax(z)),
    "all of it": lambda F, z: F.log(F.clip(F.softmax(z).reshape((-1, 4)), 1e-9, 1) / 1),
    "a little added": lambda F, z: F.log(F.maximum(F.softmax(z) + 1e-9, 1e-12)),
    "written out": lambda F, z: shares(F, F.exp(z)),
    "written out, shifted": lambda F, z: written_out(F, z),
    "flat": lambda F, z: F.flatten(F.expand_dims(F.softmax(z), axis=2)),
}


def written_out(F: Any, z: Any) -> Any:
    return shares(F, F.exp(F.broadcast_sub(z, F.max(z, axis=1, keepdims=True))))


def shares(F: Any, values: Any) -> Any:
    return F.broadcast_div(values, F.sum(values, axis=1, keepdims=True))


LOST: dict[str, End] = {
    "averaged": lambda F, z: (F.softmax(z) + F.softmax(z * 2)) / 2,
    "halved": lambda F, z: F.softmax(z) * 0.5,
    "the smallest first": lambda F, z: F.softmin(z),
    "how unlikely": lambda F, z: 1 - F.softmax(z),
}


def ending(end: End, base: type[Any]) -> Any:
    class Net(base):  # type: ignore[misc]  # MXNet ships no types
        def __init__(self) -> None:
            super().__init__()
            with self.name_scope():
                self.conv, self.dense = nn.Conv2D(3, 3), nn.Dense(4)

        def hybrid_forward(self, F: Any, x: Any) -> Any:
            return end(F, self.dense(self.conv(x)))

        if base is mx.gluon.Block:

            def forward(self, x: Any) -> Any:
                assert x.shape
                return self.hybrid_forward(mx.nd, x)

    return Net()


def seen(net: Any) -> Network:
    net.initialize()
    net(mx.nd.ones((1, 2, 6, 6)))
    return view(net, (2, 6, 6))


BASES = pytest.mark.parametrize("base", [mx.gluon.HybridBlock, mx.gluon.Block])
IMAGES = np.random.default_rng(0).random((2, 2, 6, 6)).astype(np.float32)


@BASES
@pytest.mark.parametrize("end", FOUND)
def test_scores_before_the_softmax_are_found(end: str, base: type[Any]) -> None:
    net = ending(FOUND[end], base)
    network = seen(net)
    assert network.score_layer == "dense"
    wanted = net.dense(net.conv(mx.nd.array(IMAGES))).asnumpy()
    np.testing.assert_allclose(network.scores(IMAGES), wanted, rtol=1e-5, atol=1e-6)
    assert not are_probabilities(network)


@pytest.mark.parametrize("end", LOST)
def test_where_they_cannot_be_found_the_network_gives_probabilities(end: str) -> None:
    net = ending(LOST[end], mx.gluon.HybridBlock)
    network = seen(net)
    assert network.score_layer != "dense"
    np.testing.assert_allclose(network.scores(IMAGES), net(mx.nd.array(IMAGES)).asnumpy(), 1e-5)
    assert are_probabilities(network)


def test_an_output_that_is_no_layer_is_named_by_the_layer_that_it_is_made_of() -> None:
    loss = mx.sym.relu(mx.sym.FullyConnected(mx.sym.var("x"), num_hidden=2, name="dense"))
    graph = Graph.of(loss)
    (dense,) = [n for n, node in enumerate(graph.nodes) if node.name == "dense"]
    assert nearest_name(graph, graph.heads[0], {(dense, 0): "last"}) == "last"
    assert nearest_name(graph, graph.heads[0], {}) is None
