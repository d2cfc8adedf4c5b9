"""Layers whose weight is computed, whose kernel lies in padding, that pass no gradient, and nets
that take one number of images alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from vizframe.errors import NetworkError
from vizframe.gluon.call import batch_of
from vizframe.gluon.compat import mx
from vizframe.gluon.view import view
from vizframe.network import FloatArray, Network, Objective
from vizframe.network.probe import Probe
from vizframe.plugin import Scene
from vizframe.plugins.deconvolution import Deconvolution
from vizframe.plugins.gradient_ascent import GradientAscent
from vizframe.recording.error_sentence import failure_sentence
from vizframe.recording.jobs import jobs
from vizframe.recording.step_frames import make_frames

nn = mx.gluon.nn
IMAGES = np.random.default_rng(0).random((4, 3, 9, 9)).astype(np.float32)


class WeightNorm(mx.gluon.HybridBlock):  # type: ignore[misc]  # MXNet ships no types
    def __init__(self) -> None:
        super().__init__()
        with self.name_scope():
            self.v = self.params.get("v", shape=(5, 3, 3, 3))
            self.g = self.params.get("g", shape=(5, 1, 1, 1), init="ones")

    def hybrid_forward(self, F: Any, x: Any, v: Any, g: Any) -> Any:
        length = F.sqrt(F.sum(F.square(v), axis=(1, 2, 3), keepdims=True))
        weight = F.broadcast_mul(F.broadcast_div(v, length), g)
        return F.Convolution(x, weight, num_filter=5, kernel=(3, 3), pad=(1, 1), no_bias=True)


class Cosine(mx.gluon.HybridBlock):  # type: ignore[misc]  # MXNet ships no types
    def __init__(self) -> None:
        super().__init__()
        with self.name_scope():
            self.weight = self.params.get("weight", shape=(3, 5))

    def hybrid_forward(self, F: Any, x: Any, weight: Any) -> Any:
        rows, columns = F.L2Normalization(x), F.L2Normalization(weight)
        return F.FullyConnected(rows, columns, num_hidden=3, no_bias=True)


class Binary(mx.gluon.HybridBlock):  # type: ignore[misc]  # MXNet ships no types
    def hybrid_forward(self, F: Any, x: Any) -> Any:
        return F.sign(x)


def network_of(*blocks: Any) -> tuple[Any, Network]:
    net = nn.HybridSequential()
    net.add(*blocks)
    mx.random.seed(1)
    net.initialize(mx.init.Xavier(magnitude=4))
    net(mx.nd.array(IMAGES))
    return net, view(net, IMAGES.shape[1:])


def assert_excited(seen: Network, layer: str, units: list[int]) -> None:
    """An excitation's values are the activations of what it is shown."""
    with seen.excitation(Objective.of(layer, units), exact_field=True) as excitation:
        assert excitation.shape[2:] != (0, 0)
        given = np.random.default_rng(1).random(excitation.shape).astype(np.float32)
        values, gradient = excitation.evaluate(excitation.ops.to_device(given))
        found, slope = excitation.ops.to_numpy(values), excitation.ops.to_numpy(gradient)
        step = np.float32(1e-2)
        ends = [
            excitation.ops.to_numpy(excitation.evaluate(excitation.ops.to_device(each))[0])
            for each in (given + step * slope, given - step * slope)
        ]
    assert np.isfinite(found).all()
    squares = (slope**2).reshape(len(units), -1).sum(axis=1)
    np.testing.assert_allclose((ends[0] - ends[1]) / (2 * step), squares, rtol=0.05, atol=1e-4)


def test_units_of_a_layer_with_a_computed_weight_are_asked_like_any_other() -> None:
    net, seen = network_of(WeightNorm(), nn.Activation("relu"), nn.GlobalAvgPool2D(), Cosine())
    layer = seen.layer("0")
    assert (layer.kind, layer.has_kernel) == ("convolution", True)
    assert layer.parameters == {"v": (5, 3, 3, 3), "g": (5, 1, 1, 1), "weight": (5, 3, 3, 3)}
    found = seen.weights("0")["weight"]
    v = net[0].v.data().asnumpy()
    lengths = np.sqrt((v**2).sum(axis=(1, 2, 3), keepdims=True))
    np.testing.assert_allclose(found, v / lengths, rtol=1e-5)
    net[0].g.set_data(mx.nd.full((5, 1, 1, 1), 2))
    np.testing.assert_allclose(seen.weights("0")["weight"], 2 * v / lengths, rtol=1e-5)
    assert "weight" not in seen.weight_gradients("0")
    for name, units in (("0", [0, 4]), ("1", [1, 2]), ("3", [0, 2])):
        assert_excited(seen, name, units)


