"""Histograms: quantiles of the weights, gradients, changes and activations, and a fixed sample."""

from __future__ import annotations

import numpy as np
import pytest

from vizframe.network import FloatArray
from vizframe.plugin import Scene
from vizframe.plugin.frame import Frame
from vizframe.plugins.histograms import LEVELS, Histograms
from vizframe.testing.networks import broken, ordinary
from vizframe.testing.plugin import scene_of

Frames = dict[tuple[str, str], Frame]


def show_scene(scene: Scene, plugin: Histograms | None = None, **options: object) -> Frames:
    made = (plugin or Histograms.configured(options)).visualize(scene)
    return {(frame.layer, frame.part): frame for frame in made}


def quantiles_by_hand(values: FloatArray) -> list[float]:
    """By sorting, and walking the straight line between two neighbours."""
    ordered = sorted(float(value) for value in values.reshape(-1))
    found = []
    for level in LEVELS:
        place = level * (len(ordered) - 1)
        low, share = int(place), place - int(place)
        high = min(low + 1, len(ordered) - 1)
        found.append(ordered[low] * (1 - share) + ordered[high] * share)
    return found


def test_weights_and_activations_have_their_quantiles() -> None:
    network = ordinary()
    scene = scene_of(network)
    frames = show_scene(scene)
    weight = network.weights("conv1")["weight"]
    assert np.allclose(frames["conv1", ""].values[0], quantiles_by_hand(weight), atol=1e-6)
    outputs = network.activations(scene.probe.images, ["conv1"])["conv1"]
    found = frames["conv1", "activations"].values[0]
    assert np.allclose(found, quantiles_by_hand(outputs), atol=1e-5)
    columns = frames["conv1", "activations"].columns
    assert columns["largest"][0] == outputs.max()
    assert columns["zeros"][0] == pytest.approx((outputs == 0).mean())
    assert columns["deviation"][0] == pytest.approx(outputs.std(), rel=1e-5)


def test_changes_are_those_since_the_step_before() -> None:
    network, plugin = ordinary(), Histograms()
    first = show_scene(scene_of(network), plugin)["conv0", "changes"]
    assert first.notes == ("The first recorded step: nothing has changed yet",)
    assert (first.values == 0).all()
    frames = show_scene(scene_of(network), plugin)
    assert (frames["conv0", "changes"].values == 0).all()
    assert frames["conv0", "changes"].columns["zeros"] == 1


def test_of_many_values_a_sample_is_looked_at_and_always_the_same() -> None:
    scene = scene_of(ordinary())
    frames = show_scene(scene, sample=65)
    assert (
        frames["conv1", ""].columns["mean"]
        == show_scene(scene, sample=65)["conv1", ""].columns["mean"]
    )
    whole = scene.network.weights("conv1")["weight"]
    assert whole.size > 65
    assert whole.min() <= frames["conv1", ""].values.min()
    assert frames["conv1", ""].values.max() <= whole.max()


def test_values_that_are_not_finite_are_counted_and_left_out() -> None:
    frames = show_scene(scene_of(broken()))
    sick = [each for each in frames.values() if each.columns["not_finite"] > 0]
    assert sick
    for frame in sick:
        rest = frame.columns["not_finite"][0] < 1
        assert np.isfinite(frame.values).all() == rest
