"""Each saliency method is its formula, with class and score beside it."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import numpy as np
import pytest

from vizframe.errors import PluginError, UnknownName, UsageError
from vizframe.network import FloatArray, Objective
from vizframe.network.probe import Normalization, Probe
from vizframe.plugin import Scene
from vizframe.plugin.frame import Frame
from vizframe.plugins.saliency import Method, Saliency
from vizframe.testing.networks import broken, colour, flat, ordinary, probe_for
from vizframe.testing.plugin import scene_of
from vizframe.testing.reference import Dense, Flatten, ReferenceNetwork, Relu


def show_scene(scene: Scene, method: Method, layer: str = "", **options: object) -> Frame:
    made = Saliency.configured({"methods": [method], **options}).visualize(scene)
    frames = [frame for frame in made if not layer or frame.layer == layer]
    assert {frame.part for frame in frames} == {method}
    return frames[0]


def difference(network: ReferenceNetwork, images: FloatArray, unit: FloatArray) -> FloatArray:
    """The slow twin of the gradient: each pixel moved, the target score's change measured."""
    gradient = np.zeros(images.shape)
    for channel, y, x in np.ndindex(*images.shape[1:]):
        ends = []
        for sign in (1, -1):
            moved = images.astype(np.float64)
            moved[:, channel, y, x] += sign * 1e-6
            for operation in network.operations.values():
                moved = operation.forward(moved)
            ends.append(moved[np.arange(len(images)), unit.astype(int)])
        gradient[:, channel, y, x] = (ends[0] - ends[1]) / 2e-6
    return gradient.astype(np.float32)


def test_the_gradient_is_that_of_finite_differences() -> None:
    network = ordinary(channels=2, side=6)
    scene = scene_of(network)
    frame = show_scene(scene, "gradient")
    by_hand = difference(network, scene.probe.images, frame.columns["class"])
    assert np.allclose(frame.values, abs(by_hand).max(axis=1), atol=1e-4)
    product = show_scene(scene, "gradient_input")
    assert np.allclose(product.values, (by_hand * scene.probe.images).sum(axis=1), atol=1e-4)


def test_class_and_score_stand_beside_every_picture() -> None:
    scene = scene_of(ordinary())
    scores = scene.network.scores(scene.probe.images)
    for method in get_args(Method):
        frame = show_scene(scene, method, samples=1, steps=8)
        assert frame.columns["class"].tolist() == scores.argmax(axis=1).tolist()
        assert frame.columns["score"].tolist() == scores.max(axis=1).tolist()


def test_pixel_methods_belong_to_the_scores_and_cams_to_every_layer_of_maps() -> None:
    scene = scene_of(ordinary())
    frames = list(Saliency(methods=("gradient", "grad_cam")).visualize(scene))
    assert [(frame.layer, frame.part) for frame in frames] == [
        ("dense0", "gradient"),
        *((layer, "grad_cam") for layer in ("conv0", "relu0", "pool0", "conv1", "relu1")),
    ]


def test_guided_backpropagation_by_hand() -> None:
    # S = relu(x0) · 2 − relu(x1) · 3 with x = (1, 1): the plain gradient is (2, −3), and the
    # guided rule stops the negative signal.
    weight = np.array([[2.0, -3.0]], np.float32)
    network = ReferenceNetwork(
        {"relu": Relu(), "flat": Flatten(), "dense": Dense(weight, np.zeros(1, np.float32))},
        input_shape=(1, 1, 2),
    )
    scene = scene_of(network, Probe(np.ones((1, 1, 1, 2), np.float32)))
    assert show_scene(scene, "guided").values.tolist() == [[[2.0, 0.0]]]
    assert show_scene(scene, "gradient_input").values.tolist() == [[[2.0, -3.0]]]


def test_guided_pictures_of_colour_images_are_in_colour() -> None:
    scene = scene_of(colour())
    assert show_scene(scene, "guided").values.shape == (3, 12, 12, 3)
    assert show_scene(scene, "guided_grad_cam", "conv1").values.shape == (3, 12, 12, 3)
    assert show_scene(scene_of(ordinary()), "guided").values.shape == (3, 12, 12)