def test_a_kernel_that_lies_in_padding_alone_can_be_asked() -> None:
    pad = nn.Conv2D(4, 1, padding=4, strides=9)  # three places a side; the centre one is real
    far = nn.Conv2D(2, 1, padding=7, strides=7)
    _, seen = network_of(nn.Conv2D(3, 9), pad, far)
    assert seen.layer("2").shape == (2, 3, 3)
    for name in ("1", "2"):
        values = seen.gradient(IMAGES, Objective.of(name, [0, 1, 0, 1]))
        assert np.isfinite(values.values).all()
        with seen.excitation(Objective.of(name, [0, 1])) as excitation:
            excitation.evaluate(excitation.ops.to_device(np.ones(excitation.shape, np.float32)))


def test_a_layer_that_cannot_be_asked_takes_no_other_along() -> None:
    _, seen = network_of(nn.Conv2D(4, 3), Binary(), nn.Conv2D(3, 3), nn.Dense(2))
    layers = tuple(layer for layer in seen.layers if layer.has_kernel)
    scene = Scene(network=seen, layers=layers, probe=Probe(IMAGES))
    chosen = jobs([Deconvolution(), GradientAscent(iterations=2)])
    snapshot = make_frames(chosen, scene)
    made = {(declared.key.label, frame.layer) for declared, frame in snapshot.frames}
    assert {("deconvolution", "0"), ("gradient_ascent", "0")} <= made
    assert {failure.layer for failure in snapshot.failures} == {"2", "3"}
    told = failure_sentence(snapshot.failures[0])
    assert told.startswith("plugin 'deconvolution' leaves out layer '2': layer '2' has no gradient")
    told = failure_sentence(*snapshot.failures)
    assert told.startswith(f"plugin 'deconvolution' leaves out {len(snapshot.failures)} layers, ")
    make_frames(chosen, scene, strict=True)


class FixedSize(mx.gluon.HybridBlock):  # type: ignore[misc]  # MXNet ships no types
    """Draws as many numbers as it has images in training, whatever it is given."""

    def __init__(self) -> None:
        super().__init__()
        with self.name_scope():
            self.conv, self.dense = nn.Conv2D(4, 3), nn.Dense(3)

    def hybrid_forward(self, F: Any, x: Any) -> Any:
        return self.dense(self.conv(x)) + F.random_normal(shape=(4, 3))


class PlainFixedSize(mx.gluon.Block):  # type: ignore[misc]  # MXNet ships no types
    def __init__(self) -> None:
        super().__init__()
        with self.name_scope():
            self.conv, self.dense = nn.Conv2D(4, 3), nn.Dense(3)

    def forward(self, x: Any) -> Any:
        assert x.shape[0] == 4, "four images, please"
        return self.dense(self.conv(x))


@pytest.mark.parametrize("make", [FixedSize, PlainFixedSize])
def test_a_net_that_takes_four_images_is_asked_for_any_number(make: Any) -> None:
    net = make()
    mx.random.seed(1)
    net.initialize(mx.init.Normal(0.5))
    given = mx.nd.array(IMAGES)
    net(given)
    seen = view(net, IMAGES.shape[1:], call=batch_of(net, [given]).call)
    wanted = net.dense(net.conv(given)).asnumpy()
    more = np.concatenate([IMAGES, IMAGES[:2]])
    for images, each in ((IMAGES[:1], wanted[:1]), (more, np.concatenate([wanted, wanted[:2]]))):
        found: FloatArray = seen.activations(images, ["dense"])["dense"]
        np.testing.assert_allclose(found, each, rtol=1e-4, atol=1e-5)
        units = [k % 3 for k in range(len(images))]
        gradient = seen.gradient(images, Objective.of("dense", units))
        np.testing.assert_allclose(
            gradient.values, [each[k, unit] for k, unit in enumerate(units)], rtol=1e-4
        )
        assert gradient.gradient.shape == images.shape
    first = seen.gradient(IMAGES[:1], Objective.of("dense", [2])).gradient
    with seen.excitation(Objective.of("dense", [2])) as excitation:
        assert excitation.shape == (1, 3, 9, 9)
        values, slope = excitation.evaluate(excitation.ops.to_device(IMAGES[:1]))
        np.testing.assert_allclose(excitation.ops.to_numpy(slope), first, rtol=1e-4, atol=1e-6)
        assert excitation.ops.to_numpy(values).shape == (1,)
    assert seen.batch_size("dense") == 4
    every = seen.gradients(more, Objective.of("dense", [0] * 6), ["conv"])
    assert every.gradients["conv"].shape == (6, 4, 7, 7)
    with seen.randomized(1) as control:
        assert control.scores(more).shape[0] == 6


