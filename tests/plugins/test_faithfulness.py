"""The measures of faithfulness, on networks whose right explanation is known."""

from __future__ import annotations

import numpy as np
import pytest

from vizframe.attribution.faithful import (
    area_under,
    infidelity,
    ink_of,
    points_at,
    reveal_curves,
    sensitivity,
)
from vizframe.attribution.target import target
from vizframe.errors import PluginError, UsageError
from vizframe.network import FloatArray
from vizframe.network.cascade import CascadeNetwork
from vizframe.plugin.frame import Frame
from vizframe.plugins.faithfulness import Faithfulness
from vizframe.testing.networks import flat, ordinary, probe_for
from vizframe.testing.plugin import scene_of
from vizframe.testing.reference import Dense, Flatten, ReferenceNetwork

BLACK = np.zeros((1, 1, 1, 1), np.float32)


def linear() -> tuple[ReferenceNetwork, FloatArray]:
    """A network of one dense layer, and what each pixel adds to class 0."""
    network = flat()
    return network, network.weights("dense0")["weight"][0].reshape(8, 8)


def test_curves_are_probabilities_at_shares_of_the_pixels() -> None:
    network, weight = linear()
    probe = probe_for(network)
    asked = target(network, probe, 0)
    shares = weight * probe.images[:, 0]
    curves = reveal_curves(asked, shares, probe.images, BLACK, 5)
    for image in range(3):
        order = np.argsort(-shares[image].ravel(), kind="stable")
        for point, count in enumerate((0, 16, 32, 48, 64)):
            left = probe.images[image].ravel().copy()
            left[order[:count]] = 0
            scores = network.scores(left.reshape(1, 1, 8, 8))[0].astype(np.float64)
            wanted = np.exp(scores[0]) / np.exp(scores).sum()
            assert curves[image, point] == pytest.approx(wanted, rel=1e-4)


def test_the_true_explanation_deletes_faster_and_inserts_faster_than_its_opposite() -> None:
    network, weight = linear()
    probe = probe_for(network)
    asked = target(network, probe, 0)
    shares = weight * probe.images[:, 0]
    for start, end, sign in ((probe.images, BLACK, 1), (BLACK, probe.images, -1)):
        right, wrong = (
            area_under(reveal_curves(asked, maps, start, end, 9)) for maps in (shares, -shares)
        )
        assert (sign * (wrong - right) > 0).all()


def test_the_area_is_that_of_the_trapezium_rule() -> None:
    assert area_under(np.array([[1, 0.5, 0.5]], np.float32)).tolist() == [0.625]


def test_infidelity_is_nothing_for_the_truth_in_any_unit_and_near_one_for_noise() -> None:
    network, weight = linear()
    probe = probe_for(network)
    asked = target(network, probe, 0)
    shares = weight * probe.images[:, 0]
    for scale in (1.0, 37.0):
        found = infidelity(asked, scale * shares, BLACK, squares=30, seed=0)
        assert (found < 1e-4).all()
    noise = np.random.default_rng(9).standard_normal(shares.shape).astype(np.float32)
    assert (infidelity(asked, noise, BLACK, squares=60, seed=0) > 0.5).all()


def test_infidelity_of_squares_that_take_nothing_is_unknown() -> None:
    network = ReferenceNetwork(
        {
            "flat": Flatten(),
            "dense0": Dense(np.zeros((2, 64), np.float32), np.zeros(2, np.float32)),
        },
        input_shape=(1, 8, 8),
    )
    asked = target(network, probe_for(network), 0)
    found = infidelity(asked, np.ones((3, 8, 8), np.float32), BLACK, squares=3, seed=0)
    assert np.isnan(found).all()


def test_sensitivity_is_the_greatest_relative_change() -> None:
    network, weight = linear()
    probe = probe_for(network)
    asked = target(network, probe, 0)

    def shares(images: FloatArray) -> FloatArray:
        return np.asarray(weight * images[:, 0], np.float32)

    maps = shares(probe.images)
    found = sensitivity(asked, maps, shares, samples=5, radius=0.1, seed=0)
    most = 0.1 * np.ptp(probe.images, axis=(1, 2, 3)) * np.linalg.norm(weight)
    assert (found > 0).all()
    assert (found <= most / np.linalg.norm(maps, axis=(1, 2))).all()
    constant = sensitivity(asked, maps, lambda _: maps, samples=3, radius=0.1, seed=0)
    assert constant.tolist() == [0, 0, 0]


def test_ink_is_what_differs_from_the_ground_and_pointing_hits_it() -> None:
    pictures = np.zeros((3, 1, 4, 4), np.float32)
    pictures[0, 0, 1, 2] = 1
    pictures[1] = 1
    pictures[1, 0, 3, 3] = 0
    ink = ink_of(pictures)
    assert np.argwhere(ink).tolist() == [[0, 1, 2], [1, 3, 3]]
    maps = np.zeros((3, 4, 4), np.float32)
    maps[0, 1, 2], maps[1, 0, 0], maps[2, 0, 0] = 1, 1, 1
    np.testing.assert_array_equal(points_at(maps, ink), [1, 0, np.nan])
    assert np.isnan(points_at(0 * maps, ink)).all()


def measured(**options: object) -> dict[str, Frame]:
    plugin = Faithfulness.configured({"points": 3, "squares": 4, "samples": 1, **options})
    return {frame.part: frame for frame in plugin.visualize(scene_of(ordinary(seed=3)))}


def test_means_over_the_probe_become_curves_over_the_training() -> None:
    frame = measured(methods="gradient,random")["gradient"]
    for name in ("deletion", "insertion", "infidelity", "sensitivity"):
        values = frame.columns[name]
        assert frame.scalars[f"gradient {name}"] == pytest.approx(values.mean(), rel=1e-5)


def test_the_cascade_begins_like_the_trained_network_only_above_what_is_shuffled() -> None:
    network = ordinary(seed=3)
    assert isinstance(network, CascadeNetwork)
    with network.randomized_from("dense0", 0) as top, network.randomized(0) as all_of_it:
        np.testing.assert_array_equal(
            top.weights("conv0")["weight"], network.weights("conv0")["weight"]
        )
        np.testing.assert_array_equal(
            top.weights("dense0")["weight"], all_of_it.weights("dense0")["weight"]
        )
        assert (top.weights("dense0")["weight"] != network.weights("dense0")["weight"]).any()
    frame = measured(methods="gradient,random", cascade=True)["cascade"]
    assert frame.values.shape == (1, 2, 3)
    np.testing.assert_allclose(np.asarray(frame.values)[0, 1], 1, atol=1e-6)
    assert (np.asarray(frame.values)[0, 0] < 0.999).all()
    assert frame.notes[1] == "Columns, shuffled from here on: dense0, conv1, conv0"


def test_what_a_network_has_not_is_left_out_and_said_so() -> None:
    plugin = Faithfulness.configured({"methods": "grad_cam,gradient", "points": 2, "squares": 2})
    (frame,) = plugin.visualize(scene_of(flat()))
    assert frame.part == "gradient"
    assert frame.notes[0].startswith("Faithfulness of grad_cam is left out: the network")
    with pytest.raises(PluginError, match="no layer of maps"):
        list(Faithfulness.configured({"methods": "grad_cam"}).visualize(scene_of(flat())))
    with pytest.raises(UsageError, match="one or more of gradient"):
        Faithfulness.configured({"methods": []})
