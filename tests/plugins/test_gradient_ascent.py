"""Gradient ascent as a plugin: frames, what stands beside the pictures, and refused parameters."""

from __future__ import annotations

import numpy as np
import pytest

from tests.core.small_network import PIXELS, network, scene, with_bias
from vizframe.errors import Inapplicable, UnknownName, UsageError
from vizframe.network.probe import Normalization, Probe
from vizframe.plugin import Scene
from vizframe.plugin.frame import Frame
from vizframe.plugins.gradient_ascent import GradientAscent
from vizframe.testing.reference import Dense, ReferenceNetwork

QUICK = {"iterations": 24}


def frames(given: Scene, **options: object) -> list[Frame]:
    return list(GradientAscent.configured({**QUICK, **options}).visualize(given))


def test_every_unit_of_every_layer_gets_a_picture_of_what_it_sees() -> None:
    conv, dense = frames(scene(network(), "conv1", "dense0"))
    assert (conv.layer, conv.values.shape) == ("conv1", (6, 8, 8, 3))
    assert (dense.layer, dense.values.shape) == ("dense0", (4, 14, 14, 3))
    assert conv.notes == ("Each picture is the unit's exact receptive field, 8 × 8 pixels",)
    assert dense.notes == ()


def test_pictures_lie_between_black_and_white() -> None:
    (frame,) = frames(scene(network(), "conv1"))
    assert frame.values.min() >= 0
    assert frame.values.max() <= 1
    assert frame.values.std() > 0.05


def test_grey_inputs_leave_the_channel_axis_out() -> None:
    (frame,) = frames(scene(network(channels=1), "conv1"))
    assert frame.values.shape == (6, 8, 8)


def test_seven_channels_are_drawn_as_their_mean_and_said_so() -> None:
    (frame,) = frames(scene(network(channels=7), "dense0"))
    assert frame.values.shape == (4, 14, 14)
    assert frame.notes == ("The 7 input channels are drawn as their mean",)


def test_the_columns_tell_of_the_climb() -> None:
    (frame,) = frames(scene(network(), "conv1"))
    assert {name: each.shape for name, each in frame.columns.items()} == {
        "unit": (6,),
        "objective": (6,),
        "curve": (6, 32),
        "converged": (6,),
        "iterations": (6,),
        "saved": (6,),
        "warm": (6,),
        "strongest_since": (6,),
        "rescued": (6,),
        "dead": (6,),
    }
    assert (frame.columns["objective"] > frame.columns["curve"][:, 0]).all()
    assert (frame.columns["iterations"] == 24).all()
    assert (frame.columns["saved"] == 0).all()


def test_a_dead_unit_is_black_and_named() -> None:
    net = with_bias(network(), "conv1", [0.0, 0.0, -1e9, 0.0, 0.0, -1e9])
    (frame,) = frames(scene(net, "relu1"))
    assert np.flatnonzero(frame.columns["dead"]).tolist() == [2, 5]
    assert (frame.values[[2, 5]] == 0).all()
    assert "Dead, as no gradient reaches the input: units 2, 5" in frame.notes


def test_a_rescued_unit_is_drawn_and_named() -> None:
    net = with_bias(network(), "conv1", [-60.0] * 6)
    (frame,) = frames(scene(net, "relu1"))
    (note,) = (note for note in frame.notes if "rescued" in note)
    assert note == "Silent at the start, and rescued: units 0, 1, 2, 3, 4, 5"
    rescued = frame.columns["rescued"] == 1
    assert frame.values[rescued].std(axis=(1, 2, 3)).min() > 0


def test_a_unit_that_answers_nan_is_nan_and_named() -> None:
    net = with_bias(network(), "conv1", [0.0, np.nan, 0.0, 0.0, 0.0, 0.0])
    (frame,) = frames(scene(net, "conv1"))
    assert np.isnan(frame.values).all(axis=(1, 2, 3)).tolist() == [False, True] + [False] * 4
    assert "An activation that is not finite: unit 1" in frame.notes


def test_the_start_is_the_same_at_every_step_so_that_only_weights_move() -> None:
    plugin = GradientAscent.configured(QUICK)
    first, later = (
        next(plugin.visualize(scene(network(), "conv1", step=step))) for step in (0, 500)
    )
    assert np.array_equal(first.values, later.values)


def test_a_warm_start_says_what_it_saved() -> None:
    plugin = GradientAscent.configured({"iterations": 400, "warm_start": True})
    cold, warm = (next(plugin.visualize(scene(network(), "conv0", step=n))) for n in (0, 1))
    assert (cold.columns["warm"] == 0).all()
    assert (warm.columns["warm"] == 1).all()
    assert (warm.columns["saved"] == 400 - warm.columns["iterations"]).all()
    assert (warm.columns["saved"] > 0).all()
    (note,) = (note for note in warm.notes if note.startswith("The climbs began at"))
    assert "of 400 iterations" in note


