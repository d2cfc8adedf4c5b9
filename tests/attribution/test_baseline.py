"""Baselines are the pictures that their names say, as the network's inputs."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from vizframe.attribution.baseline import baseline_of, blur
from vizframe.attribution.integrated import integrated_gradients, mean_integrated_gradients
from vizframe.attribution.target import target
from vizframe.network.probe import Normalization, Probe
from vizframe.testing.networks import colour, probe_for

DRAW = np.random.default_rng(2)
NORMAL = Normalization(mean=(0.1, 0.2, 0.3), std=(0.5, 0.6, 0.7))
PROBE = Probe(DRAW.random((4, 3, 12, 10)).astype(np.float32), normalization=NORMAL)


def test_colours_are_those_of_pictures() -> None:
    for name, share in (("black", 0.0), ("grey", 0.5), ("white", 1.0)):
        found = NORMAL.to_picture(baseline_of(PROBE, name))  # type: ignore[arg-type]
        np.testing.assert_allclose(found, share, atol=1e-6)


def test_the_mean_is_that_of_the_probe() -> None:
    found = baseline_of(PROBE, "mean")
    np.testing.assert_allclose(found[0], PROBE.images.mean(axis=0), rtol=1e-6)


@pytest.mark.parametrize("sigma", [0.4, 1.0, 2.7])
def test_the_blur_is_scipys(sigma: float) -> None:
    wanted = ndimage.gaussian_filter(PROBE.images, (0, 0, sigma, sigma), mode="reflect", truncate=4)
    np.testing.assert_allclose(blur(PROBE.images, sigma), wanted, atol=1e-6)


def test_a_blurred_baseline_has_the_image_s_colours_and_no_shape() -> None:
    found = baseline_of(PROBE, "blurred")
    assert found.shape == PROBE.images.shape
    np.testing.assert_allclose(found.mean(axis=(2, 3)), PROBE.images.mean(axis=(2, 3)), atol=1e-6)
    assert (found.std(axis=(2, 3)) < 0.6 * PROBE.images.std(axis=(2, 3))).all()


def test_several_baselines_are_complete_with_respect_to_their_mean() -> None:
    network = colour()
    probe = probe_for(network)
    asked = target(network, probe, "predicted")
    baselines = [baseline_of(probe, name) for name in ("black", "white", "blurred", "mean")]
    found = mean_integrated_gradients(asked, baselines, tolerance=0.001)
    single = [integrated_gradients(asked, each, tolerance=0.001) for each in baselines]
    np.testing.assert_allclose(
        found.values, np.mean([each.values for each in single], axis=0), atol=1e-6
    )
    ends = [asked.scores_of(np.broadcast_to(each, probe.images.shape)) for each in baselines]
    wanted = asked.scores - np.mean(ends, axis=0)
    np.testing.assert_allclose(found.values.sum(axis=(1, 2, 3)), wanted, rtol=0.01, atol=1e-4)
