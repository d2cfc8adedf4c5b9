"""Units are the unit axis, and images are the images' axis, wherever a net keeps them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from vizframe.gluon.call import batch_of
from vizframe.gluon.compat import mx
from vizframe.gluon.view import view
from vizframe.network import FloatArray, Network, Objective

nn, rnn = mx.gluon.nn, mx.gluon.rnn


class Net(mx.gluon.HybridBlock):  # type: ignore[misc]  # MXNet ships no types
    """Blocks by name; a subclass says how they are called."""

    def __init__(self, **blocks: Any) -> None:
        super().__init__()
        with self.name_scope():
            for name, block in blocks.items():
                setattr(self, name, block)


class Tokens(Net):
    def hybrid_forward(self, F: Any, x: Any) -> Any:
        rows = F.transpose(F.reshape(self.patches(x), (0, 0, -1)), (0, 2, 1))
        return self.out(F.mean(self.dense(self.norm(rows)), axis=1))


class ChannelsLast(Net):
    def hybrid_forward(self, F: Any, x: Any) -> Any:
        maps = F.transpose(self.patches(x), (0, 2, 3, 1))
        return self.out(self.dense(self.norm(maps)))


class Attention(Net):
    def hybrid_forward(self, F: Any, x: Any) -> Any:
        def heads(rows: Any) -> Any:  # (image, head, time, feature)
            return F.transpose(F.reshape(rows, (0, 0, 2, -1)), (0, 2, 1, 3))

        rows = F.transpose(F.reshape(self.patches(x), (0, 0, -1)), (0, 2, 1))
        asked, known = heads(self.query(rows)), heads(self.key(rows))
        match = F.linalg_gemm2(asked, known, transpose_b=True)
        return self.out(F.linalg_gemm2(F.softmax(match), known))


class Words(Net):
    """(time, image) of words, as MXNet's own word_language_model has them."""

    def hybrid_forward(self, F: Any, x: Any, state: Any) -> Any:
        rows, state = self.rnn(self.words(x), state)
        return self.out(F.reshape(rows, (-1, 6))), state


def ready(net: Any, *arguments: Any) -> tuple[Network, FloatArray, Any]:
    mx.random.seed(1)
    net.initialize(mx.init.Normal(0.5))
    answer = net(*arguments)
    batch = batch_of(net, arguments)
    seen = view(net, batch.inputs.shape[1:], call=batch.call)
    return seen, batch.inputs, answer


IMAGES = mx.nd.array(np.random.default_rng(0).random((3, 3, 16, 20)).astype(np.float32))


def patches() -> Any:
    return nn.Conv2D(8, 4, strides=4)


def assert_gradient(seen: Network, images: FloatArray, layer: str, unit: int) -> None:
    """The value and gradient of a unit's mean are those of its activations."""
    axis = 1 + seen.layer(layer).unit_axis
    objective = Objective.of(layer, [unit] * len(images), "mean")
    found = seen.gradient(images, objective)

    def means(given: FloatArray) -> FloatArray:
        maps = np.moveaxis(seen.activations(given, [layer])[layer], axis, 1)
        mean: FloatArray = maps[:, unit].reshape(len(given), -1).mean(axis=1)
        return mean

    np.testing.assert_allclose(found.values, means(images), rtol=1e-4, atol=1e-5)
    way = np.random.default_rng(1).standard_normal(images.shape).astype(np.float32)
    slope = (means(images + 1e-2 * way) - means(images - 1e-2 * way)) / 2e-2
    own = (found.gradient * way).reshape(len(images), -1).sum(axis=1)
    np.testing.assert_allclose(own, slope, rtol=0.05, atol=2e-3)


def test_units_of_tokens_are_their_features() -> None:
    net = Tokens(
        patches=patches(),
        norm=nn.LayerNorm(),
        dense=nn.Dense(16, flatten=False, activation="relu"),
        out=nn.Dense(3),
    )
    seen, images, answer = ready(net, IMAGES)
    for name, units in (("norm", 8), ("dense", 16)):
        layer = seen.layer(name)
        assert (layer.shape, layer.axes) == ((units, 4, 5), ("unit", "y", "x"))
        assert layer.units == units
    assert seen.layer("dense").parameters["weight"] == (16, 8)
    rows = net.patches(IMAGES).reshape((0, 0, -1)).transpose((0, 2, 1))
    wanted = net.dense(net.norm(rows)).asnumpy().transpose(0, 2, 1).reshape(3, 16, 4, 5)
    found = seen.activations(images, ["dense"])["dense"]
    np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(seen.scores(images), answer.asnumpy(), rtol=1e-4, atol=1e-5)
    assert_gradient(seen, images, "dense", 13)
    at = seen.gradient(images, Objective.of("out", [0, 1, 2]), at="dense").gradient
    assert at.shape == (3, 16, 4, 5)
    weight = net.out.weight.data().asnumpy()
    np.testing.assert_allclose(at[:, :, 1, 2], weight / 20, rtol=1e-4)
    every = seen.gradients(images, Objective.of("out", [0, 1, 2]), ["dense", "patches"])
    np.testing.assert_allclose(every.gradients["dense"], at, rtol=1e-5)
    np.testing.assert_allclose(every.outputs["dense"], wanted, rtol=1e-5, atol=1e-6)