def test_integrated_gradients_sum_to_the_score_difference_within_one_percent() -> None:
    network = ordinary(seed=4)
    scene = scene_of(network, probe_for(network, count=6))
    frame = show_scene(scene, "integrated", target=0)
    at_black = network.scores(np.zeros((1, 1, 12, 12), np.float32))[0, 0]
    wanted = frame.columns["score"] - at_black
    assert np.allclose(frame.values.sum(axis=(1, 2)), wanted, rtol=0.01)
    assert (frame.columns["completeness_error"] <= 0.01).all()
    assert not frame.notes


def test_what_is_not_complete_is_said() -> None:
    network = ordinary(seed=4)
    scene = scene_of(network, probe_for(network, count=6))
    frame = show_scene(scene, "integrated", target=0, steps=1)
    wrong = np.flatnonzero(frame.columns["completeness_error"] > 0.01)
    assert wrong.size
    listed = ", ".join(map(str, wrong))
    assert frame.notes == (
        f"After 1 step the pixels of images {listed} do not sum to the score difference within 1 %",
    )


def test_the_baseline_is_black_grey_or_white_as_a_picture() -> None:
    network = flat()
    weight = network.weights("dense0")["weight"][0].reshape(8, 8)
    normal = Normalization(mean=(0.4,), std=(0.5,))
    images = probe_for(network).images
    scene = scene_of(network, Probe(images, normalization=normal))
    for name, picture in (("black", 0.0), ("grey", 0.5), ("white", 1.0)):
        frame = show_scene(scene, "integrated", target=0, baseline=name)
        empty = (picture - 0.4) / 0.5
        assert np.allclose(frame.values, weight * (images[:, 0] - empty), atol=1e-5)


def test_grad_cam_is_the_formula_written_out() -> None:
    network = ordinary(seed=2)
    scene = scene_of(network)
    frame = show_scene(scene, "grad_cam", "relu1", target=1)
    maps = scene.activations(network.layer("relu1")).astype(np.float64)
    dense = network.weights("dense0")["weight"].astype(np.float64)
    for image in range(3):
        # The score is linear in relu1: its gradient there is the dense layer's own weight.
        gradient = dense[1].reshape(maps.shape[1:])
        cam = np.zeros((4, 4))
        for unit in range(len(gradient)):
            cam += gradient[unit].mean() * maps[image, unit]
        cam = np.maximum(cam, 0)
        enlarged = frame.values[image]
        # 4×4 places on 12×12 pixels: the centre of place (y, x) is the pixel (3y + 1, 3x + 1).
        assert np.allclose(enlarged[1::3, 1::3], cam, atol=1e-5)
        between = (cam[:-1, :-1] * 2 + cam[1:, :-1]) / 3
        assert np.allclose(enlarged[2:-3:3, 1:-3:3], between, atol=1e-5)


def cramped() -> ReferenceNetwork:
    """The ordinary network, with room for four images."""
    whole = ordinary()
    return ReferenceNetwork(whole.operations, whole.input_shape, room=4 * 3)


def test_batches_of_images_give_the_maps_that_all_at_once_give() -> None:
    whole, wanted = ordinary(), cramped()
    methods = ("gradient", "grad_cam", "hires_cam")
    frames = [
        list(Saliency(methods=methods).visualize(scene_of(net, probe_for(net, count=5))))
        for net in (whole, wanted)
    ]
    assert len(frames[0]) == len(frames[1]) > 5
    for one, other in zip(*frames, strict=True):
        assert (one.layer, one.part) == (other.layer, other.part)
        assert np.allclose(one.values, other.values, atol=1e-6)


def test_progress_tells_of_the_images_in_every_pass() -> None:
    told: list[tuple[int, int]] = []
    network = cramped()
    scene = replace(
        scene_of(network, probe_for(network, count=6)),
        progress=lambda done, total, _what: told.append((done, total)),
    )
    list(Saliency().visualize(scene))
    assert told == 2 * [(3, 6), (6, 6)]


def test_hires_cam_weighs_each_place_by_itself() -> None:
    network = ordinary(seed=2)
    scene = scene_of(network)
    frame = show_scene(scene, "hires_cam", "relu1", target=1)
    maps = scene.activations(network.layer("relu1"))
    # The score is linear in relu1, so that the product is what each place adds to it.
    weight = network.weights("dense0")["weight"][1].reshape(maps.shape[1:])
    added = np.maximum((weight * maps).sum(axis=1), 0)
    assert np.allclose(frame.values[:, 1::3, 1::3], added, atol=1e-5)


