"""Deconvolution sends the strongest answer back as Zeiler and Fergus do, checked by hand."""

from __future__ import annotations

import numpy as np
import pytest

from vizframe.errors import PluginError
from vizframe.network import FloatArray
from vizframe.network.probe import Normalization, Probe
from vizframe.plugin import Scene
from vizframe.plugin.frame import Frame
from vizframe.plugins.deconvolution import Deconvolution
from vizframe.testing.networks import colour, dead, ordinary, probe_for, seven_channels
from vizframe.testing.plugin import scene_of
from vizframe.testing.reference import (
    Convolution,
    Dense,
    Flatten,
    MaxPool,
    ReferenceNetwork,
    Relu,
)


def show_scene(scene: Scene, layer: str, part: str = "", **options: object) -> Frame:
    frames = Deconvolution.configured(options).visualize(scene)
    return next(frame for frame in frames if (frame.layer, frame.part) == (layer, part))


def by_hand() -> ReferenceNetwork:
    """One 2×2 kernel, ReLU, a 2×2 pool, one 1×1 kernel of weight 3."""
    kernel = np.array([[[[1.0, -2.0], [0.5, 4.0]]]], np.float32)
    nothing = np.zeros(1, np.float32)
    return ReferenceNetwork(
        {
            "conv0": Convolution(kernel, nothing),
            "relu0": Relu(),
            "pool0": MaxPool(2),
            "conv1": Convolution(np.full((1, 1, 1, 1), 3.0, np.float32), nothing),
        },
        input_shape=(1, 5, 5),
    )


def test_a_small_case_worked_out_by_hand() -> None:
    image = np.zeros((1, 1, 5, 5), np.float32)
    image[0, 0, 2, 3] = 1.0
    # conv0 sees the pixel at (2, 3) with weight 4 at place (1, 2), the most of any place. Pooled
    # place (0, 1) holds it; conv1 makes 12 of it. Back: 12 at the pool, times 3 = 36, unpooled to
    # (1, 2), rectified (it is positive), and the transposed kernel laid at (1, 2): 36 · kernel.
    frame = show_scene(scene_of(by_hand(), Probe(image)), "conv1", top=1)
    assert frame.columns["value"].tolist() == [[12.0]]
    assert (frame.columns["y"].tolist(), frame.columns["x"].tolist()) == ([[0.0]], [[1.0]])
    # The field of place (0, 1) is 3×3 pixels from (0, 2); the kernel lies at its (1, 0).
    wanted = np.zeros((3, 3))
    wanted[1:3, 0:2] = 36 * np.array([[1.0, -2.0], [0.5, 4.0]])
    assert frame.values[0, 0].tolist() == wanted.tolist()


def test_the_patch_that_caused_it_stands_beside_it() -> None:
    image = np.zeros((1, 1, 5, 5), np.float32)
    image[0, 0, 2, 3] = 1.0
    patch = show_scene(scene_of(by_hand(), Probe(image)), "conv1", "patch", top=1)
    assert patch.values[0, 0].tolist() == [[0, 0, 0], [0, 0, 0], [0, 1, 0]]


def test_the_backward_signal_is_rectified_whatever_went_forward() -> None:
    # Two features feed one unit, one with a negative weight: its signal back is negative, and a
    # deconvnet lets nothing of it through, though that feature was active.
    features = np.array([[[[1.0]]], [[[1.0]]]], np.float32)
    mixed = np.array([[[[2.0]], [[-1.0]]]], np.float32)
    network = ReferenceNetwork(
        {
            "conv0": Convolution(features, np.zeros(2, np.float32)),
            "relu0": Relu(),
            "conv1": Convolution(mixed, np.zeros(1, np.float32)),
        },
        input_shape=(1, 1, 1),
    )
    frame = show_scene(
        scene_of(network, Probe(np.full((1, 1, 1, 1), 5.0, np.float32))), "conv1", top=1
    )
    # Forward: 2 · 5 − 1 · 5 = 5. Back: 5 · 2 = 10 through the first, 5 · −1 < 0 stopped.
    assert frame.columns["value"].tolist() == [[5.0]]
    assert frame.values.ravel().tolist() == [10.0]


