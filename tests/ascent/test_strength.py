"""Gradients of any size are climbed along; ordinary ones are left as they are, bit by bit."""

from __future__ import annotations

import numpy as np
import pytest

from vizframe.ascent.strength import ordinary_strength
from vizframe.network import FloatArray
from vizframe.plugin.frame import Frame
from vizframe.plugins.class_visualization import ClassVisualization
from vizframe.testing.networks import ordinary
from vizframe.testing.plugin import scene_of
from vizframe.testing.reference import ReferenceNetwork


def of(sizes: list[float]) -> FloatArray | None:
    """The strengths of images whose gradients are so large, where float32 holds them."""
    exact = np.array(sizes, np.float64)
    with np.errstate(over="ignore"):

        def measured(strength: FloatArray) -> FloatArray:
            return np.asarray(exact * strength, np.float32)

        return ordinary_strength(measured(np.ones(len(sizes), np.float32)), measured)


def test_ordinary_gradients_are_left_as_they_are() -> None:
    assert of([1e-4, 1.0, 1e11]) is None
    assert of([0.0, 1.0]) is None


@pytest.mark.parametrize("size", [1e-44, 1e-38, 1e-20, 1e-6, 1e13, 1e30, 1e37])
def test_others_become_about_one(size: float) -> None:
    strength = of([size, 1.0, 0.0])
    assert strength is not None
    assert size * strength[0] == pytest.approx(1.5, abs=0.6) or strength[0] == 2.0**126
    assert strength[1:].tolist() == [1, 1]


def test_what_is_no_number_is_left_alone() -> None:
    assert (
        ordinary_strength(np.array([np.nan], np.float32), lambda strength: strength * np.nan)
        is None
    )


def scaled(size: float) -> ReferenceNetwork:
    """The ordinary network, its scores so many times as large."""
    network = ordinary(seed=3)
    operations = dict(network.operations)
    last = network.weights("dense0")
    operations["dense0"] = operations["dense0"].with_parameters(
        {name: (values * np.float64(size)).astype(np.float32) for name, values in last.items()}
    )
    return ReferenceNetwork(operations, network.input_shape)


def drawn(size: float) -> Frame:
    plugin = ClassVisualization(iterations=12)
    return next(iter(plugin.visualize(scene_of(scaled(size)))))


@pytest.mark.parametrize("size", [2.0**-120, 2.0**-100, 2.0**-40, 2.0**50, 2.0**100])
def test_a_class_looks_the_same_in_a_network_of_another_size(size: float) -> None:
    wanted, found = drawn(1.0), drawn(size)
    assert not found.columns["dead"].any()
    assert wanted.values.max() > 0.1
    np.testing.assert_allclose(found.values, wanted.values, atol=0.02)
