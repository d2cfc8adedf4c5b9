"""What the page says: menus, runs, the graph, and which steps a range is taken from."""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np
import pytest
from dash.development.base_component import Component

from vizframe.history import (
    Declaration,
    Failure,
    Finding,
    History,
    LayerInfo,
    RunSummary,
    Scalars,
    SeriesKey,
    StepRecord,
)
from vizframe.testing.text_runs import text_run
from vizframe.webapp import menus
from vizframe.webapp import value_range as extent
from vizframe.webapp.pages import network, runs, training


def words(component: object) -> Iterator[str]:
    """All text of a tree of components."""
    if isinstance(component, str):
        yield component
    elif isinstance(component, Component):
        yield from words(getattr(component, "children", None))
    elif isinstance(component, list | tuple):
        for each in component:
            yield from words(each)


def test_the_menu_has_one_row_per_plugin_and_the_parts_of_the_chosen_one(history: History) -> None:
    said = list(words(menus.kinds(history, "weights")))
    assert "strongest patch" not in said
    assert "Deconvolution" in said
    assert "strongest patch" in list(words(menus.kinds(history, "deconvolution.patch")))


def test_layers_are_listed_in_forward_order_with_what_they_hold(history: History) -> None:
    said = [each for each in words(menus.layers(history, "weights", "conv0")) if each]
    assert said == ["conv0", "8 × 5²", "features.conv1", "16 × 3²", "dense0", "10 × 16×9"]


@pytest.mark.parametrize(
    ("picture", "said"), [((5, 5), "7 × 5²"), ((4, 6, 3), "7 × 4×6"), ((), "7")]
)
def test_sizes_are_short(picture: tuple[int, ...], said: str) -> None:
    axes = ("unit", "y", "x", "channel")[: 1 + len(picture)]
    declaration = Declaration(
        key=SeriesKey(label="a", layer="b"), plugin="a", axes=axes, tile_shape=(7,),
        picture_shape=picture,
    )  # fmt: skip
    assert menus.size(declaration) == said


def test_help_numbers_and_parameters_are_said(history: History) -> None:
    key = SeriesKey(label="gradient_ascent", layer="conv0")
    said = list(words(menus.about(history, history.declarations[key])))
    numbers = ["Numbers", "Objective", "The unit's activation on its picture."]
    parameters = ["Parameters", "iterations", "100", "rate", "0.5"]
    assert said == ["What gradient_ascent shows.", *numbers, *parameters]


def test_no_runs_say_how_to_record_one() -> None:
    said = " ".join(words(runs.page([], None, "runs")))
    assert "There are no runs in runs yet. Record one with vizframe record -- train.py" in said


def test_a_run_that_cannot_be_read_is_listed_with_its_fault() -> None:
    summary = RunSummary("odd", None, 0, None, None, 12, "run.json is missing")
    assert "run.json is missing" in list(words(runs.page([summary], None, "runs")))


def test_times_and_sizes_are_those_of_the_command_line() -> None:
    now = time.time()
    summary = RunSummary("a", None, 3, 2, now - 4020, 1234)
    said = list(words(runs.page([summary], None, "runs")))
    assert {"1 h ago", "1.2 kB"} <= set(said)


def layer(name: str, *inputs: str) -> LayerInfo:
    return LayerInfo(name=name, operator="Conv", shape=(1, 2, 2), units=1, inputs=inputs)


def test_the_graph_puts_each_layer_below_all_that_it_reads() -> None:
    layers = [layer("a", "data"), layer("b", "a"), layer("c", "a"), layer("sum", "b", "c", "data")]
    places = network.positions(layers)
    assert places["data"]["y"] < places["a"]["y"] < places["b"]["y"] == places["c"]["y"]
    assert places["sum"]["y"] > places["c"]["y"]
    assert places["b"]["x"] != places["c"]["x"]


def test_the_graph_has_a_node_for_the_input_and_one_edge_per_reading() -> None:
    found = network.elements([layer("a", "data"), layer("b", "a", "data")], {"a"})
    nodes = [each["data"] for each in found if "position" in each]
    assert [node["id"] for node in nodes] == ["data", "a", "b"]  # type: ignore[index]
    assert len(found) - len(nodes) == 3


@pytest.mark.parametrize("count", [1, 24, 25, 48, 49, 1000])
def test_the_steps_a_range_is_taken_from_are_few_and_stay_while_a_run_grows(count: int) -> None:
    steps = extent.sample_steps(range(count))
    assert len(steps) <= extent.SAMPLES
    assert len(steps) >= min(count, extent.SAMPLES / 2)
    assert set(extent.sample_steps(range(2 * count))) & set(steps), "some are known already"


def test_curves_are_grouped_with_loss_first_and_the_recorder_last() -> None:
    names = (
        "recorder/share", "recorder/seconds", "recorder/seconds/weights", "weight_norm/conv0",
        "weight_norm/dense0", "loss", "accuracy",
    )  # fmt: skip
    none = np.zeros(0)
    scalars = Scalars(np.zeros(0, np.int64), none, none, dict.fromkeys(names, none))
    assert list(training.groups(scalars).items()) == [
        ("loss", ["loss"]),
        ("accuracy", ["accuracy"]),
        ("weight_norm", ["weight_norm/conv0", "weight_norm/dense0"]),
        ("recorder", ["recorder/share"]),
        ("recorder/seconds", ["recorder/seconds", "recorder/seconds/weights"]),
    ]


def test_a_layer_that_is_only_a_number_says_what_it_is() -> None:
    found = [
        LayerInfo(name=name, operator="x", kind=kind, shape=(1,), units=1)
        for name, kind in [
            ("0", "convolution"),
            ("features.3", "dense"),
            ("conv0", "convolution"),
            ("1", "other"),
        ]
    ]
    assert menus.layer_names(found) == {
        "0": "0 · convolution",
        "features.3": "features.3 · dense",
        "conv0": "conv0",
        "1": "1",
    }


def test_findings_stand_on_the_training_page_alarms_first() -> None:
    note = Finding(
        rule="frozen", symptom="frozen", severity="note", since=0, step=20, sentence="it is so"
    )
    alarm = note.model_copy(update={"severity": "alarm", "step": 90, "remedy": "another rate"})
    other = note.model_copy(update={"rule": "imbalance", "symptom": "data"})
    (shown,) = training.findings([note, other, alarm])
    texts = ["".join(words(item)) for item in shown.children]
    assert texts == [
        "alarm: Frozen since step 0. it is so. Try: another rate",
        "note: Data since step 0. it is so",
    ]
    assert training.findings([]) == []


def test_a_plugin_that_made_nothing_is_in_the_menu_with_its_reason() -> None:
    run = text_run([["a", "b"]])
    with run.writer() as writer:
        failure = Failure(step=90, label="top_images", sentence="it needs pictures")
        writer.commit(StepRecord(step=90, time=1.0, failures=(failure,)))
    said = list(words(menus.kinds(run.history(), "recurrent.cell")))
    assert said[said.index("Top images: none") + 1] == "it needs pictures"
    climbs = said[said.index("Gradient ascent: none") + 1]
    assert (
        "This network reads texts: between two tokens there is nothing to climb through" in climbs
    )
