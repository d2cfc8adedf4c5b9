"""Layers are described in the core's words, with and without a graph."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from vizframe.gluon.compat import mx
from vizframe.gluon.graph.graph import Node
from vizframe.gluon.graph.kinds import kind_of
from vizframe.gluon.graph.nonnegative import cannot_be_negative
from vizframe.gluon.view import view
from vizframe.network import Layer

nn = mx.gluon.nn


class Plain(mx.gluon.Block):  # type: ignore[misc]  # MXNet ships no types
    """A chain that no graph can hold, since it looks at a shape."""

    def __init__(self, *blocks: Any) -> None:
        super().__init__()
        for number, block in enumerate(blocks):
            self.register_child(block, str(number))

    def forward(self, value: Any) -> Any:
        assert value.shape
        for block in self._children.values():
            value = block(value)
        return value


def with_graph(*blocks: Any) -> Any:
    net = nn.HybridSequential()
    net.add(*blocks)
    return net


def layers_of(net: Any, shape: tuple[int, ...]) -> tuple[Any, tuple[Layer, ...]]:
    net.initialize()
    net(mx.nd.ones((2, *shape)))
    seen = view(net, shape)
    return seen, tuple(layer for layer in seen.layers if layer.name.isdecimal())


BOTH = pytest.mark.parametrize("make", [with_graph, Plain], ids=["graph", "hooks"])
Make = Callable[..., Any]


@BOTH
def test_blocks_are_of_the_kind_that_they_are(make: Make) -> None:
    net = make(
        nn.Conv2D(4, 3, activation="relu"),
        nn.BatchNorm(),
        nn.PReLU(),
        nn.Conv2DTranspose(6, 3),
        nn.MaxPool2D(),
        nn.Dropout(0.5),
        nn.Flatten(),
        nn.Dense(3),
    )
    _, layers = layers_of(net, (1, 10, 10))
    assert [layer.kind for layer in layers] == [
        "convolution",
        "normalization",
        "activation",
        "transposed convolution",
        "pooling",
        "dropout",
        "reshape",
        "dense",
    ]
    assert [layer.nonnegative for layer in layers] == [True] + 7 * [False]


@BOTH
def test_what_cannot_be_negative_stays_so_through_pools(make: Make) -> None:
    net = make(
        nn.Conv2D(4, 3),
        nn.LeakyReLU(0.0),
        nn.AvgPool2D(),
        nn.Flatten(),
        nn.Dense(3, activation="sigmoid"),
    )
    _, layers = layers_of(net, (1, 10, 10))
    assert [layer.nonnegative for layer in layers] == [False, True, True, True, True]


@BOTH
def test_kernels_are_unit_by_input_however_the_operator_keeps_them(make: Make) -> None:
    net = make(
        nn.Conv2D(4, 3, groups=2),
        nn.Conv2DTranspose(6, (3, 5)),
        nn.Conv2DTranspose(9, 3, groups=3),
    )
    seen, layers = layers_of(net, (2, 10, 10))
    shapes = [(4, 1, 3, 3), (6, 4, 3, 5), (9, 2, 3, 3)]
    assert [layer.parameters["weight"] for layer in layers] == shapes
    assert [seen.weights(layer.name)["weight"].shape for layer in layers] == shapes
    assert all(layer.has_kernel for layer in layers)
    own = list(net._children.values())
    stored = own[1].weight.data().asnumpy()
    found = seen.weights(layers[1].name)["weight"]
    assert np.array_equal(found[2, 3], stored[3, 2])
    grouped, kept = seen.weights(layers[2].name)["weight"], own[2].weight.data().asnumpy()
    assert np.array_equal(grouped[4, 1], kept[3, 1])  # unit 4 is the second of group 1
    with mx.autograd.record():
        loss = net(mx.nd.ones((2, 2, 10, 10))).sum()
    loss.backward()
    assert seen.weight_gradients(layers[2].name)["weight"].shape == shapes[2]


@BOTH
def test_an_embedding_has_a_row_of_words_for_each_unit(make: Make) -> None:
    net = make(nn.Embedding(11, 5), nn.Dense(3))
    seen, layers = layers_of(net, (4,))
    assert layers[0].kind == "embedding"
    assert layers[0].parameters == {"weight": (5, 11)}
    kept = next(iter(net._children.values())).weight.data().asnumpy()
    assert np.array_equal(seen.weights(layers[0].name)["weight"], kept.T)


class Tied(mx.gluon.HybridBlock):  # type: ignore[misc]  # MXNet ships no types
    def __init__(self) -> None:
        super().__init__()
        with self.name_scope():
            self.words = nn.Embedding(11, 5)
            self.scores = nn.Dense(11, in_units=5, flatten=False, params=self.words.params)

    def hybrid_forward(self, F: Any, x: Any) -> Any:
        return self.scores(self.words(x))


def test_a_weight_that_two_layers_share_is_turned_for_one_of_them() -> None:
    seen, _ = layers_of(Tied(), (4,))
    words, scores = seen.weights("words")["weight"], seen.weights("scores")["weight"]
    assert words.shape == (5, 11)
    assert np.array_equal(words.T, scores)


@pytest.mark.parametrize(
    ("operator", "attributes", "kind"),
    [
        ("relu", {}, "activation"),
        ("_maximum_scalar", {"scalar": "0"}, "activation"),
        ("_maximum_scalar", {"scalar": "1"}, "arithmetic"),
        ("clip", {"a_min": "0", "a_max": "6"}, "activation"),
        ("clip", {"a_min": "-1", "a_max": "6"}, "arithmetic"),
        ("_contrib_SyncBatchNorm", {}, "normalization"),
        ("_contrib_BatchNormWithReLU", {}, "normalization"),
        ("_npi_add_scalar", {}, "arithmetic"),
        ("broadcast_mul", {}, "arithmetic"),
        ("_npx_softmax", {}, "softmax"),
        ("mean", {}, "pooling"),
        ("Concat", {}, "join"),
        ("SwapAxis", {}, "reshape"),
        ("Custom", {}, "other"),
    ],
)
def test_operators_are_known_by_any_of_their_names(
    operator: str, attributes: dict[str, str], kind: str
) -> None:
    assert kind_of(Node(operator, "x", attributes)) == kind


@pytest.mark.parametrize(
    ("operator", "attributes", "inputs", "never"),
    [
        ("clip", {"a_min": "0", "a_max": "1"}, [False], True),
        ("clip", {"a_min": "-1", "a_max": "1"}, [True], True),
        ("clip", {"a_min": "-2", "a_max": "-1"}, [True], False),
        ("_maximum_scalar", {"scalar": "0.5"}, [False], True),
        ("_maximum_scalar", {"scalar": "-0.5"}, [False], False),
        ("broadcast_maximum", {}, [True, False], True),
        ("_plus_scalar", {"scalar": "-1"}, [True], False),
        ("_mul_scalar", {"scalar": "3"}, [True], True),
        ("_power_scalar", {"scalar": "2"}, [False], True),
        ("_power_scalar", {"scalar": "3"}, [False], False),
        ("_minus_scalar", {"scalar": "1"}, [True], False),
        ("elemwise_add", {}, [True, False], False),
        ("where", {}, [False, True, True], True),
        ("Pad", {"constant_value": "-1"}, [True], False),
        ("Concat", {}, [True, True], True),
        ("log_softmax", {}, [True], False),
        ("LeakyReLU", {"act_type": "elu"}, [True], True),
        ("zeros_like", {}, [], False),
    ],
)
def test_what_an_operator_gives_is_never_negative_where_that_is_certain(
    operator: str, attributes: dict[str, str], inputs: list[bool], never: bool
) -> None:
    assert cannot_be_negative(Node(operator, "x", attributes), inputs) is never
