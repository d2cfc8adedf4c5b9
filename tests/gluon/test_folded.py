"""Normalizations folded into convolutions change no picture and no parameter."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from vizframe.ascent.gallery import Question, ascend
from vizframe.ascent.pixels import Pixels
from vizframe.ascent.recipe import Recipe
from vizframe.gluon.compat import mx
from vizframe.gluon.graph.folded import fold_normalizations
from vizframe.gluon.graph.graph import Graph
from vizframe.gluon.network import GluonNetwork
from vizframe.gluon.question import plan
from vizframe.network import Objective
from vizframe.network.probe import Normalization

nn = mx.gluon.nn


class Residual(mx.gluon.HybridBlock):  # type: ignore[misc]  # MXNet ships no types
    """Two branches of convolutions and normalizations, added; one normalization has two readers."""

    def __init__(self, bias: bool, **options: Any) -> None:
        super().__init__()
        self.body = nn.HybridSequential()
        self.body.add(
            nn.Conv2D(8, 3, strides=2, padding=1, use_bias=bias),
            nn.BatchNorm(**options),
            nn.Activation("relu"),
            nn.Conv2D(8, 3, padding=1, groups=2),
            nn.BatchNorm(**options),
        )
        self.side = nn.HybridSequential()
        self.side.add(nn.Conv2D(8, 1, strides=2, use_bias=False), nn.BatchNorm(**options))

    def hybrid_forward(self, F: Any, x: Any) -> Any:
        return F.relu(self.body(x) + self.side(x))


def trained(bias: bool = False, **options: Any) -> Any:
    """A net whose normalizations have gone through a few steps."""
    net = nn.HybridSequential()
    net.add(Residual(bias, **options), Residual(bias, **options))
    net.add(nn.Conv2D(8, 3), nn.BatchNorm(**options))
    net.initialize(mx.init.Normal(0.3))
    trainer = mx.gluon.Trainer(net.collect_params(), "sgd", {"learning_rate": 0.05})
    mx.random.seed(1)
    for _ in range(3):
        step(net, trainer)
    return net


def step(net: Any, trainer: Any) -> None:
    with mx.autograd.record():
        loss = (net(mx.nd.random.normal(1, 2, (4, 3, 24, 20))) ** 2).mean()
    loss.backward()
    trainer.step(1)


def values(net: Any) -> dict[str, Any]:
    return {name: each.data().asnumpy() for name, each in net.collect_params().items()}


@pytest.mark.parametrize("options", [{"bias": True}, {"scale": False}, {"epsilon": 1e-2}])
def test_a_folded_net_gives_the_same_pictures(
    options: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    net = trained(**options)
    before = values(net)

    def drawn() -> list[Any]:
        network = GluonNetwork.of(net, (3, 24, 20))
        recipe = Recipe(4, "progress", rate=100.0, decay=0.01, blur=1.0)
        pixels = Pixels.of(Normalization(), 3)
        asked = [Question(network.layer(name), recipe, pixels) for name in ("1.body.4", "1", "3")]
        return [ascend(network, each, range(8)).outcome for each in asked]

    folded = drawn()
    monkeypatch.setattr(plan, "fold_normalizations", lambda graph: (graph, {}))
    for one, other in zip(folded, drawn(), strict=True):
        assert np.abs(one.images - other.images).max() < 1e-5
        assert one.objective == pytest.approx(other.objective, rel=1e-4, abs=1e-5)
    assert all(np.array_equal(each, before[name]) for name, each in values(net).items())


def test_a_question_is_asked_of_the_weights_and_statistics_as_they_are() -> None:
    net = trained()
    network = GluonNetwork.of(net, (3, 24, 20))
    trainer = mx.gluon.Trainer(net.collect_params(), "sgd", {"learning_rate": 0.5})
    image = np.random.default_rng(0).normal(size=(8, 3, 24, 20)).astype(np.float32)
    objective = Objective.of("1", range(8), "mean")
    seen = []
    for _ in range(3):
        step(net, trainer)
        with network.excitation(objective) as asked:
            value, gradient = asked.evaluate(asked.ops.to_device(image))
            found = asked.ops.to_numpy(value).copy(), asked.ops.to_numpy(gradient).copy()
        wanted = network.gradient(image, objective)
        np.testing.assert_allclose(found[0], wanted.values, rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(found[1], wanted.gradient, rtol=1e-4, atol=1e-6)
        seen.append(found[0])
    assert not np.allclose(seen[0], seen[1])


def test_what_is_read_elsewhere_or_shared_is_not_folded() -> None:
    x = mx.sym.var("data")
    convolution = mx.sym.Convolution(x, kernel=(3, 3), num_filter=4, name="c")
    norm = mx.sym.BatchNorm(convolution, name="n", use_global_stats=True)
    last = mx.sym.BatchNorm(convolution, name="p", axis=2)
    for symbol, count in ((norm, 1), (norm + convolution, 0), (last, 0)):
        graph = Graph.of(symbol)
        assert len(fold_normalizations(graph)[1]) == count
    both = norm + mx.sym.BatchNorm(
        mx.sym.Convolution(x, kernel=(3, 3), num_filter=4, name="d"),
        gamma=norm.get_internals()["n_gamma"],
        name="m",
    )
    assert not fold_normalizations(Graph.of(both))[1]