class ClassToken(Net):
    def hybrid_forward(self, F: Any, x: Any) -> Any:
        rows = F.transpose(F.reshape(self.patches(x), (0, 0, -1)), (0, 2, 1))
        first = F.mean(rows, axis=1, keepdims=True)
        rows = self.dense(F.concat(first, rows, dim=1))
        maps = F.reshape(
            F.transpose(F.slice_axis(rows, axis=1, begin=1, end=None), (0, 2, 1)), (0, 0, 4, 5)
        )
        return self.out(self.last(maps))


class Mixer(Net):
    def hybrid_forward(self, F: Any, x: Any) -> Any:
        columns = F.reshape(self.patches(x), (0, 0, -1))
        rows = F.transpose(columns + self.mix(columns), (0, 2, 1))
        return self.out(F.mean(self.dense(rows), axis=1))


def test_what_mixes_tokens_has_units_at_each_channel_which_is_no_time() -> None:
    mix, dense = nn.Dense(20, flatten=False), nn.Dense(6, flatten=False)
    seen, images, _ = ready(Mixer(patches=patches(), mix=mix, dense=dense, out=nn.Dense(3)), IMAGES)
    assert (seen.layer("mix").shape, seen.layer("mix").axes) == ((8, 20), ("place", "unit"))
    assert (seen.layer("dense").shape, seen.layer("dense").axes) == ((6, 4, 5), ("unit", "y", "x"))
    assert_gradient(seen, images, "mix", 7)


def test_tokens_that_are_no_map_are_places_and_a_map_again_where_they_are() -> None:
    """No sequence: once they were shown as one, over a time that there is not."""
    net = ClassToken(
        patches=patches(),
        dense=nn.Dense(6, flatten=False),
        last=nn.BatchNorm(),
        out=nn.Dense(3),
    )
    seen, images, _ = ready(net, IMAGES)
    layer = seen.layer("dense")
    assert (layer.shape, layer.axes, layer.units) == ((21, 6), ("place", "unit"), 6)
    layer = seen.layer("last")
    assert (layer.shape, layer.axes) == ((6, 4, 5), ("unit", "y", "x"))
    assert_gradient(seen, images, "dense", 5)
    assert_gradient(seen, images, "last", 5)


def test_maps_whose_channels_are_last_are_maps() -> None:
    dense = nn.Dense(6, flatten=False)
    net = ChannelsLast(patches=patches(), norm=nn.LayerNorm(), dense=dense, out=nn.Dense(3))
    seen, images, _ = ready(net, IMAGES)
    layer = seen.layer("dense")
    assert (layer.shape, layer.axes) == ((6, 4, 5), ("unit", "y", "x"))
    wanted = net.dense(net.norm(net.patches(IMAGES).transpose((0, 2, 3, 1)))).asnumpy()
    found = seen.activations(images, ["dense"])["dense"]
    np.testing.assert_allclose(found, wanted.transpose(0, 3, 1, 2), rtol=1e-4, atol=1e-5)
    assert_gradient(seen, images, "dense", 5)
    place = Objective("dense", np.array([1, 2, 3]), np.array([[0, 4], [3, 0], [1, 1]]))
    values = seen.gradient(images, place).values
    np.testing.assert_allclose(values, [found[0, 1, 0, 4], found[1, 2, 3, 0], found[2, 3, 1, 1]])


def test_an_attention_has_heads_that_look_from_places_to_places() -> None:
    query, key = (nn.Dense(12, flatten=False) for _ in range(2))
    net = Attention(patches=patches(), query=query, key=key, out=nn.Dense(3))
    seen, images, _ = ready(net, IMAGES)
    (layer,) = [each for each in seen.layers if each.kind == "attention"]
    assert (layer.axes, layer.shape) == (("head", "time", "source"), (2, 20, 20))
    assert layer.units == 2
    found = seen.activations(images, [layer.name])[layer.name]
    np.testing.assert_allclose(found.sum(axis=-1), 1, rtol=1e-5)


@pytest.mark.parametrize("count", [1, 2, 4])
def test_images_that_lie_along_the_second_axis_are_found(count: int) -> None:
    net = Words(words=nn.Embedding(30, 6), rnn=rnn.LSTM(6, 2), out=nn.Dense(30))
    tokens = np.random.default_rng(0).integers(0, 30, (12, count))
    state = [mx.nd.ones((2, count, 6)), mx.nd.zeros((2, count, 6))]
    seen, words, (answer, _) = ready(net, mx.nd.array(tokens), state)
    assert np.array_equal(words, tokens.T)
    shapes = {name: seen.layer(name).shape for name in ("words", "rnn.0", "out")}
    assert shapes == {"words": (12, 6), "rnn.0": (12, 6), "out": (12, 30)}
    assert seen.score_layer == "out"
    found = seen.activations(words, ["out"])["out"]
    wanted = answer.asnumpy().reshape(12, count, 30).transpose(1, 0, 2)
    np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-5)
    more = seen.activations(words[:1].repeat(5, axis=0), ["out"])["out"]
    np.testing.assert_allclose(more[4], found[0], rtol=1e-4, atol=1e-5)


