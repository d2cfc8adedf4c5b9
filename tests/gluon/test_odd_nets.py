"""Nets as people write them: fed with lists, answering with dicts, drawing, without classes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from vizframe.attribution.target import target
from vizframe.errors import NetworkError
from vizframe.gluon.call import batch_of
from vizframe.gluon.compat import mx
from vizframe.gluon.view import view
from vizframe.network import Network, Objective
from vizframe.network.probe import Probe

nn, autograd = mx.gluon.nn, mx.autograd
IMAGES = np.random.default_rng(0).random((4, 3, 9, 9)).astype(np.float32)


class Two:
    """A convolution and a dense layer."""

    def __init__(self) -> None:
        super().__init__()
        with self.name_scope():  # type: ignore[attr-defined]  # of the Block beside it
            self.conv, self.dense = nn.Conv2D(4, 3, activation="relu"), nn.Dense(3)

    def both(self, x: Any) -> Any:
        return self.dense(self.conv(x))


class Listed(Two, mx.gluon.Block):  # type: ignore[misc]  # MXNet ships no types
    """Its product broadcasts, which MXNet's symbols do not."""

    def forward(self, batch: Any) -> Any:
        x, (scale, shift) = batch
        return self.dense(self.conv(x) * scale.reshape((-1, 1, 1, 1))) + shift


class Optional(Two, mx.gluon.HybridBlock):  # type: ignore[misc]  # MXNet ships no types
    def hybrid_forward(self, F: Any, x: Any, mask: Any = None, scale: Any = None) -> Any:
        maps = self.conv(x)
        return self.dense(maps if mask is None else F.broadcast_mul(maps, mask))


class Told(Two, mx.gluon.HybridBlock):  # type: ignore[misc]  # MXNet ships no types
    def hybrid_forward(self, F: Any, x: Any) -> Any:
        maps = self.conv(x)
        return {"maps": [maps, {"more": maps * 2}], "scores": self.dense(maps)}


class Siamese(Two, mx.gluon.HybridBlock):  # type: ignore[misc]  # MXNet ships no types
    def hybrid_forward(self, F: Any, a: Any, b: Any) -> Any:
        return F.sum(F.square(self.both(a) - self.both(b)), axis=1)


class Detector(Two, mx.gluon.HybridBlock):  # type: ignore[misc]  # MXNet ships no types
    def hybrid_forward(self, F: Any, x: Any) -> Any:
        maps = self.conv(x)
        anchors = F.contrib.MultiBoxPrior(maps, sizes=(0.2,), ratios=(1,))
        return anchors, F.reshape(F.transpose(maps, (0, 2, 3, 1)), (0, -1, 4))


def seen(net: Any, *arguments: Any) -> tuple[Network, Any]:
    mx.random.seed(1)
    net.initialize(mx.init.Normal(0.5))
    answer = net(*arguments)
    batch = batch_of(net, arguments)
    return view(net, batch.inputs.shape[1:], call=batch.call), answer


def array(values: Any) -> Any:
    return mx.nd.array(values)


def test_a_net_fed_with_lists_in_lists() -> None:
    scale = np.array([2.0, 3, 4, 5])
    network, answer = seen(Listed(), (array(IMAGES), [array(scale), 7.0]))
    found = network.scores(np.repeat(IMAGES[:1], 2, axis=0))
    np.testing.assert_allclose(found, answer.asnumpy()[[0, 0]], rtol=1e-5)


@pytest.mark.parametrize("more", [(None, None), (np.full((4, 1, 7, 7), 0.5),), ()])
def test_optional_arguments(more: tuple[Any, ...]) -> None:
    given = [each if each is None else array(each) for each in more]
    network, answer = seen(Optional(), array(IMAGES), *given)
    np.testing.assert_allclose(network.scores(IMAGES), answer.asnumpy(), rtol=1e-4, atol=1e-5)


def test_a_net_that_answers_with_dicts() -> None:
    network, answer = seen(Told(), array(IMAGES))
    found = network.activations(IMAGES, ["dense"])["dense"]
    np.testing.assert_allclose(found, answer["scores"].asnumpy(), rtol=1e-4, atol=1e-5)


