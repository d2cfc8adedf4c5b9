"""Curves of several runs over one another, and what came of each run."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from dash import dcc
from dash.development.base_component import Component
from flask.testing import FlaskClient

from vizframe.history import Scalars
from vizframe.webapp.pages import overlay


def scalars(values: list[float], epoch: float = 1.0) -> Scalars:
    count = len(values)
    return Scalars(
        steps=np.arange(count) * 10,
        time=1000.0 + np.arange(count) * 120.0,
        epoch=np.arange(count) * epoch,
        values={"loss": np.array(values), "norm/a": np.ones(count)},
    )


RUNS = {"a": scalars([4.0, 2.0, np.nan, 1.0]), "b": scalars([3.0, 3.0], epoch=0.5)}


def figures(component: object) -> list[Any]:
    if isinstance(component, dcc.Graph):
        return [vars(component)["figure"]]
    children = getattr(component, "children", None)
    each = children if isinstance(children, list | tuple) else [children]
    return [found for child in each if isinstance(child, Component) for found in figures(child)]


def lines(shown: dict[str, str]) -> list[dict[str, Any]]:
    (figure,) = figures(overlay.page(RUNS, shown))  # type: ignore[arg-type]  # as a browser sends it
    return list(figure["data"])


def test_each_number_has_a_line_per_run() -> None:
    first, second = lines({})
    assert (first["name"], first["x"], first["y"]) == ("a", [0, 10, 30], [4, 2, 1])
    assert (second["name"], second["x"]) == ("b", [0, 10])


@pytest.mark.parametrize(
    ("axis", "along"), [("epoch", [0, 0.5]), ("time", [0, 2]), ("zzz", [0, 10])]
)
def test_the_axis_counts_what_one_chooses(axis: str, along: list[float]) -> None:
    assert lines({"x": axis})[1]["x"] == along


def test_a_smoothed_line_lies_over_what_it_was_made_of() -> None:
    raw, smooth, *_ = lines({"smooth": "0.6"})
    assert raw["opacity"] < 1
    assert raw["y"] == [4, 2, 1]
    by_hand, mean, weight = [], 0.0, 0.0
    for value in (4.0, 2.0, 1.0):
        mean, weight = 0.6 * mean + 0.4 * value, 0.6 * weight + 0.4
        by_hand.append(mean / weight)
    np.testing.assert_allclose(smooth["y"], by_hand)


@pytest.mark.parametrize("given", ["1", "-1", "nan", None, "words", "2"])
def test_a_smoothing_that_cannot_be_is_none(given: object) -> None:
    assert overlay.smoothing(given) == 0


def test_the_result_of_a_run_is_its_last_numbers_and_its_loss_in_short(client: FlaskClient) -> None:
    found = json.loads(client.get("/api/v1/result?run=fake").data)
    curves = json.loads(client.get("/api/v1/curves?run=fake").data)["values"]
    known = [value for value in curves["loss"] if value is not None]
    assert found["last"]["loss"] == known[-1]
    assert found["spark"]["name"] == "loss"
    assert found["spark"]["values"][0] == known[0]
    assert len(found["spark"]["values"]) <= 60
    assert not any("/" in name for name in found["last"])
