"""Activations are the reference network's own, with the right numbers and words beside them."""

from __future__ import annotations

import numpy as np
import pytest

from vizframe.network import FloatArray
from vizframe.network.probe import Probe
from vizframe.plugin import Scene
from vizframe.plugin.frame import Frame
from vizframe.plugins.activation import Activation, block_mean
from vizframe.testing.networks import broken, dead, ordinary
from vizframe.testing.plugin import scene_of
from vizframe.testing.reference import Convolution, ReferenceNetwork, Relu


def show_scene(scene: Scene, layer: str, part: str = "", **options: object) -> Frame:
    frames = Activation.configured(options).visualize(scene)
    return next(frame for frame in frames if (frame.layer, frame.part) == (layer, part))


def convolve(image: FloatArray, weight: FloatArray, bias: FloatArray) -> FloatArray:
    """The slow twin: a 3×3 convolution padded by 1, number by number."""
    inputs, height, width = image.shape
    output = np.zeros((len(weight), height, width), np.float32)
    for unit, y, x in np.ndindex(output.shape):
        total = float(bias[unit])
        for i, ky, kx in np.ndindex(inputs, 3, 3):
            row, column = y + ky - 1, x + kx - 1
            if 0 <= row < height and 0 <= column < width:
                total += float(weight[unit, i, ky, kx]) * float(image[i, row, column])
        output[unit, y, x] = total
    return output


def test_maps_are_those_of_a_convolution_written_out() -> None:
    network = ordinary(channels=2, side=6)
    scene = scene_of(network)
    weights = network.weights("conv0")
    frame = show_scene(scene, "conv0")
    for image, maps in zip(scene.probe.images, frame.values, strict=True):
        assert np.allclose(maps, convolve(image, weights["weight"], weights["bias"]), atol=1e-5)


def test_numbers_stand_beside_each_map_and_for_the_whole_probe() -> None:
    scene = scene_of(ordinary())
    maps = scene.activations(scene.network.layer("relu0"))
    frame, summary = show_scene(scene, "relu0"), show_scene(scene, "relu0", "summary")
    assert np.allclose(frame.columns["mean"], maps.mean(axis=(2, 3)), atol=1e-6)
    assert np.array_equal(frame.columns["maximum"], maps.max(axis=(2, 3)))
    assert np.allclose(frame.columns["zeros"], (maps == 0).mean(axis=(2, 3)))
    assert np.allclose(summary.values, maps.mean(axis=(0, 2, 3)), atol=1e-6)
    assert np.array_equal(summary.columns["maximum"], maps.max(axis=(0, 2, 3)))
    assert np.allclose(summary.columns["zeros"], (maps == 0).mean(axis=(0, 2, 3)))


def test_a_dense_layer_is_one_bar_per_image_and_unit() -> None:
    scene = scene_of(ordinary())
    frame = show_scene(scene, "dense0")
    assert np.array_equal(frame.values, scene.network.scores(scene.probe.images))
    assert show_scene(scene, "dense0", "summary").values.shape == (3,)


def test_a_dead_unit_is_named() -> None:
    assert show_scene(scene_of(dead()), "relu0", "summary").notes == (
        "Unit 1 is zero at every place of every probe image",
    )


def test_the_share_of_silent_units_is_a_number_where_silence_says_something() -> None:
    scene = scene_of(dead())
    units = scene.network.layer("relu0").units
    assert show_scene(scene, "relu0", "summary").scalars == {"share of silent units": 1 / units}
    assert show_scene(scene, "conv0", "summary").scalars == {}


def test_units_that_are_not_finite_are_named() -> None:
    assert show_scene(scene_of(broken()), "conv0", "summary").notes == ("Unit 1 is not finite",)
    notes = show_scene(scene_of(broken()), "conv1", "summary").notes
    assert notes == ("Units 0, 1, 2, 3, 4, 5, 6, 7 are not finite",)


def test_large_maps_are_averaged_over_blocks_and_say_so() -> None:
    scene = scene_of(ordinary())
    whole, small = show_scene(scene, "conv0"), show_scene(scene, "conv0", largest=5)
    assert small.values.shape == (3, 4, 4, 4)
    by_hand = whole.values.reshape(3, 4, 4, 3, 4, 3).mean(axis=(3, 5))
    assert np.allclose(small.values, by_hand, atol=1e-6)
    assert small.notes == ("12×12 places, averaged over blocks of 3×3",)
    assert np.array_equal(small.columns["maximum"], whole.columns["maximum"])
    assert not whole.notes


def test_blocks_at_the_rim_may_be_smaller() -> None:
    maps = np.arange(5, dtype=np.float32).reshape(1, 5)
    assert block_mean(maps, 2).tolist() == [[0.5, 2.5, 4.0]]


def test_only_so_many_probe_images_are_kept_and_all_are_counted() -> None:
    scene = scene_of(ordinary())
    frame = show_scene(scene, "relu0", images=2)
    assert frame.values.shape[0] == frame.columns["mean"].shape[0] == 2
    whole = show_scene(scene, "relu0", "summary").columns["maximum"]
    kept = show_scene(scene, "relu0", "summary", images=2).columns["maximum"]
    assert np.array_equal(kept, whole)


@pytest.mark.parametrize(
    ("layer", "signed"),
    [("conv0", True), ("relu0", False), ("pool0", False), ("flat", False), ("dense0", True)],
)
def test_only_layers_that_cannot_be_negative_are_unsigned(layer: str, signed: bool) -> None:
    scene = scene_of(ordinary())
    assert show_scene(scene, layer).signed is signed
    assert show_scene(scene, layer, "summary").signed is signed


def test_a_pooling_of_the_input_may_be_negative() -> None:
    network = ReferenceNetwork({"relu": Relu()}, (1, 2, 2))
    assert network.layers[0].nonnegative
    one = np.ones((1, 1, 1, 1), np.float32)
    network = ReferenceNetwork({"conv": Convolution(one, one[0, 0, 0])}, (1, 2, 2))
    assert not network.layers[0].nonnegative


def test_one_forward_pass_serves_all_layers() -> None:
    network = ordinary()
    passes = []
    original = network.activations

    def counted(images: FloatArray, layers: list[str]) -> dict[str, FloatArray]:
        passes.append(layers)
        return original(images, layers)

    network.activations = counted  # type: ignore[method-assign, assignment]  # to count
    list(Activation().visualize(scene_of(network, Probe(np.ones((1, 1, 12, 12), np.float32)))))
    assert len(passes) == 1
