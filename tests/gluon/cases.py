"""The contract's nets that are no chain, as people write them in Gluon: with a graph and without.

Gluon's graphs write nothing in place, and have their functions in ``F``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from vizframe.gluon.compat import mx
from vizframe.testing.cases import Case

nn = mx.gluon.nn

Forward = Callable[..., Any]
"""Of a net, ``F`` and its inputs."""


def layer_of(case: Case, name: str) -> Any:
    given = case.parts[name]
    if "gamma" in given:
        made: Any = nn.BatchNorm(epsilon=1e-5)
    elif given["weight"].ndim == 4:
        patches = case.name == "tokens"
        made = nn.Conv2D(len(given["weight"]), 3, 3 if patches else 1, 0 if patches else 1)
    else:
        made = nn.Dense(len(given["weight"]), flatten=False)
    return made


def fill(net: Any, case: Case) -> None:
    names = {"mean": "running_mean", "variance": "running_var"}
    for name, given in case.parts.items():
        for key, values in given.items():
            parameter = net._children[name]._reg_params[names.get(key, key)]
            parameter.set_data(mx.nd.array(values))


class WithGraph(mx.gluon.HybridBlock):  # type: ignore[misc]  # MXNet ships no types
    def __init__(self, case: Case) -> None:
        super().__init__()
        self._run = NETS[case.name]
        for name in case.parts:
            self.register_child(layer_of(case, name), name)

    def hybrid_forward(self, F: Any, x: Any, *others: Any) -> Any:
        return self._run(self._children, F, x, *others)


class WithScale(WithGraph):
    def hybrid_forward(self, F: Any, x: Any, scale: Any) -> Any:
        return self._run(self._children, F, x, scale)


class WithoutGraph(mx.gluon.Block):  # type: ignore[misc]  # MXNet ships no types
    """The same, which looks at a shape."""

    def __init__(self, case: Case) -> None:
        super().__init__()
        self._run = NETS[case.name]
        for name in case.parts:
            self.register_child(layer_of(case, name), name)
        self.register_child(nn.MaxPool2D(2), "pool")
        self.register_child(nn.Activation("relu"), "relu")

    def run(self, x: Any, *others: Any) -> Any:
        assert x.shape
        return self._run(self._children, Blocks(self._children), x, *others)


class WithoutGraphOfImages(WithoutGraph):
    def forward(self, x: Any) -> Any:
        return self.run(x)


class WithoutGraphOfBoth(WithoutGraph):
    def forward(self, x: Any, scale: Any) -> Any:
        return self.run(x, scale)


class Blocks:
    """``F`` whose pooling and ReLU are blocks, as a net without a graph needs them."""

    def __init__(self, children: Any) -> None:
        self.relu = children["relu"]
        self._pool = children["pool"]

    def Pooling(self, x: Any, **_given: Any) -> Any:
        return self._pool(x)

    def __getattr__(self, name: str) -> Any:
        return getattr(mx.nd, name)


def classified(net: Any, F: Any, maps: Any) -> Any:
    pooled = F.Pooling(F.relu(maps), kernel=(2, 2), stride=(2, 2), pool_type="max")
    return net["out"](F.flatten(pooled))


def train_mode(net: Any, F: Any, x: Any) -> Any:
    maps = F.Dropout(net["norm"](net["conv0"](x)), p=0.4)
    return classified(net, F, maps)


def skip(net: Any, F: Any, x: Any) -> Any:
    x = F.relu(net["conv0"](x))
    return net["out"](F.flatten(F.relu(x + net["conv1"](x))))


def concatenation(net: Any, F: Any, x: Any) -> Any:
    return classified(net, F, F.concat(net["left"](x), net["right"](x), dim=1))


def twice(net: Any, F: Any, x: Any) -> Any:
    x = F.relu(net["conv0"](x))
    for _ in range(2):
        x = F.relu(net["conv1"](x))
    return net["out"](F.flatten(x))


def functional(net: Any, F: Any, x: Any) -> Any:
    return classified(net, F, net["conv0"](x))


def tokens(net: Any, F: Any, x: Any) -> Any:
    x = F.transpose(F.reshape(net["conv0"](x), (0, 0, -1)), (0, 2, 1))
    x = F.relu(net["dense"](x))
    return net["out"](F.flatten(F.transpose(x, (0, 2, 1))))


def channels_last(net: Any, F: Any, x: Any) -> Any:
    x = F.relu(net["dense"](F.transpose(net["conv0"](x), (0, 2, 3, 1))))
    return net["out"](F.flatten(F.transpose(x, (0, 3, 1, 2))))


def several_inputs(net: Any, F: Any, x: Any, scale: Any) -> Any:
    return classified(net, F, net["conv0"](F.broadcast_mul(x, scale)))


NETS: dict[str, Forward] = {
    each.__name__: each
    for each in (
        train_mode,
        skip,
        concatenation,
        twice,
        functional,
        tokens,
        channels_last,
        several_inputs,
    )
}


def net_of(case: Case, *, graph: bool = True) -> Any:
    """The case's net, which has been called once, with its parameters."""
    plain, scaled = (WithGraph, WithScale) if graph else (WithoutGraphOfImages, WithoutGraphOfBoth)
    net = (scaled if case.others else plain)(case)
    net.initialize()
    shape = (1, *case.reference.input_shape)
    others = [mx.nd.array(np.asarray(each)[None]) for each in case.others.values()]
    net(mx.nd.zeros(shape), *others)
    fill(net, case)
    return net