def slow_twin(network: ReferenceNetwork, image: FloatArray, layer: str, unit: int) -> FloatArray:
    """The strongest place of a unit, sent back through operations written out once more."""
    inputs, given = [], image[None].astype(np.float64)
    names = list(network.part(layer))
    for name in names:
        inputs.append(given)
        given = network.operations[name].forward(given)
    signal = np.zeros_like(given)
    place = np.unravel_index(given[0, unit].argmax(), given[0, unit].shape)
    signal[(0, unit, *place)] = given[(0, unit, *place)]
    for name, before in zip(reversed(names), reversed(inputs), strict=True):
        operation = network.operations[name]
        if isinstance(operation, Relu):
            signal = np.maximum(signal, 0)
        elif isinstance(operation, MaxPool):
            signal = unpool(signal, before, operation.size)
        elif isinstance(operation, Convolution):
            signal = transpose_convolve(signal, before.shape, operation)
        elif isinstance(operation, Dense):
            signal = signal @ operation.weight.astype(np.float64)
        else:
            assert isinstance(operation, Flatten)
            signal = signal.reshape(before.shape)
    back: FloatArray = signal[0].astype(np.float32)
    return back


def unpool(signal: np.ndarray, before: np.ndarray, size: int) -> np.ndarray:  # type: ignore[type-arg]  # of float64
    spread = np.zeros_like(before)
    for unit, y, x in np.ndindex(signal.shape[1:]):
        square = before[0, unit, y * size : (y + 1) * size, x * size : (x + 1) * size]
        row, column = np.unravel_index(square.argmax(), square.shape)
        spread[0, unit, y * size + row, x * size + column] += signal[0, unit, y, x]
    return spread


def transpose_convolve(signal: np.ndarray, shape: tuple[int, ...], made: Convolution) -> np.ndarray:  # type: ignore[type-arg]  # of float64
    spread = np.zeros(shape)
    for unit, y, x in np.ndindex(signal.shape[1:]):
        for i, ky, kx in np.ndindex(made.weight.shape[1:]):
            row, column = y + ky - made.pad, x + kx - made.pad
            if 0 <= row < shape[2] and 0 <= column < shape[3]:
                spread[0, i, row, column] += made.weight[unit, i, ky, kx] * signal[0, unit, y, x]
    return spread


def test_a_dense_layer_sends_back_the_whole_image_as_the_slow_twin_does() -> None:
    network = ordinary()
    scene = scene_of(network)
    frame = show_scene(scene, "dense0", top=3)
    for unit, rank in np.ndindex(frame.values.shape[:2]):
        number = int(frame.columns["probe"][unit, rank])
        if frame.columns["value"][unit, rank] > 0:
            wanted = slow_twin(network, scene.probe.images[number], "dense0", unit)
            assert np.allclose(frame.values[unit, rank], wanted[0], atol=1e-5)
        else:
            assert not frame.values[unit, rank].any()


@pytest.mark.parametrize("layer", ["conv0", "relu0", "pool0", "conv1", "relu1"])
def test_every_layer_is_the_slow_twin_cut_to_the_receptive_field(layer: str) -> None:
    network = ordinary()
    scene = scene_of(network)
    field = network.layer(layer).receptive_field
    assert field is not None
    frame = show_scene(scene, layer, top=1)
    assert frame.values.shape[2:] == field.size
    answering = np.flatnonzero(frame.columns["value"][:, 0] > 0)
    assert answering.size
    for unit in answering:
        number = int(frame.columns["probe"][unit, 0])
        whole = slow_twin(network, scene.probe.images[number], layer, unit)
        top, left, bottom, right = field.box(
            int(frame.columns["y"][unit, 0]), int(frame.columns["x"][unit, 0])
        )
        # Nothing of the projection lies outside what the unit sees.
        assert np.allclose(whole.sum(), frame.values[unit, 0].sum(), atol=1e-4)
        padded = np.pad(whole[0], 12)
        cut = padded[top + 12 : bottom + 12, left + 12 : right + 12]
        assert np.allclose(frame.values[unit, 0], cut, atol=1e-5)


