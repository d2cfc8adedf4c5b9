"""Weights are shown as they are: kernels, heatmaps, matrices, and how they change."""

from __future__ import annotations

import numpy as np

from vizframe.network import FloatArray
from vizframe.plugin import Scene
from vizframe.plugin.frame import Frame
from vizframe.plugins.weights import Weights
from vizframe.testing.networks import broken, colour, flat, ordinary, tiny_maps
from vizframe.testing.plugin import scene_of
from vizframe.testing.reference import ReferenceNetwork

Frames = dict[tuple[str, str], Frame]


def show_scene(scene: Scene, plugin: Weights | None = None, **options: object) -> Frames:
    made = (plugin or Weights.configured(options)).visualize(scene)
    return {(frame.layer, frame.part): frame for frame in made}


def move_image(network: ReferenceNetwork, by: FloatArray | float) -> ReferenceNetwork:
    """The network with something added to the weights of conv0."""
    weights = network.weights("conv0")
    operations = dict(network.operations)
    operations["conv0"] = operations["conv0"].with_parameters(
        {"weight": weights["weight"] + np.float32(by), "bias": weights["bias"]}
    )
    return ReferenceNetwork(operations, network.input_shape)


def test_kernels_are_the_weights_themselves() -> None:
    network = ordinary()
    frames = show_scene(scene_of(network))
    for layer in ("conv0", "conv1"):
        assert np.array_equal(frames[layer, ""].values, network.weights(layer)["weight"])


def test_numbers_stand_beside_each_kernel() -> None:
    network = ordinary()
    frame = show_scene(scene_of(network), inputs=2)["conv1", ""]
    own = network.weights("conv1")
    by_hand = [
        [np.sqrt((own["weight"][unit, each] ** 2).sum()) for each in range(2)] for unit in range(8)
    ]
    assert np.allclose(frame.columns["norm"], by_hand)
    whole = np.sqrt((own["weight"] ** 2).sum(axis=(1, 2, 3)))
    assert np.allclose(frame.columns["unit_norm"], whole[:, None].repeat(2, axis=1))
    assert np.array_equal(frame.columns["bias"], own["bias"][:, None].repeat(2, axis=1))


def test_a_dense_layer_on_pixels_has_one_heatmap_per_class() -> None:
    network = flat()
    frames = show_scene(scene_of(network))
    weight = network.weights("dense0")["weight"]
    assert frames["dense0", ""].values.shape == (3, 1, 8, 8)
    for unit, y, x in np.ndindex(3, 8, 8):
        assert frames["dense0", ""].values[unit, 0, y, x] == weight[unit, y * 8 + x]


def test_a_dense_layer_on_maps_has_one_heatmap_per_class_and_map() -> None:
    network = ordinary()
    frame = show_scene(scene_of(network))["dense0", ""]
    weight = network.weights("dense0")["weight"]
    assert frame.values.shape == (3, 8, 4, 4)
    assert frame.values[1, 5, 2, 3] == weight[1, 5 * 16 + 2 * 4 + 3]


def test_the_first_layer_of_a_colour_network_is_also_in_colour() -> None:
    network = colour()
    frames = show_scene(scene_of(network))
    weight = network.weights("conv0")["weight"]
    assert np.array_equal(frames["conv0", "colour"].values, np.moveaxis(weight, 1, -1))
    assert [layer for layer, part in frames if part == "colour"] == ["conv0"]
    assert not [key for key in show_scene(scene_of(ordinary())) if key[1] == "colour"]


def test_1x1_kernels_and_dense_layers_on_vectors_are_one_matrix() -> None:
    network = tiny_maps()
    frames = show_scene(scene_of(network))
    weight = network.weights("conv1")["weight"]
    assert frames["conv1", "matrix"].values.tolist() == [weight[:, :, 0, 0].tolist()]
    dense = network.weights("dense0")["weight"]
    assert np.array_equal(frames["dense0", "matrix"].values[0], dense)
    assert ("conv1", "") not in frames
    assert np.allclose(frames["dense0", "matrix"].columns["norm"], [np.sqrt((dense**2).sum())])