class Beside(mx.gluon.HybridBlock):  # type: ignore[misc]  # MXNet ships no types
    """Maps beside those of another input, behind a convolution whose weight is computed."""

    def __init__(self) -> None:
        super().__init__()
        with self.name_scope():
            self.norm, self.dense, self.out = WeightNorm(), nn.Dense(5), nn.Dense(3)

    def hybrid_forward(self, F: Any, x: Any, more: Any) -> Any:
        return self.out(F.concat(F.flatten(F.relu(self.norm(x))), self.dense(more), dim=1))


def test_a_deconvnet_goes_back_beside_what_is_computed_of_other_inputs() -> None:
    net = Beside()
    mx.random.seed(1)
    net.initialize(mx.init.Xavier(magnitude=4))
    arguments = [mx.nd.array(IMAGES), mx.nd.ones((4, 7))]
    net(*arguments)
    seen = view(net, IMAGES.shape[1:], call=batch_of(net, arguments).call)
    scene = Scene(network=seen, layers=(seen.layer("norm"), seen.layer("out")), probe=Probe(IMAGES))
    frames = list(Deconvolution(top=1).visualize(scene))
    assert {frame.layer for frame in frames} == {"norm", "out"}
    assert all(np.isfinite(frame.values).all() for frame in frames)
    assert any(frame.values.any() for frame in frames if frame.layer == "out")


class Dynamic(mx.gluon.HybridBlock):  # type: ignore[misc]  # MXNet ships no types
    """Its kernels are weighed by what it sees."""

    def __init__(self) -> None:
        super().__init__()
        with self.name_scope():
            self.bank = self.params.get("bank", shape=(4, 3, 3, 3))
            self.weigh, self.out = nn.Dense(4), nn.Dense(3)

    def hybrid_forward(self, F: Any, x: Any, bank: Any) -> Any:
        by = F.reshape(F.mean(self.weigh(x), axis=0), (4, 1, 1, 1))
        maps = F.Convolution(
            x, F.broadcast_mul(bank, by), num_filter=4, kernel=(3, 3), no_bias=True
        )
        return self.out(F.relu(maps))


def test_kernels_that_are_computed_of_the_images_are_no_parameters() -> None:
    _, seen = network_of(Dynamic())
    assert {layer.name: set(layer.parameters) for layer in seen.layers}["0.weigh"] == {
        "weight",
        "bias",
    }
    layers = tuple(layer for layer in seen.layers if layer.has_kernel)
    scene = Scene(network=seen, layers=layers, probe=Probe(IMAGES))
    snapshot = make_frames(jobs([Deconvolution()]), scene)
    assert "0.weigh" in {frame.layer for _, frame in snapshot.frames}
    assert "" not in {failure.layer for failure in snapshot.failures}


def test_a_deformable_convolution_has_its_kernels_and_not_its_offsets() -> None:
    made = mx.gluon.contrib.cnn.DeformableConvolution(4, (3, 3), in_channels=3)
    _, seen = network_of(made, nn.Dense(3))
    for layer in seen.layers:
        for name, shape in layer.parameters.items():
            assert seen.weights(layer.name)[name].shape == shape


class Either(mx.gluon.Block):  # type: ignore[misc]  # MXNet ships no types
    def __init__(self) -> None:
        super().__init__()
        with self.name_scope():
            self.bright, self.dark, self.out = nn.Dense(4), nn.Dense(4), nn.Dense(2)

    def forward(self, x: Any) -> Any:
        return self.out(self.bright(x) if x.mean().asscalar() > 0.5 else self.dark(x))


def test_a_layer_that_is_not_called_for_these_images_is_named() -> None:
    net = Either()
    net.initialize()
    for value in (0, 1):
        net(mx.nd.full((2, 3, 4, 4), value))
    seen = view(net, (3, 4, 4))
    with pytest.raises(NetworkError, match="layer 'dark' is not called for these images"):
        seen.activations(np.ones((2, 3, 4, 4), np.float32), ["dark", "out"])
