"""What vitals read of layers and gradients."""

from __future__ import annotations

import numpy as np
import pytest

from vizframe.diagnosis.course import ParameterReading
from vizframe.network.layer import Layer
from vizframe.recording.layer_vitals import as_trained, normalizes_batches, read_layer
from vizframe.recording.parameter_vitals import cosine_of, without_zeroed

NORM = Layer("norm", "BatchNorm", (3, 4, 4), 3, kind="normalization")
RELU = Layer("relu", "relu", (3, 4, 4), 3, inputs=("norm",), nonnegative=True, rectifies=True)


def test_a_batch_normalization_tells_what_it_gives_while_it_learns() -> None:
    draw = np.random.default_rng(0)
    inputs = draw.normal(3, 2, (9, 3, 4, 4)).astype(np.float32)
    gamma, beta = np.array([2, -1, 0.5], np.float32), np.array([0, 1, -0.3], np.float32)
    wide = (None, slice(None), None, None)
    late = gamma[wide] * (inputs - 11) / 4 + beta[wide]  # running statistics that are not there yet
    mean, deviation = inputs.mean((0, 2, 3)), inputs.std((0, 2, 3))
    wanted = gamma[wide] * (inputs - mean[wide]) / deviation[wide] + beta[wide]
    found = as_trained(NORM, late, {"gamma": gamma, "beta": beta})
    np.testing.assert_allclose(found, wanted, atol=1e-4)
    assert normalizes_batches(NORM)
    assert not normalizes_batches(RELU)


def test_a_relu_behind_it_is_silent_only_where_the_training_has_it_so() -> None:
    outputs = np.zeros((9, 3, 4, 4), np.float32)
    trained = np.full((9, 3, 4, 4), -1, np.float32)
    trained[0, 1, 0, 0] = 0.1
    assert read_layer(RELU, outputs, trained).silent == (0, 2)
    assert read_layer(RELU, outputs).silent == (0, 1, 2)


def test_a_few_inputs_tell_nothing_of_silent_units() -> None:
    assert read_layer(RELU, np.zeros((7, 3, 4, 4), np.float32)).silent is None
    assert read_layer(RELU, np.zeros((8, 3, 4, 4), np.float32)).silent == (0, 1, 2)


def test_the_cosine_of_gradients_in_parts() -> None:
    one, other = np.array([1, 0], np.float32), np.array([1, 1], np.float32)
    assert cosine_of([(one, one), (other, other)]) == pytest.approx(1)
    assert cosine_of([(one, other)]) == pytest.approx(0.5**0.5)
    assert cosine_of([(one, -one)]) == pytest.approx(-1)
    assert cosine_of([]) is None
    assert cosine_of([(one, 0 * one)]) is None
    assert cosine_of([(one, np.nan * one)]) is None


def reading(gradient: float | None) -> ParameterReading:
    return ParameterReading(
        "conv", 9, True, gradient is not None, 1.0, gradient, None, 0.0, 0, False
    )


def test_gradients_that_a_script_has_zeroed_at_its_end_are_no_reading() -> None:
    zeroed = without_zeroed({"a": reading(0.0), "b": reading(0.0), "c": reading(None)})
    assert [each.gradient for each in zeroed.values()] == [None, None, None]
    kept = without_zeroed({"a": reading(0.0), "b": reading(2.0)})
    assert [each.gradient for each in kept.values()] == [0.0, 2.0]