def test_larger_kernels_have_a_matrix_of_their_sums() -> None:
    network = ordinary()
    frames = show_scene(scene_of(network))
    weight = network.weights("conv1")["weight"]
    assert np.allclose(frames["conv1", "matrix"].values[0], weight.sum(axis=(2, 3)), atol=1e-6)
    assert ("conv0", "matrix") not in frames


def test_what_is_cut_is_said() -> None:
    frames = show_scene(scene_of(ordinary()), inputs=3, units=5, columns=2)
    assert frames["conv1", ""].values.shape == (5, 3, 3, 3)
    assert frames["conv1", ""].notes == (
        "The first 5 of 8 units are shown",
        "The first 3 of 4 inputs are shown",
    )
    assert frames["conv1", "matrix"].values.shape == (1, 5, 2)
    assert frames["conv1", "matrix"].notes == (
        "The first 5 of 8 units are shown",
        "The first 2 of 4 inputs are shown",
    )
    assert frames["conv0", ""].notes == ()


def test_change_is_since_the_first_and_the_last_recorded_step() -> None:
    plugin, network = Weights(), ordinary()
    weight = network.weights("conv0")["weight"]
    steps = [network, move_image(network, 1.0), move_image(network, 3.0)]
    frames = [show_scene(scene_of(each, step=step), plugin) for step, each in enumerate(steps)]
    since_start = [each["conv0", "change_since_start"] for each in frames]
    since_last = [each["conv0", "change_since_last_step"] for each in frames]
    assert [float(each.values.mean()) for each in since_start] == [0, 1, 3]
    assert [float(each.values.mean()) for each in since_last] == [0, 1, 2]
    assert since_start[0].notes == ("The first recorded step: nothing has changed yet",)
    assert since_start[1].notes == ()
    before = np.sqrt((weight**2).sum(axis=(2, 3)))
    assert np.allclose(since_start[2].columns["norm"], 9.0)
    assert np.allclose(since_start[2].columns["share"], 9.0 / before)


def test_layers_that_stand_still_have_not_changed() -> None:
    plugin, network = Weights(), tiny_maps()
    show_scene(scene_of(network), plugin)
    frames = show_scene(scene_of(network, step=1), plugin)
    for part in ("matrix_change_since_start", "matrix_change_since_last_step"):
        frame = frames["dense0", part]
        assert not frame.values.any()
        assert frame.columns["share"].tolist() == [0]
        assert frame.notes == ()


def test_a_change_from_nothing_has_no_share() -> None:
    plugin, network = Weights(), ordinary()
    nothing = move_image(network, -network.weights("conv0")["weight"])
    show_scene(scene_of(nothing), plugin)
    frame = show_scene(scene_of(network, step=1), plugin)["conv0", "change_since_start"]
    assert (frame.columns["norm"] > 0).all()
    assert not frame.columns["share"].any()


def test_what_is_kept_from_step_to_step_is_only_what_is_shown() -> None:
    plugin = Weights(inputs=1, units=2, columns=2)
    for step in range(5):
        show_scene(scene_of(move_image(ordinary(), float(step)), step=step), plugin)
    kept = [*plugin._start.values(), *plugin._last.values()]
    assert max(each.size for each in kept) == 2 * 4 * 4
    assert len(kept) == 2 * 3


def test_change_can_be_left_out() -> None:
    plugin = Weights(change=False)
    assert not [key for key in show_scene(scene_of(ordinary()), plugin) if "change" in key[1]]
    assert not plugin._start


def test_nan_weights_are_shown_as_themselves() -> None:
    frame = show_scene(scene_of(broken()))["conv0", ""]
    assert np.isnan(frame.values[1]).all()
    assert np.isfinite(frame.values[0]).all()
    assert np.isnan(frame.columns["norm"][1, 0])