def test_the_control_has_other_weights_and_says_so() -> None:
    plain, control = (frames(scene(network(), "conv1"), control=each)[0] for each in (False, True))
    assert not np.array_equal(plain.values, control.values)
    assert control.notes[0].startswith("Control: the weights are shuffled")


def test_a_shorthand_chooses_units_and_they_are_numbered() -> None:
    (frame,) = frames(scene(network(), "dense0"), units="conv1:4, conv1:0-1")
    assert frame.layer == "conv1"
    assert frame.columns["unit"].tolist() == [0, 1, 4]
    assert len(frame.values) == 3


def test_minimising_lowers_the_answer() -> None:
    (frame,) = frames(scene(network(), "dense0"), minimise=True)
    assert (frame.columns["objective"] < frame.columns["curve"][:, 0]).all()


def test_progress_covers_all_layers() -> None:
    told: list[tuple[int, int, str]] = []
    net = network()
    base = scene(net, "conv0", "dense0")
    given = Scene(
        net,
        base.layers,
        base.probe,
        progress=lambda done, total, what: told.append((done, total, what)),
    )
    frames(given)
    assert {each[1] for each in told} == {(5 + 4) * 24}
    assert [each[0] for each in told] == sorted(each[0] for each in told)
    assert told[-1] == ((5 + 4) * 24, (5 + 4) * 24, "dense0")


@pytest.mark.parametrize(
    ("option", "value", "sentence"),
    [
        ("small_norm", 101, "small_norm is 101; it can be at most 100"),
        ("small_contribution", 101, "small_contribution is 101; it can be at most 100"),
        ("blur", -1, "blur is -1; it can be 0 or more"),
        ("iterations", 0, "iterations is 0; it can be 1 or more"),
        ("rate", 0, "rate is 0; it can be more than 0"),
        ("decay", 1, "decay is 1; it can be less than 1"),
        ("place", "middle", "place is 'middle'; it can be 'centre' or 'mean'"),
        ("blurr", 1, "gradient_ascent has no parameter 'blurr'; it can be 'blur'"),
    ],
)
def test_a_parameter_out_of_its_limits_is_refused(
    option: str, value: object, sentence: str
) -> None:
    with pytest.raises(UsageError, match=sentence):
        GradientAscent.configured({option: value})


def test_an_unknown_preset_is_refused_with_the_nearest_first() -> None:
    with pytest.raises(UnknownName, match="preset 'lucent' is not known; it can be 'lucid'"):
        GradientAscent.configured({"preset": "lucent"})


def test_a_regulariser_of_pixels_on_frequencies_is_refused_at_once() -> None:
    with pytest.raises(UsageError, match=r"decay is 0\.1 for a preset that moves frequencies"):
        GradientAscent.configured({"preset": "fourier", "decay": 0.1})


def test_colours_on_a_grey_input_are_refused_with_the_cure() -> None:
    given = scene(network(channels=1), "conv0")
    with pytest.raises(UsageError, match="number of input channels is 1; it can be 3 for a preset"):
        frames(given, preset="lucid")


def test_a_layer_that_is_not_there_is_refused_with_the_nearest() -> None:
    with pytest.raises(UnknownName, match="layer 'conv7' is not known; it can be 'conv0'"):
        frames(scene(network(), "conv0"), units="conv7:0")


def test_inputs_that_are_no_images_are_refused() -> None:
    weight = np.ones((2, 6), np.float32)
    net = ReferenceNetwork({"dense0": Dense(weight, np.zeros(2, np.float32))}, input_shape=(6,))
    given = Scene(net, net.layers, Probe(np.zeros((1, 6), np.float32)))
    with pytest.raises(
        Inapplicable, match=r"input has shape \(6,\); it can be \(channels, y, x\)$"
    ):
        frames(given)


def test_a_normalization_of_other_channels_than_the_network_is_refused() -> None:
    grey = Normalization(mean=(0.1, 0.2), std=(1.0,))
    with pytest.raises(UsageError, match="2 numbers as mean and the input 3 channels"):
        frames(scene(network(), "conv0", normalization=grey))


@pytest.mark.parametrize("preset", ["quick", "yosinski-3", "simonyan"])
def test_what_nothing_is_drawn_on_is_the_ground(preset: str) -> None:
    """Shrunk to nothing, a picture is the colour that its pixels are counted from."""
    net = network()
    photographs = np.full((2, 3, 14, 14), 0.25, np.float32)
    given = Scene(net, (net.layer("conv0"),), Probe(photographs))
    for ground, picture in (("auto", 0.25), ("zero", 0.0), ("grey", 0.5)):
        frame = frames(given, preset=preset, ground=ground, rate=1e-9, sparsity=50)[0]
        assert frame.values == pytest.approx(np.full(frame.values.shape, picture), abs=1e-6)


def test_pictures_of_pixel_networks_are_shown_with_their_mean_added() -> None:
    (frame,) = frames(scene(network(), "dense0", normalization=PIXELS), iterations=1)
    assert frame.values.mean() == pytest.approx(110 / 255, abs=0.01)