def test_a_net_of_one_input_says_by_its_recurrent_layer_which_axis_is_time() -> None:
    net = nn.HybridSequential()
    net.add(nn.Embedding(30, 6), rnn.GRU(5), nn.Dense(30, flatten=False))
    tokens = np.random.default_rng(0).integers(0, 30, (12, 4))
    seen, words, answer = ready(net, mx.nd.array(tokens))
    assert np.array_equal(words, tokens.T)
    assert seen.layer("1").shape == (12, 5)
    found = seen.activations(words, ["2"])["2"]
    np.testing.assert_allclose(found, answer.asnumpy().transpose(1, 0, 2), rtol=1e-4, atol=1e-5)


def test_filters_over_time_are_units_too() -> None:
    net = nn.HybridSequential()
    net.add(nn.Conv1D(7, 3, activation="relu"), nn.MaxPool1D(), nn.Dense(3))
    seen, inputs, _ = ready(net, mx.nd.ones((2, 4, 20)))
    layer = seen.layer("0")
    assert (layer.axes, layer.shape, layer.units) == (("time", "unit"), (18, 7), 7)
    wanted = net[0](mx.nd.array(inputs)).asnumpy().transpose(0, 2, 1)
    np.testing.assert_allclose(seen.activations(inputs, ["0"])["0"], wanted, rtol=1e-5)


class PlainTokens(mx.gluon.Block):  # type: ignore[misc]  # MXNet ships no types
    """As `Tokens`, but no graph can hold it."""

    def __init__(self) -> None:
        super().__init__()
        with self.name_scope():
            self.patches, self.norm, self.out = patches(), nn.LayerNorm(), nn.Dense(3)
            self.dense = nn.Dense(16, flatten=False, activation="relu")

    def forward(self, x: Any) -> Any:
        maps = self.patches(x)
        rows = maps.reshape((maps.shape[0], maps.shape[1], -1)).transpose((0, 2, 1))
        return self.out(self.dense(self.norm(rows)).mean(axis=1))


def test_units_of_tokens_are_their_features_without_a_graph_too() -> None:
    net = PlainTokens()
    seen, images, _ = ready(net, IMAGES)
    layer = seen.layer("dense")
    assert (layer.shape, layer.axes, layer.units) == ((20, 16), ("place", "unit"), 16)
    rows = net.patches(IMAGES).reshape((0, 0, -1)).transpose((0, 2, 1))
    wanted = net.dense(net.norm(rows)).asnumpy()
    found = seen.activations(images, ["dense"])["dense"]
    np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-6)
    assert_gradient(seen, images, "dense", 13)
    at = seen.gradient(images, Objective.of("out", [0, 1, 2]), at="dense").gradient
    assert at.shape == (3, 20, 16)
    np.testing.assert_allclose(at[:, 7], net.out.weight.data().asnumpy() / 20, rtol=1e-4)
    with seen.excitation(Objective.of("dense", [3, 13])) as excitation:
        given = excitation.ops.to_device(images[:2])
        values, _ = excitation.evaluate(given)
        kept = excitation.ops.to_numpy(values)
    np.testing.assert_allclose(kept, [wanted[0, :, 3].mean(), wanted[1, :, 13].mean()], rtol=1e-4)


class PlainWords(mx.gluon.Block):  # type: ignore[misc]  # MXNet ships no types
    """A Block called with (words, state), which is (image, time) outside and turned inside."""

    def __init__(self) -> None:
        super().__init__()
        with self.name_scope():
            self.rnn, self.dense = rnn.RNN(6, input_size=30), nn.Dense(30)

    def forward(self, words: Any, state: Any) -> Any:
        rows, state = self.rnn(mx.nd.one_hot(words.T, 30), state)
        return self.dense(rows.reshape((-1, rows.shape[-1]))), state


def test_a_block_with_a_state_is_seen_image_by_image() -> None:
    words = np.random.default_rng(0).integers(0, 30, (4, 12))
    net = PlainWords()
    seen, given, (answer, _) = ready(net, mx.nd.array(words), [mx.nd.ones((1, 4, 6))])
    assert np.array_equal(given, words)
    shapes = {layer.name: (layer.shape, layer.axes) for layer in seen.layers}
    assert shapes["rnn.0"] == ((12, 6), ("time", "unit"))
    assert shapes["dense"] == ((12, 30), ("time", "unit"))
    wanted = answer.asnumpy().reshape(12, 4, 30).transpose(1, 0, 2)
    found = seen.activations(given, ["dense"])["dense"]
    np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-5)