def test_guided_grad_cam_is_guided_seen_through_the_map() -> None:
    scene = scene_of(ordinary())
    guided, cam = show_scene(scene, "guided"), show_scene(scene, "grad_cam", "conv1")
    seen = show_scene(scene, "guided_grad_cam", "conv1")
    assert np.allclose(seen.values, guided.values * cam.values, atol=1e-6)


def test_a_layer_without_evidence_says_so() -> None:
    network = ordinary()
    operations = dict(network.operations)
    weights = network.weights("dense0")
    operations["dense0"] = operations["dense0"].with_parameters(
        {"weight": -abs(weights["weight"]), "bias": weights["bias"]}
    )
    against = ReferenceNetwork(operations, network.input_shape)
    frame = show_scene(scene_of(against), "grad_cam", "relu1")
    assert not frame.values.any()
    assert frame.notes == ("The layer sees no evidence for the class in images 0, 1, 2",)


def test_the_control_explains_the_same_classes_by_shuffled_weights_and_says_so() -> None:
    scene = scene_of(ordinary())
    for method in get_args(Method):
        plain, control = (
            show_scene(scene, method, "", control=each, samples=1, steps=8)
            for each in (False, True)
        )
        assert control.notes[0].startswith("Control: the weights are shuffled")
        assert np.array_equal(control.columns["class"], plain.columns["class"])
        assert (control.columns["score"] != plain.columns["score"]).any()
        assert (control.values != plain.values).any()


def test_methods_are_written_with_commas_or_alone() -> None:
    assert Saliency.configured({"methods": "guided"}).methods == ("guided",)
    two = Saliency.configured({"methods": "gradient, grad_cam"})
    assert two.methods == ("gradient", "grad_cam")


def test_occlusion_of_a_linear_network_is_what_lies_under_the_squares() -> None:
    network = flat()
    scene = scene_of(network)
    frame = show_scene(scene, "occlusion", target=2, square=2, stride=2)
    weight = network.weights("dense0")["weight"][2].reshape(8, 8)
    added = weight * scene.probe.images[:, 0]
    squares = added.reshape(3, 4, 2, 4, 2).sum(axis=(2, 4))
    assert np.allclose(frame.values, squares.repeat(2, axis=1).repeat(2, axis=2), atol=1e-5)


def test_smooth_gradient_without_noise_is_the_gradient() -> None:
    scene = scene_of(ordinary())
    still = show_scene(scene, "smooth_gradient", noise=0, samples=2)
    assert np.allclose(still.values, show_scene(scene, "gradient").values, atol=1e-6)


def test_the_noise_is_the_same_at_every_step_and_differs_by_seed() -> None:
    network = ordinary()
    first = show_scene(scene_of(network, step=0, seed=1), "smooth_gradient")
    later = show_scene(scene_of(network, step=50, seed=1), "smooth_gradient")
    other = show_scene(scene_of(network, step=0, seed=2), "smooth_gradient")
    assert np.array_equal(first.values, later.values)
    assert (first.values != other.values).any()


def test_a_network_with_nan_gives_pictures_of_nan() -> None:
    frame = show_scene(scene_of(broken()), "gradient")
    assert np.isnan(frame.values).any()


class TestBadInput:
    def test_a_target_class_that_does_not_exist(self) -> None:
        with pytest.raises(UsageError, match=r"^target is 10; it can be a class from 0 to 2, "):
            show_scene(scene_of(ordinary()), "gradient", target=10)

    def test_a_target_that_is_no_class_name(self) -> None:
        with pytest.raises(
            UnknownName,
            match=r"^target 'lable' is not known; it can be 'label', 'predicted'$",
        ):
            show_scene(scene_of(ordinary()), "gradient", target="lable")

    def test_a_probe_without_labels_where_they_are_needed(self) -> None:
        network = ordinary()
        scene = scene_of(network, Probe(probe_for(network).images))
        with pytest.raises(UsageError, match=r"^target is 'label', but the probe has no labels; "):
            show_scene(scene, "gradient", target="label")

    def test_no_method_at_all(self) -> None:
        with pytest.raises(
            UsageError,
            match=r"^saliency: methods is \[\]; it can be one or more of gradient, gradient_input",
        ):
            Saliency.configured({"methods": []})

    def test_an_unknown_method(self) -> None:
        with pytest.raises(
            UsageError, match=r"'gradcam'; each can be 'gradient', 'gradient_input'"
        ):
            Saliency.configured({"methods": ["gradcam"]})

    def test_a_network_without_images(self) -> None:
        network = ReferenceNetwork(
            {"dense": Dense(np.ones((2, 4), np.float32), np.zeros(2, np.float32))}, (4,)
        )
        with pytest.raises(PluginError, match=r"^saliency needs images, but the network's input"):
            show_scene(scene_of(network, Probe(np.ones((1, 4), np.float32))), "gradient")


