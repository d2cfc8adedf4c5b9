"""The relevance plugin: shares of the class score, and what they sum to."""

from __future__ import annotations

import numpy as np
import pytest

from vizframe.errors import PluginError
from vizframe.network import Network
from vizframe.network.probe import Normalization, Probe
from vizframe.plugin import Scene
from vizframe.plugin.frame import Frame
from vizframe.plugins.relevance import Relevance
from vizframe.testing.networks import colour, flat, ordinary, probe_for
from vizframe.testing.plugin import scene_of


def draw(scene: Scene, **options: object) -> Frame:
    (frame,) = Relevance.configured(options).visualize(scene)
    return frame


def test_a_network_of_one_dense_layer_shares_by_weight_times_input() -> None:
    network = flat()
    scene = scene_of(network)
    frame = draw(scene, composite="epsilon", target=1)
    weight = network.weights("dense0")["weight"][1].reshape(8, 8)
    shares = weight * scene.probe.images[:, 0]
    np.testing.assert_allclose(frame.values, shares, rtol=1e-3, atol=1e-5)
    bias = network.weights("dense0")["bias"][1]
    kept = 1 - bias / frame.columns["score"]
    np.testing.assert_allclose(frame.columns["kept"], kept, rtol=1e-3)


def red(frame: Frame) -> float:
    """Which share of all relevance speaks against the class."""
    values = np.asarray(frame.values)
    return float(np.minimum(values, 0).sum() / -np.abs(values).sum())


def test_zplus_and_gamma_speak_less_against_the_class() -> None:
    scene = scene_of(ordinary(seed=5))
    plain = red(draw(scene, composite="epsilon"))
    gamma = red(draw(scene, composite="epsilon_gamma_box", gamma=1.0))
    assert red(draw(scene, composite="epsilon_plus")) < plain
    assert gamma != plain


def test_the_box_is_that_of_the_probe_s_pixels() -> None:
    normal = Normalization(mean=(0.1, 0.2, 0.3), std=(0.5, 0.6, 0.7), low=0.0, high=2.0)
    rules = Relevance(gamma=0.5).rules(normal, 3)
    np.testing.assert_allclose(rules.low, [-0.2, -0.2 / 0.6, -0.3 / 0.7], rtol=1e-5)
    np.testing.assert_allclose(rules.high, [1.9 / 0.5, 1.8 / 0.6, 1.7 / 0.7], rtol=1e-5)
    assert (rules.gamma, rules.first) == (0.5, "box")


def test_more_images_than_fit_at_once_are_handed_back_in_batches() -> None:
    network = colour()
    probe = probe_for(network, count=7)
    whole = draw(scene_of(network, probe))
    narrow = colour()
    narrow._room = 8
    np.testing.assert_allclose(draw(scene_of(narrow, probe)).values, whole.values, rtol=1e-6)


class WithoutRelevance:
    """A network of a framework that cannot hand relevance back."""

    def __init__(self, inner: Network) -> None:
        self._inner = inner

    def __getattr__(self, name: str) -> object:
        if name == "relevance":
            raise AttributeError(name)
        return getattr(self._inner, name)


def test_a_network_that_cannot_says_so() -> None:
    network = ordinary()
    bare = WithoutRelevance(network)
    scene = Scene(bare, network.layers, Probe(probe_for(network).images))  # type: ignore[arg-type]
    with pytest.raises(PluginError, match="cannot hand relevance back; it can be a Block or"):
        draw(scene)
