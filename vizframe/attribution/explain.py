"""The explanations whose faithfulness can be measured: one map of the pixels for each image."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Literal

import numpy as np

from vizframe.attribution.baseline import baseline_of
from vizframe.attribution.cam import grad_cam
from vizframe.attribution.gradient import magnitude, smooth_gradient, times_input
from vizframe.attribution.integrated import integrated_gradients
from vizframe.attribution.target import Target
from vizframe.errors import NetworkError
from vizframe.network import FloatArray
from vizframe.network.probe import Probe
from vizframe.network.relevance import COMPOSITES, RelevanceNetwork

Explanation = Literal[
    "gradient", "gradient_input", "smooth_gradient", "integrated", "grad_cam", "relevance", "random"
]


def explain(name: Explanation, target: Target, probe: Probe, seed: int) -> FloatArray:
    """The map of each of the target's images, (probe, y, x).

    Raises:
        NetworkError: the network cannot be asked for it.
    """
    return _EXPLAINERS[name](target, probe, seed)


def _integrated(target: Target, probe: Probe, _seed: int) -> FloatArray:
    start = baseline_of(replace(probe, images=target.images, labels=None, names=()), "black")
    found = integrated_gradients(target, start, least=16, most=16)
    return np.asarray(found.values.sum(axis=1), np.float32)


def _smooth(target: Target, _probe: Probe, seed: int) -> FloatArray:
    return magnitude(smooth_gradient(target, samples=8, noise=0.15, seed=seed))


def _grad_cam(target: Target, _probe: Probe, _seed: int) -> FloatArray:
    """The Grad-CAM of the last layer of maps that the scores depend on."""
    network = target.network
    maps = [layer.name for layer in network.layers if layer.is_spatial]
    if not maps:
        raise NetworkError(f"the network {network.name!r} has no layer of maps for Grad-CAM")
    gradient = target.gradient(at=maps[-1]).gradient
    output = network.activations(target.images, [maps[-1]])[maps[-1]]
    height, width = target.images.shape[2:]
    return grad_cam(output, gradient, (height, width)).astype(np.float32)


def _relevance(target: Target, _probe: Probe, _seed: int) -> FloatArray:
    network = target.network
    if not isinstance(network, RelevanceNetwork):
        raise NetworkError(f"the network {network.name!r} cannot hand relevance back")
    found = network.relevance(target.images, target.objective(), COMPOSITES["epsilon_plus"])
    return np.asarray(found.gradient.sum(axis=1), np.float32)


def _random(target: Target, _probe: Probe, seed: int) -> FloatArray:
    """A map of noise, which has looked at no image: every method has to be better."""
    count, _, height, width = target.images.shape
    noise = np.random.default_rng(seed).standard_normal((height, width), np.float32)
    return np.broadcast_to(noise, (count, height, width)).copy()


_EXPLAINERS: Mapping[Explanation, Callable[[Target, Probe, int], FloatArray]] = {
    "gradient": lambda target, _probe, _seed: magnitude(target.gradient().gradient),
    "gradient_input": lambda target, _probe, _seed: times_input(
        target.gradient().gradient, target.images
    ),
    "smooth_gradient": _smooth,
    "integrated": _integrated,
    "grad_cam": _grad_cam,
    "relevance": _relevance,
    "random": _random,
}