def test_by_default_the_square_moves_by_half_of_its_side() -> None:
    scene = scene_of(ordinary(side=10))
    drawn = {
        stride: show_scene(scene, "occlusion", square=4, stride=stride)
        for stride in (None, 1, 2, 4)
    }
    assert np.array_equal(drawn[None].values, drawn[2].values)
    assert not np.array_equal(drawn[None].values, drawn[1].values)
    assert not np.array_equal(drawn[None].values, drawn[4].values)


def test_smooth_gradient_of_magnitudes_is_their_mean() -> None:
    network = ordinary(seed=4)
    scene = scene_of(network, seed=6)
    found = show_scene(scene, "smooth_gradient", smooth="magnitude", samples=3, noise=0.3)
    images, classes = scene.probe.images, found.columns["class"].astype(np.int64)
    draw, spread = np.random.default_rng(6), 0.3 * np.ptp(scene.probe.images, axis=(1, 2, 3))
    total = np.zeros(images.shape)
    for _ in range(3):
        noise = spread[:, None, None, None] * draw.standard_normal(images.shape, np.float32)
        noisy = (images + noise).astype(np.float32)
        total += abs(network.gradient(noisy, Objective.of("dense0", classes.tolist())).gradient)
    np.testing.assert_allclose(found.values, (total / 3).max(axis=1), rtol=1e-5)


def test_maps_of_zeros_say_that_they_are() -> None:
    network = flat()
    off = {name: np.zeros_like(values) for name, values in network.weights("dense0").items()}
    operations = {**network.operations, "dense0": network.operations["dense0"].with_parameters(off)}
    scene = scene_of(ReferenceNetwork(operations, network.input_shape))
    methods: tuple[Method, ...] = (
        "gradient", "gradient_input", "guided", "integrated", "smooth_gradient",
    )  # fmt: skip
    for method in methods:
        frame = show_scene(scene, method)
        assert "The score does not change with any pixel of images 0, 1, 2" in frame.notes


def test_several_baselines_give_the_mean_of_what_each_gives() -> None:
    scene = scene_of(ordinary(seed=1))
    methods: tuple[Method, ...] = ("integrated", "occlusion")
    for method in methods:
        black, white, both = (
            show_scene(scene, method, baseline=each).values
            for each in ("black", "white", "black, white")
        )
        np.testing.assert_allclose(both, (black + white) / 2, atol=1e-5)
    with pytest.raises(UsageError, match="one or more of black, grey, white, blurred, mean"):
        Saliency.configured({"baseline": []})


def test_a_network_whose_products_leave_single_precision_is_drawn_and_said_so() -> None:
    scene = scene_of(scaled(ordinary(seed=2), 1e-25))
    plain = show_scene(scene_of(ordinary(seed=2)), "guided_grad_cam", "relu1")
    frame = show_scene(scene, "guided_grad_cam", "relu1")
    assert any("single precision" in note for note in frame.notes)
    peak = np.abs(np.asarray(plain.values)).max(axis=(1, 2), keepdims=True)
    np.testing.assert_allclose(frame.values, plain.values / peak, atol=1e-4)


def scaled(network: ReferenceNetwork, size: float) -> ReferenceNetwork:
    """The network with its scores so many times as large."""
    last = {
        name: (values * np.float64(size)).astype(np.float32)
        for name, values in network.weights("dense0").items()
    }
    operations = {
        **network.operations,
        "dense0": network.operations["dense0"].with_parameters(last),
    }
    return ReferenceNetwork(operations, network.input_shape)
