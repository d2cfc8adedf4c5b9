"""Switches send back what MXNet's own max pooling does, wherever its maxima lie."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from vizframe.gluon.compat import mx
from vizframe.gluon.question.asked import share
from vizframe.gluon.question.switches import Switches
from vizframe.graph.window import OperatorWindow
from vizframe.network import FloatArray, Objective

from .test_deconvnet import SIDE, made, project

nn = mx.gluon.nn

WINDOWS = [
    OperatorWindow((2, 2), (2, 2)),
    OperatorWindow((3, 3), (2, 2), (1, 1)),
    OperatorWindow((3, 2), (1, 3), (1, 0)),
    OperatorWindow((1, 5), (2, 1), (0, 2)),
]


@pytest.mark.parametrize("convention", ["valid", "full"])
@pytest.mark.parametrize("window", WINDOWS)
def test_what_is_sent_back_is_mxnets_gradient(window: OperatorWindow, convention: str) -> None:
    draw = np.random.default_rng(0)
    values = np.maximum(draw.integers(-3, 4, (3, 2, 9, 11)), 0).astype(np.float32)  # many are equal
    given = mx.nd.array(values)
    given.attach_grad()
    with mx.autograd.record():
        pooled = pooling(given, window, convention)
    signal = draw.standard_normal(pooled.shape).astype(np.float32)
    pooled.backward(mx.nd.array(signal))
    switches = Switches.of(values, window, pooled.shape[2:])
    assert switches is not None
    back = np.empty_like(values)
    nowhere = np.zeros((3, 2), np.int64)
    switches.unpool(signal, np.arange(3), None, nowhere, back)
    np.testing.assert_allclose(back, given.grad.asnumpy(), atol=1e-6)
    switches.unpool(signal, np.arange(3), None, nowhere, back, rectified=True)
    np.testing.assert_allclose(back, np.maximum(given.grad.asnumpy(), 0), atol=1e-6)


@pytest.mark.parametrize("broken", [np.nan, np.inf, -np.inf])
def test_maxima_that_are_no_numbers_have_no_switches(broken: float) -> None:
    values = np.ones((1, 1, 4, 4), np.float32)
    values[:, :, 2:, 2:] = broken
    assert Switches.of(values, OperatorWindow((2, 2), (2, 2)), (2, 2)) is None


def test_a_net_whose_maxima_are_no_numbers_is_projected_as_it_was() -> None:
    net = nn.HybridSequential()
    net.add(nn.Conv2D(3, 3), nn.MaxPool2D(), nn.Conv2D(4, 3))
    network, images = made(net, 0)
    images[0, :, :2, :2] = np.nan
    found = project(network, images, np.array([1, 0]), questions([1, 2], [[4, 4], [5, 5]], [1, 2]))
    assert np.isfinite(found[0]).all()
    assert found[0].any()


@pytest.mark.parametrize("pooled", [False, True])
def test_questions_that_share_their_way_differ_by_their_strength_alone(pooled: bool) -> None:
    net = nn.HybridSequential()
    net.add(nn.Conv2D(6, 3, activation="relu"))
    if pooled:
        net.add(nn.MaxPool2D(3, 2, 1))
    net.add(nn.Conv2D(8, 3, padding=1, activation="relu"), nn.Conv2D(5, 3, padding=1))
    network, images = made(net, 1)
    layer = network.layers[-1].name
    units, places = [2, 2, 3, 2, 2, 2, 2], [[4, 4]] * 4 + [[0, 1]] * 3
    strength = [2.0, 0.5, 1.0, -1.0, 3.0, 0.0, 1e-3]
    objective = questions(units, places, strength, layer)
    chosen = np.array([0, 1, 2, 0, 1, 2, 0])
    wanted = network.gradient(images[chosen], objective, rule="deconvnet").gradient
    found = project(network, images, chosen, objective)
    np.testing.assert_allclose(found, wanted, atol=1e-5 * abs(wanted).max())


def test_signals_that_are_below_zero_or_no_numbers_are_not_shared() -> None:
    objective = questions([1] * 5, [[0, 0]] * 5, [2, 3, -1, np.nan, -1])
    start, asked = share(objective, np.arange(5))
    assert start.output_gradients is not None
    assert asked.strength is not None
    given = start.output_gradients[asked.copies] * asked.strength
    np.testing.assert_array_equal(given, np.array([2, 3, -1, np.nan, -1], np.float32))
    assert len(start.units) == 4
    assert asked.copies[0] == asked.copies[1]


def test_questions_that_differ_start_with_their_own_strength() -> None:
    objective = questions([1, 2, 1], [[0, 0], [0, 0], [0, 1]], [2, 3, -1])
    start, asked = share(objective, np.arange(3))
    assert start is objective
    assert asked.is_each
    assert asked.strength is None


def questions(
    units: list[int], places: list[list[int]], strength: list[float], layer: str = "2"
) -> Objective:
    return Objective(layer, np.array(units), np.array(places), np.array(strength, np.float32))


def pooling(values: Any, window: OperatorWindow, convention: str) -> Any:
    return mx.nd.Pooling(
        values,
        kernel=window.kernel,
        stride=window.stride,
        pad=window.pad,
        pooling_convention=convention,
    )


def test_the_maps_of_a_net_are_not_as_large_as_what_is_kept_of_them() -> None:
    values: FloatArray = np.random.default_rng(0).random((2, 3, SIDE, SIDE), np.float32)
    switches = Switches.of(values, OperatorWindow((3, 3), (2, 2), (1, 1)), (11, 11))
    assert switches is not None
    assert switches.places.nbytes * 6 < values.nbytes