def test_the_top_images_are_ordered_and_appear_once() -> None:
    scene = scene_of(ordinary(), probe_for(ordinary(), count=6))
    frame = show_scene(scene, "conv1", top=4)
    peaks = scene.activations(scene.network.layer("conv1")).max(axis=(2, 3)).T
    assert np.allclose(frame.columns["value"], -np.sort(-peaks, axis=1)[:, :4])
    assert all(len(set(images)) == 4 for images in frame.columns["probe"].tolist())


def test_fewer_images_than_ranks_are_said() -> None:
    frame = show_scene(scene_of(ordinary()), "conv1", top=9)
    assert frame.values.shape[1] == 3
    assert frame.notes[0] == "The probe has 3 images, so that 3 of 9 ranks are shown"


def test_a_silent_unit_sends_nothing_and_is_named() -> None:
    frame = show_scene(scene_of(dead()), "relu0")
    assert not frame.values[1].any()
    assert frame.notes == ("No probe image makes these units respond: 1",)


def test_beyond_the_rim_a_patch_shows_what_padding_is() -> None:
    network = ordinary()
    bright = Normalization(mean=(0.5,), std=(0.25,))
    probe = Probe(np.ones((1, 1, 12, 12), np.float32), normalization=bright)
    frame = show_scene(scene_of(network, probe), "conv0", "patch", top=1)
    corner = [
        unit
        for unit in range(4)
        if (frame.columns["y"][unit, 0], frame.columns["x"][unit, 0]) == (0, 0)
    ]
    assert corner
    # The images are 0.25 · 1 + 0.5 = 0.75 grey; an input of zero is 0.5.
    assert frame.values[corner[0], 0].tolist() == [
        [0.5, 0.5, 0.5],
        [0.5, 0.75, 0.75],
        [0.5, 0.75, 0.75],
    ]


def test_colour_stays_colour_and_seven_channels_become_grey() -> None:
    assert show_scene(scene_of(colour()), "conv0").values.shape == (4, 3, 3, 3, 3)
    assert show_scene(scene_of(colour()), "conv0", "patch").values.shape == (4, 3, 3, 3, 3)
    assert show_scene(scene_of(seven_channels()), "conv0").values.shape == (4, 3, 3, 3)


def test_only_the_first_units_are_shown_where_asked() -> None:
    assert show_scene(scene_of(ordinary()), "conv1", units=2).values.shape[0] == 2


def test_the_control_asks_a_network_of_shuffled_weights_and_says_so() -> None:
    scene = scene_of(ordinary())
    plain, control = (show_scene(scene, "conv1", control=each) for each in (False, True))
    assert control.notes[0].startswith("Control: the weights are shuffled")
    assert (control.columns["value"] != plain.columns["value"]).any()


def test_all_questions_of_a_layer_go_in_batches_of_one_size() -> None:
    network = ordinary()
    network._room = 4 * 5
    sizes = []
    original = network.gradient

    def noted(images, objective, **more):  # type: ignore[no-untyped-def]  # as the original
        sizes.append(len(images))
        return original(images, objective, **more)

    network.gradient = noted  # type: ignore[method-assign]  # to look over its shoulder
    show_scene(scene_of(network), "relu1", top=3)
    assert sizes
    assert set(sizes) == {5}


def test_a_network_without_images_is_refused_in_one_sentence() -> None:
    network = ReferenceNetwork(
        {"dense": Dense(np.ones((2, 4), np.float32), np.zeros(2, np.float32))}, (4,)
    )
    scene = scene_of(network, Probe(np.ones((1, 4), np.float32)))
    with pytest.raises(
        PluginError,
        match=r"^deconvolution needs images, but the network's input has shape \(4,\); "
        r"it can be \(channels, y, x\)$",
    ):
        list(Deconvolution().visualize(scene))