def test_one_number_per_image_is_one_unit() -> None:
    network, answer = seen(Siamese(), array(IMAGES), array(IMAGES[::-1]))
    layer = network.layer(network.score_layer)
    assert (layer.shape, layer.units, layer.axes) == ((1,), 1, ("unit",))
    found = network.scores(IMAGES[:1])
    np.testing.assert_allclose(found[0, 0], answer.asnumpy()[0], rtol=1e-4)
    assert network.gradient(IMAGES, Objective.of(layer.name, [0] * 4)).gradient.any()
    assert target(network, Probe(IMAGES), "predicted").classes.tolist() == [0] * 4
    at = network.gradient(IMAGES, Objective.of(layer.name, [0] * 4), at="conv").gradient
    assert at.shape == (4, 4, 7, 7)


def test_scores_are_an_output_that_answers_each_image() -> None:
    network, (_, rows) = seen(Detector(), array(IMAGES))
    assert network.score_layer == "output.1"
    found = network.scores(IMAGES)
    maps = rows.asnumpy().transpose(0, 2, 1).reshape(4, 4, 7, 7)  # the rows are a map's places
    np.testing.assert_allclose(found, maps, rtol=1e-5)
    explained = target(network, Probe(IMAGES), "predicted")
    assert explained.classes.tolist() == found.mean(axis=(2, 3)).argmax(axis=1).tolist()
    assert explained.gradient().gradient.shape == IMAGES.shape


class Drawing(Two, mx.gluon.Block):  # type: ignore[misc]  # MXNet ships no types
    def __init__(self, draw: Callable[[Any], Any]) -> None:
        super().__init__()
        self._draw = draw

    def forward(self, x: Any) -> Any:
        assert x.shape
        maps = self.conv(x)
        return self.dense(maps + self._draw(maps))


DRAWS: dict[str, Callable[[Any], Any]] = {
    "normal": lambda x: mx.nd.random.normal(1, 2, shape=x.shape),
    "random_normal": lambda x: mx.nd.random_normal(1, 2, shape=x.shape),
    "uniform": lambda x: mx.nd.random.uniform(0, 2, shape=x.shape, ctx=x.context),
    "normal_like": lambda x: mx.nd.random.normal_like(x, loc=1),
    "of arrays": lambda x: mx.nd.random.normal(mx.nd.ones_like(x), mx.nd.ones_like(x)),
    "exponential": lambda x: mx.nd.random.exponential(1.0, shape=x.shape),
    "randn": lambda x: mx.nd.random.randn(*x.shape, loc=1.0),
}


@pytest.mark.parametrize("draw", DRAWS)
def test_a_net_without_a_graph_draws_nothing_when_it_is_looked_at(draw: str) -> None:
    net = Drawing(DRAWS[draw])
    mx.random.seed(1)
    net.initialize(mx.init.Normal(0.5))
    net(array(IMAGES))
    mx.random.seed(7)
    wanted = mx.nd.random.uniform(shape=(3,)).asnumpy()
    mx.random.seed(7)
    network = view(net, IMAGES.shape[1:])
    found = network.scores(IMAGES)
    network.gradient(IMAGES, Objective.of("dense", [0, 1, 2, 0]))
    assert np.array_equal(mx.nd.random.uniform(shape=(3,)).asnumpy(), wanted)
    mean = net.dense(net.conv(array(IMAGES)) + 1).asnumpy()
    np.testing.assert_allclose(found, mean, rtol=1e-4, atol=1e-4)
    drawn = [net(array(IMAGES)).asnumpy() for _ in range(2)]  # its own draws are as before
    assert (drawn[0] != drawn[1]).any()


def test_a_draw_whose_mean_is_not_known_is_refused_and_not_made() -> None:
    net = Drawing(lambda x: mx.nd.random.shuffle(x))
    net.initialize()
    net(array(IMAGES))
    with pytest.raises(NetworkError, match="draws random numbers by 'shuffle'"):
        view(net, IMAGES.shape[1:])
