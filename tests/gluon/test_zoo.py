"""Every family of Gluon's model zoo is seen as it computes. All models: VIZFRAME_ALL_MODELS=1."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from vizframe.gluon.compat import mx
from vizframe.gluon.graph.hooks import After, Before, hook_blocks
from vizframe.gluon.network import GluonNetwork
from vizframe.network import FloatArray, Objective

vision = mx.gluon.model_zoo.vision

FAMILIES = (
    "alexnet",
    "vgg11",
    "vgg11_bn",
    "resnet18_v1",
    "resnet18_v2",
    "densenet121",
    "squeezenet1.1",
    "inceptionv3",
    "mobilenet0.25",
    "mobilenetv2_0.25",
)
MORE = (
    *("vgg13", "vgg16", "vgg19", "vgg13_bn", "vgg16_bn", "vgg19_bn", "squeezenet1.0"),
    *(f"resnet{depth}_v{version}" for depth in (34, 50, 101, 152) for version in (1, 2)),
    *("densenet161", "densenet169", "densenet201"),
    *("mobilenet1.0", "mobilenet0.75", "mobilenet0.5"),
    *("mobilenetv2_1.0", "mobilenetv2_0.75", "mobilenetv2_0.5"),
)
SIDES = {"inception": 299, "densenet": 224, "squeezenet": 224, "alexnet": 128}
"""The smallest images that these take; others take 64 pixels."""

MODELS = FAMILIES + (MORE if os.environ.get("VIZFRAME_ALL_MODELS") else ())


def model(name: str) -> tuple[Any, tuple[int, int, int]]:
    """It with ten classes and random weights, and the shape of an image."""
    mx.random.seed(0)
    net = vision.get_model(name, classes=10)
    net.initialize(mx.init.MSRAPrelu(slope=0))
    side = next((side for start, side in SIDES.items() if name.startswith(start)), 64)
    shape = (3, side, side)
    net(mx.nd.zeros((1, *shape)))
    return net, shape


def own_outputs(net: Any, images: FloatArray) -> dict[str, FloatArray]:
    """What each block gives when the net itself is called, by its path."""
    outputs: dict[str, FloatArray] = {}

    def watch(path: str, _block: Any) -> tuple[Before, After]:
        def after(_block: Any, _inputs: tuple[Any, ...], value: Any) -> None:
            outputs[path] = value.asnumpy()

        return lambda *_: None, after

    with hook_blocks(net, watch):
        net(mx.nd.array(images))
    return outputs


def own_gradient(net: Any, images: FloatArray, unit: int) -> FloatArray:
    """By autograd. MXNet records maxima in training mode only, so what acts otherwise there is
    told not to."""

    def still(block: Any) -> None:
        if isinstance(block, mx.gluon.nn.BatchNorm):
            block._kwargs["use_global_stats"] = True
        if isinstance(block, mx.gluon.nn.Dropout):
            block._rate = 0

    net.apply(still)
    given = mx.nd.array(images)
    given.attach_grad()
    with mx.autograd.record():
        answer = net(given)[:, unit].sum()
    answer.backward()
    gradient: FloatArray = given.grad.asnumpy()
    return gradient


def assert_close(found: FloatArray, wanted: FloatArray) -> None:
    """Within 1e-4 of the largest value."""
    assert found.shape == wanted.shape
    largest = abs(wanted).max()
    assert largest > 0
    assert abs(found - wanted).max() <= 1e-4 * largest


@pytest.mark.parametrize("name", MODELS)
def test_a_model_of_the_zoo_is_seen_as_it_computes(name: str) -> None:
    net, shape = model(name)
    images = np.random.default_rng(0).standard_normal((2, *shape)).astype(np.float32)
    wanted = own_outputs(net, images)
    net.hybridize()
    net(mx.nd.array(images))
    network = GluonNetwork.of(net, shape)
    layers = network.layers
    assert len({layer.name for layer in layers}) == len(layers)
    assert not any("hybrid" in layer.name or "fwd" in layer.name for layer in layers)

    found = network.activations(images, [layer.name for layer in layers])
    seen = [name for name in found if name in wanted]
    assert len(seen) > len(layers) / 2
    for each in layers:
        assert found[each.name].shape == (2, *each.shape)
    for path, values in wanted.items():
        if path:
            assert_close(found[network.layer(path).name], values)
    assert_close(network.scores(images), wanted[""])

    kernels = [layer for layer in layers if layer.has_kernel]
    parameters = net.collect_params().values()
    assert sum(len(p.shape) >= 2 for p in parameters) == len(kernels)
    assert all(layer.receptive_field for layer in kernels[:4])

    net.hybridize(False)
    gradient = network.gradient(images, Objective.of(network.score_layer, [3, 3])).gradient
    assert_close(gradient, own_gradient(net, images, 3))


# MXNet warns when it reads its own export back, whatever is in it.
@pytest.mark.filterwarnings("ignore:Cannot decide type for the following:UserWarning")
def test_a_trained_network_of_files_is_seen_as_its_symbol_block_computes(tiny_vgg: Path) -> None:
    files = tiny_vgg / "tiny_vgg-symbol.json", tiny_vgg / "tiny_vgg-0000.params"
    shape = (3, 64, 64)
    network = GluonNetwork.load(*files, shape)
    block = mx.gluon.SymbolBlock.imports(str(files[0]), ["data"], str(files[1]))
    images = np.random.default_rng(0).random((2, *shape)).astype(np.float32)
    assert_close(network.scores(images), block(mx.nd.array(images)).asnumpy())
    seen = GluonNetwork.of(block, shape)
    names = [layer.name for layer in network.layers]
    assert names == [layer.name for layer in seen.layers]
    assert names[:5] == ["conv1_1", "relu1_1", "conv1_2", "relu1_2", "pool1"]
    assert (network.name, network.score_layer) == ("tiny_vgg", "output")
    objective = Objective.of("output", [3, 7])
    assert_close(
        network.gradient(images, objective).gradient, seen.gradient(images, objective).gradient
    )
    with network.excitation(Objective.of("conv2_2", range(10))) as excitation:
        assert (excitation.shape, excitation.exact_field) == ((10, 3, 14, 14), True)


@pytest.mark.parametrize("name", ["vgg11", "resnet18_v1", "mobilenetv2_0.25", "densenet121"])
def test_a_unit_s_field_answers_as_the_whole_image_does(name: str) -> None:
    net, shape = model(name)
    network = GluonNetwork.of(net, shape)
    images = np.random.default_rng(0).standard_normal((2, *shape)).astype(np.float32)
    small = [
        layer
        for layer in network.layers
        if layer.is_spatial
        and layer.has_kernel  # those behind a ReLU may be dead here
        and layer.receptive_field
        and max(layer.receptive_field.size) < shape[1] // 2
    ]
    for layer in (small[len(small) // 3], small[-1]):
        objective = Objective.of(layer.name, [0, layer.units - 1])
        whole = network.gradient(images, objective)
        with network.excitation(objective) as excitation:
            assert excitation.exact_field
            height, width = excitation.shape[2:]
            assert layer.receptive_field
            _, y, x = layer.shape
            top, left, *_ = layer.receptive_field.box(y // 2, x // 2)
            part = (slice(None), slice(None), slice(top, top + height), slice(left, left + width))
            values, gradient = excitation.evaluate(excitation.ops.to_device(images[part].copy()))
            assert_close(excitation.ops.to_numpy(values), whole.values)
            assert_close(excitation.ops.to_numpy(gradient), whole.gradient[part])
