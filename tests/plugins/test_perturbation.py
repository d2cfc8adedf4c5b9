"""RISE, Score-CAM and expected gradients are their formulas, written out slowly."""

from __future__ import annotations

import numpy as np
import pytest

from vizframe.attribution.expected import expected_gradients
from vizframe.attribution.rise import random_masks, rise
from vizframe.attribution.score_cam import score_cam
from vizframe.attribution.target import target
from vizframe.errors import UsageError
from vizframe.images.overlay import resample
from vizframe.network import Objective
from vizframe.network.probe import Probe
from vizframe.plugins.perturbation import Perturbation
from vizframe.testing.networks import colour, flat, ordinary, probe_for
from vizframe.testing.plugin import scene_of


def test_masks_are_soft_shifted_and_open_as_often_as_asked() -> None:
    (masks,) = random_masks(400, 5, (23, 17), 0.3, 7, 400)
    assert masks.shape == (400, 23, 17)
    assert masks.min() == 0
    assert masks.max() == 1
    assert masks.mean() == pytest.approx(0.3, abs=0.02)
    in_parts = np.concatenate(list(random_masks(400, 5, (23, 17), 0.3, 7, 400)))
    np.testing.assert_array_equal(masks, in_parts)


def test_rise_is_the_mean_of_the_masks_weighed_by_probability() -> None:
    network = colour()
    probe = probe_for(network)
    asked = target(network, probe, "predicted")
    cover = np.full((1, 3, 1, 1), 0.25, np.float32)
    found = rise(asked, cover, masks=9, cells=4, open_share=0.4, seed=3)
    (masks,) = random_masks(9, 4, (12, 12), 0.4, 3, 9)
    wanted = np.zeros((3, 12, 12))
    for image in range(3):
        for mask in masks.astype(np.float64):
            shown = probe.images[image] * mask + 0.25 * (1 - mask)
            scores = network.scores(shown[None].astype(np.float32))[0].astype(np.float64)
            chance = np.exp(scores) / np.exp(scores).sum()
            wanted[image] += chance[asked.classes[image]] * mask / (9 * 0.4)
    np.testing.assert_allclose(found, wanted, rtol=1e-4)


def test_score_cam_weighs_units_by_the_score_seen_through_them() -> None:
    network = ordinary(seed=2)
    probe = probe_for(network)
    asked = target(network, probe, 1)
    maps = network.activations(probe.images, ["relu1"])["relu1"]
    for most in (None, 3):
        found = score_cam(asked, maps, most=most)
        for image in range(3):
            strongest = np.argsort(-maps[image].mean(axis=(1, 2)), kind="stable")[:most]
            raised = {}
            for unit in strongest:
                large = resample(maps[image, unit], (12, 12))
                span = large.max() - large.min()
                mask = (large - large.min()) / span if span else np.zeros_like(large)
                seen = (probe.images[image] * mask)[None].astype(np.float32)
                raised[unit] = np.exp(float(network.scores(seen)[0, 1]))
            total = sum(raised.values())
            cam = sum(weight / total * maps[image, unit] for unit, weight in raised.items())
            wanted = resample(np.maximum(cam, 0), (12, 12))
            np.testing.assert_allclose(found[image], wanted, rtol=1e-3, atol=1e-6)


def test_expected_gradients_of_a_linear_network_are_exact() -> None:
    network = flat()
    probe = probe_for(network, count=4)
    asked = target(network, probe, 2)
    found = expected_gradients(asked, samples=500, seed=1)
    weight = network.weights("dense0")["weight"][2].reshape(8, 8)
    for image in range(4):
        others = np.delete(probe.images[:, 0], image, axis=0).mean(axis=0)
        wanted = weight * (probe.images[image, 0] - others)
        np.testing.assert_allclose(found.values[image, 0], wanted, atol=0.08)
    assert (found.error < 1e-3).all()


def test_expected_gradients_are_complete_within_the_sample() -> None:
    network = ordinary(seed=1)
    asked = target(network, probe_for(network, count=5), "predicted")
    found = expected_gradients(asked, samples=200, seed=0)
    np.testing.assert_allclose(
        found.values.sum(axis=(1, 2, 3)), found.difference, rtol=0.1, atol=0.05
    )


def test_a_probe_of_one_image_is_its_own_baseline_and_says_so() -> None:
    network = ordinary()
    scene = scene_of(network, Probe(probe_for(network, count=1).images))
    (frame,) = Perturbation(methods=("expected",), samples=2).visualize(scene)
    assert not np.asarray(frame.values).any()
    assert frame.notes == ("The probe has one image, which is its own baseline",)


def test_no_method_is_refused() -> None:
    with pytest.raises(UsageError, match="one or more of rise, score_cam, expected"):
        Perturbation.configured({"methods": []})


def test_the_gradient_is_asked_at_the_class_that_is_explained() -> None:
    network = flat()
    probe = probe_for(network, count=2)
    asked = target(network, probe, 0)
    found = expected_gradients(asked, samples=1, seed=0)
    gradient = network.gradient(probe.images, Objective.of("dense0", [0, 0])).gradient
    np.testing.assert_allclose(
        found.values, gradient * (probe.images - probe.images[::-1]), rtol=1e-5
    )
