"""What a course says of itself: whether the loss falls, how gradients agree."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests.diagnosis.courses import NAIVE, course, layer, learning, noise, standing
from tests.diagnosis.test_rules import alarms, found
from vizframe.diagnosis.course import Pulse, Reading


def test_a_net_that_only_unlearnt_its_start_does_not_fall() -> None:
    made = course(lambda step: NAIVE + math.exp(-step / 8) + noise(step), 250)
    assert not made.is_falling
    assert course(lambda step: NAIVE * (1 - step / 8000) + noise(step) / 10, 250).is_falling


def test_a_loss_that_does_not_change_does_not_fall() -> None:
    assert not course(lambda _step: NAIVE).is_falling


def test_a_loss_that_was_seen_to_be_nan_is_found_at_its_step() -> None:
    made = course(standing, 60)
    for step in range(61, 80):
        made.feel(Pulse(step, math.nan, {"dense0.weight": 0.1}, told=True))
    assert found(made)["nonfinite"].since == 61
    untold = course(standing, 60)
    for step in range(61, 80):
        untold.feel(Pulse(step, math.nan, {"dense0.weight": 0.1}))
    assert "nonfinite" not in found(untold)


def test_the_cosine_is_the_median_of_the_newest_readings() -> None:
    made = course(standing, 30)
    assert made.cosine is None
    for step, cosine in ((40, 0.1), (50, 0.4), (60, None), (70, 0.2)):
        made.read(Reading(step, {}, cosine=cosine))
    assert made.cosine == 0.2


def test_a_net_with_batch_normalization_is_not_called_dead_by_statistics_of_its_first_steps() -> (
    None
):
    layers = {
        "norm": layer(kind="normalization", operator="BatchNorm", silent=None),
        "relu": layer(silent=tuple(range(10))),
        "last": layer(silent=None),
    }
    assert "dead_units" not in alarms(course(standing, 25, layers=lambda _step: layers))
    assert "dead_units" in alarms(course(standing, 45, layers=lambda _step: layers))


def test_a_branch_that_is_silent_is_no_alarm_while_the_net_learns() -> None:
    layers = {"relu": layer(silent=tuple(range(10))), "last": layer(silent=None)}
    made = course(lambda step: NAIVE / (1 + step / 20), layers=lambda _step: layers)
    assert found(made)["dead_units"].severity == "note"


def test_a_finding_keeps_what_tells_of_learning_rate_and_batch_size() -> None:
    made = course(standing)
    made.read(Reading(310, made.readings[-1].parameters, cosine=0.3))
    made.rates = {310: 0.5}
    numbers = found(made)["not_learning"].numbers
    assert numbers["gradient_cosine"] == 0.3
    assert numbers["learning_rate"] == 0.5
    assert numbers["update_ratio"] == 0.001


def test_a_first_loss_far_above_chance_is_a_note() -> None:
    draw = np.random.default_rng(1)
    scores = (20 * draw.normal(size=(32, 4))).astype(np.float32)
    assert found(course(learning, outputs=scores))["first_loss"].severity == "note"
    assert "first_loss" not in found(course(learning))


@pytest.mark.parametrize(("saturated", "severity"), [(0.7, "alarm"), (0.1, "note")])
def test_inputs_that_saturate_the_first_layer_are_the_cause(
    saturated: float, severity: str
) -> None:
    tanh = layer(operator="dense + tanh", silent=None, saturated=saturated)
    made = course(learning, layers=lambda _step: {"dense0": tanh})
    assert made.opening is not None
    made.opening.inputs[0, 0] = 255
    assert found(made)["inputs"].severity == severity
