"""Each rule finds its fault, and leaves in peace what learns all the same."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from tests.diagnosis.courses import NAIVE, course, layer, learning, noise, parameter, standing
from vizframe.diagnosis.course import Course, LayerReading, Opening, Pulse
from vizframe.diagnosis.diagnosis import Diagnosis
from vizframe.diagnosis.registry import load_rules
from vizframe.diagnosis.report import Report
from vizframe.history import Finding


def found(made: Course) -> dict[str, Finding]:
    """What all rules find at the end of the course, by rule."""
    made.ended = True
    diagnosis = Diagnosis(load_rules([])[0])
    diagnosis.examine(made)
    assert not diagnosis.broken
    return {each.rule: each for each in diagnosis.findings}


def alarms(made: Course) -> set[str]:
    return {name for name, each in found(made).items() if each.severity == "alarm"}


def test_a_training_that_learns_is_well() -> None:
    assert found(course(learning)) == {}


def test_a_loss_that_stands_is_not_learning_and_a_slow_one_is_on_its_way() -> None:
    assert alarms(course(standing)) == {"not_learning"}
    assert alarms(course(lambda step: NAIVE * (1 - step / 8000) + noise(step) / 10)) == set()


def test_a_rate_that_still_rises_is_waited_for() -> None:
    made = course(standing)
    made.rates = {step: 1e-6 * 2**place for place, step in enumerate(range(250, 300, 10))}
    assert alarms(made) == set()


def test_networks_that_are_trained_in_turn_need_no_falling_loss() -> None:
    made = course(standing)
    made.several_nets = True
    assert alarms(made) == set()


def test_weights_that_are_nan_are_found_at_their_step_though_the_loss_is_finite() -> None:
    made = course(
        standing,
        parameters=lambda step: {"dense0.weight": parameter(bad=3 if step >= 60 else 0)},
    )
    pulses = list(made.pulses)
    made.pulses.clear()
    for each in pulses:
        norm = math.nan if each.step >= 157 else 0.1
        made.pulses.append(
            Pulse(each.step, each.loss, {"dense0.weight": norm}, int(each.step == 157))
        )
    assert found(made)["nonfinite"].since == 60
    made.readings = [each for each in made.readings if each.step >= 160]
    said = found(made)["nonfinite"]
    assert (said.since, said.layers) == (157, ("dense0",))
    assert "the batch of step 157 holds 1 values" in said.cause


@pytest.mark.parametrize(("share", "loss", "severity"), [
    (1.0, learning, "note"), (1.0, standing, "alarm"),
    (0.6, learning, "note"),
    (0.6, standing, "alarm"),
])  # fmt: skip
def test_dead_units_are_a_note_while_it_learns_and_an_alarm_where_nothing_is_learnt(
    share: float, loss: Callable[[int], float], severity: str
) -> None:
    silent = tuple(range(round(10 * share)))
    made = course(loss, layers=lambda step: {"dense0": layer(silent=silent if step > 30 else ())})
    said = found(made)["dead_units"]
    assert (said.severity, said.since, said.units) == (severity, 40, {"dense0": silent})
    assert f"{len(silent)} of 10 units of dense0" in said.sentence


def test_layers_that_start_saturated_are_an_alarm_and_those_that_become_so_are_none() -> None:
    names = {"tanh": "dense0", "scores": "dense1"}

    def layers(since: int) -> Callable[[int], dict[str, object]]:
        return lambda step: {
            names["tanh"]: layer(silent=None, saturated=0.8 if step >= since else 0.1),
            names["scores"]: layer(silent=None),
        }

    early = course(learning, layers=layers(0))  # type: ignore[arg-type]
    late = course(learning, layers=layers(100))  # type: ignore[arg-type]
    assert alarms(early) == {"saturated"}
    assert found(early)["saturated"].layers == ("dense0",)
    assert alarms(late) == set()


def test_a_gradient_that_does_not_reach_the_first_layer_vanishes() -> None:
    made = course(
        standing,
        parameters=lambda _step: {
            "dense0.weight": parameter(gradient=1e-7),
            "dense1.weight": parameter(layer="dense1", gradient=0.1),
        },
    )
    assert alarms(made) == {"vanishing", "not_learning"}
    assert found(made)["vanishing"].layers == ("dense0",)


def test_a_signal_that_shrinks_with_depth_vanishes_though_no_ratio_of_gradients_tells() -> None:
    made = course(
        standing,
        layers=lambda _step: {f"dense{n}": layer(varying=10.0**-n) for n in range(5)},
    )
    made.score_layer = "dense4"
    assert "vanishing" in alarms(made)


def test_kernels_that_never_move_are_frozen_where_nothing_comes_of_it() -> None:
    def parameters(_step: int) -> dict[str, object]:
        return {
            "dense0.weight": parameter(update=0.0),
            "dense1.weight": parameter(layer="dense1"),
        }

    sick = course(standing, parameters=parameters)  # type: ignore[arg-type]
    well = course(learning, parameters=parameters)  # type: ignore[arg-type]
    assert "frozen" in alarms(sick)
    assert found(sick)["frozen"].layers == ("dense0",)
    assert found(well)["frozen"].severity == "note"


def test_frozen_on_purpose_is_nothing() -> None:
    made = course(
        learning,
        parameters=lambda _step: {
            "dense0.weight": parameter(update=None, gradient=None, trained=False),
            "dense1.weight": parameter(layer="dense1"),
        },
    )
    assert found(made) == {}


def test_units_that_are_all_alike_and_weights_that_fade_are_found() -> None:
    same = course(standing, parameters=lambda _step: {"dense0.weight": parameter(alike=True)})
    fading = course(
        standing, parameters=lambda step: {"dense0.weight": parameter(weight=0.98**step)}
    )
    assert alarms(same) == {"symmetry", "not_learning"}
    assert "collapse" in alarms(fading)


def test_large_updates_explode_where_the_loss_rises_and_oscillate_where_it_swings() -> None:
    def parameters(_step: int) -> dict[str, object]:
        return {"dense0.weight": parameter(update=0.4)}

    swings = course(lambda s: standing(s) + 4 * noise(s), parameters=parameters)  # type: ignore[arg-type]
    rises = course(lambda s: 9 if s < 6 else standing(s), parameters=parameters)  # type: ignore[arg-type]
    rises.readings = rises.readings[:8]
    assert "oscillating" in alarms(swings)
    assert "huge_updates" not in alarms(swings)
    assert alarms(course(lambda step: NAIVE * 1.02**step)) >= {"exploding_loss"}


@pytest.mark.parametrize(("loss", "wanted"), [
    (lambda step: -0.01 - noise(step) / 4 - 0.0001 * step, set()),
    (noise, set()),
    (lambda step: 0.01 * 1.2**step, {"exploding_loss"}),
    (lambda step: noise(step) * 1.2**step, {"exploding_loss"}),
])  # fmt: skip
def test_a_loss_around_0_of_which_nothing_is_known_explodes_by_its_size_alone(
    loss: Callable[[int], float], wanted: set[str]
) -> None:
    made = course(loss)
    made.objective = None
    assert alarms(made) & {"exploding_loss", "huge_updates", "not_learning"} == wanted


def test_outputs_that_already_sum_to_one_are_found_before_any_update() -> None:
    scores = np.random.default_rng(1).normal(size=(32, 4))
    shares = (np.exp(scores) / np.exp(scores).sum(1, keepdims=True)).astype(np.float32)
    said = found(course(learning, outputs=shares))
    assert (said["normalized_scores"].since, said["normalized_scores"].severity) == (0, "alarm")
    cut = np.maximum(scores, 0).astype(np.float32)
    assert "bounded_scores" in alarms(course(learning, outputs=cut))


def test_a_class_ten_times_as_frequent_is_an_alarm_and_one_five_times_a_note() -> None:
    for times, severity in ((12, "alarm"), (5, "note")):
        made = course(learning)
        made.labels.add(np.zeros((times - 1) * 32 * 300 // 4, np.float32))
        assert found(made)["imbalance"].severity == severity


def test_sorted_labels_are_found() -> None:
    made = course(learning)
    made.labels.batches = [(32, 0.0)] * 300
    assert "unshuffled" in alarms(made)


def test_a_held_out_loss_that_rises_is_overfit() -> None:
    made = course(learning)
    made.numbers["val_loss"] = [(s, v) for s, v in zip(range(6), [2, 1, 1.3, 1.5, 1.7, 1.9])]  # noqa: B905
    assert found(made)["overfit"].since == 1


def test_kernels_that_no_optimiser_holds_are_named_at_once_and_not_called_frozen() -> None:
    def parameters(_step: int) -> dict[str, object]:
        return {
            "dense0.weight": parameter(update=0.0, held=False),
            "dense1.weight": parameter(layer="dense1", held=True),
        }

    first = course(standing, steps=1, parameters=parameters)  # type: ignore[arg-type]
    sick = course(standing, parameters=parameters)  # type: ignore[arg-type]
    said = found(first)["left_out"]
    assert (said.severity, said.layers) == ("note", ("dense0",))
    assert "1 of 2 kernels" in said.sentence
    assert found(sick)["left_out"].severity == "alarm"
    assert "frozen" not in found(sick)


def test_kernels_whose_gradient_fades_on_its_way_are_not_called_frozen() -> None:
    made = course(
        standing,
        parameters=lambda _step: {
            "dense0.weight": parameter(update=0.0, gradient=1e-12),
            "dense1.weight": parameter(layer="dense1"),
        },
    )
    assert "frozen" not in found(made)
    assert "vanishing" in alarms(made)


def test_large_inputs_are_to_blame_where_nothing_is_learnt_unless_the_signal_fades() -> None:
    def blamed(size: float, layers: dict[str, LayerReading]) -> set[str]:
        made = course(standing, layers=lambda _step: layers)
        assert made.opening is not None
        made.opening = replace(made.opening, inputs=size * made.opening.inputs)
        return alarms(made) & {"inputs"}

    plain = {"dense0": layer(), "dense1": layer()}
    fading = {"dense0": layer(), "dense1": layer(varying=1e-5), "dense2": layer(varying=1e-9)}
    assert blamed(20, plain) == {"inputs"}
    assert blamed(4, plain) == set()
    assert blamed(20, fading) == set()


def test_amounts_that_are_compared_each_with_each_are_found() -> None:
    draw = np.random.default_rng(0)
    outputs, targets = (draw.normal(size=s).astype(np.float32) for s in ((16, 1), (16,)))
    loss = float(((outputs - targets) ** 2).mean())
    for wanted in (targets, np.broadcast_to(targets, (16, 16))):
        made = Course()
        made.open(Opening(outputs, wanted, outputs, loss))
        assert alarms(made) == {"broadcast"}
    own, right = Course(), float(((outputs[:, 0] - targets) ** 2).mean())
    own.labels.add(targets)
    own.open(Opening(outputs, targets[:, None], outputs, right))
    assert "broadcast" not in alarms(own)


@pytest.mark.parametrize(("cosine", "loss", "batch"), [
    (0.95, lambda step: NAIVE * (1 - step / 600), "a batch of 4 "),
    (0.01, standing, "a batch of 512"),
    (0.3, standing, None),
])  # fmt: skip
def test_the_cosine_of_gradients_leads_to_a_batch_size(
    cosine: float, loss: Callable[[int], float], batch: str | None
) -> None:
    made = course(loss)
    made.readings = [replace(each, cosine=cosine) for each in made.readings]
    said = found(made).get("batch_size")
    if batch is None:
        assert said is None
    else:
        assert said is not None
        assert said.severity == "note"
        assert batch in said.remedy


def test_numbers_that_end_in_nan_because_of_large_inputs_are_told_as_that() -> None:
    def finding(rule: str, symptom: str, since: int) -> Finding:
        return Finding(
            rule=rule, symptom=symptom, severity="alarm", since=since, step=9, sentence=rule
        )

    report = Report.of([finding("nonfinite", "nan", 3), finding("inputs", "data", 0)])
    assert report.main is not None
    assert report.main.symptom == "data"
