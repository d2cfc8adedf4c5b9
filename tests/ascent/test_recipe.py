"""A recipe run by the loop is the paper's loop, written out for one image."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from tests.core.small_network import PIXELS, network
from vizframe.ascent.gallery import Question, ascend
from vizframe.ascent.noise import noise
from vizframe.ascent.pixels import Pixels
from vizframe.ascent.presets import preset
from vizframe.ascent.recipe import Recipe
from vizframe.network import FloatArray, Objective
from vizframe.testing.reference import ReferenceNetwork


def twin(net: ReferenceNetwork, recipe: Recipe, unit: int) -> FloatArray:
    """Yosinski et al. 2015, the released code's loop, in pixels, one image at a time."""
    x = noise(0, [unit], net.input_shape) * np.float32(recipe.start_sd)
    mean = PIXELS.mean[0]
    for iteration in range(recipe.iterations):
        if recipe.clipped:
            x = np.clip(x, -mean, 255 - mean)
        g = net.gradient(x, Objective.of("dense0", [unit])).gradient
        if iteration == recipe.iterations - 1:
            break
        rate = recipe.rate
        if recipe.rule == "progress":
            rate = min(rate, recipe.progress / float((g**2).sum()))
        x = x + rate * (g - 2 * recipe.l2 * x)
        x = x * (1 - recipe.decay)
        if recipe.blur and iteration % recipe.blur_every == 0:
            x = gaussian_filter(x, (0, 0, recipe.blur, recipe.blur))
        norm = np.sqrt((x**2).sum(axis=1, keepdims=True))
        x = x * (norm >= np.percentile(norm, recipe.small_norm))
        contribution = np.abs((g * -x).sum(axis=1, keepdims=True))
        x = x * (contribution >= np.percentile(contribution, recipe.small_contribution))
    drawn: FloatArray = x.astype(np.float32)
    return drawn


@pytest.mark.parametrize(
    "name", ["yosinski-1", "yosinski-2", "yosinski-3", "yosinski-4", "simonyan"]
)
def test_a_published_recipe_is_the_published_loop(name: str) -> None:
    # From noise also where the recipe starts at zero: without biases that has no gradient.
    net, recipe = network(), replace(preset(name), iterations=10, start_sd=10.0)
    question = Question(net.layer("dense0"), recipe, Pixels.of(PIXELS, 3))
    pictures = ascend(net, question, (0, 1, 2)).outcome.images
    for unit, picture in enumerate(pictures):
        assert picture == pytest.approx(twin(net, recipe, unit)[0], rel=1e-3, abs=1e-2)
