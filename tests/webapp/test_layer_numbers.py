"""Numbers of layers: the last that was told, as a colour, and in the menu of layers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from vizframe.history import Scalars
from vizframe.history.memory import MemoryRun
from vizframe.history.vital_names import LAYER_RATIO
from vizframe.testing.runs import fake_info, fake_probe, records
from vizframe.webapp import menus
from vizframe.webapp.pages.layer_numbers import NUMBERS, as_colours, last_numbers
from vizframe.webapp.pages.network import style

DEAD, GRADIENT = NUMBERS[0], NUMBERS[1]


def told(**values: list[float]) -> Scalars:
    named = {name.replace("__", "/"): np.array(each, float) for name, each in values.items()}
    steps = np.arange(3)
    return Scalars(steps, steps.astype(float), steps.astype(float), named)


def test_the_last_number_that_was_told_of_a_layer_counts() -> None:
    found = last_numbers(told(gradient_norm__a=[1, 2, np.nan], gradient_norm__b=[np.nan] * 3))
    assert found == {"gradient": {"a": 2.0}}


def test_the_change_of_a_weight_norm_is_a_share_of_it() -> None:
    found = last_numbers(told(weight_norm__a=[2, 4, 5], weight_norm__b=[1, 1, 1]))
    assert found["change"] == {"a": pytest.approx(0.25), "b": 0.0}


def test_the_update_ratio_that_a_recording_keeps_is_a_number_of_the_graph() -> None:
    found = last_numbers(told(**{f"{LAYER_RATIO}a": [np.nan, 1e-3, 2e-3]}))
    assert found == {"update": {"a": 2e-3}}


def test_shares_are_colours_and_others_go_from_the_least_to_the_largest() -> None:
    assert as_colours(DEAD, {"a": 0.25, "b": 1.0}) == {"a": 0.25, "b": 1.0}
    found = as_colours(GRADIENT, {"a": 1e-6, "b": 1e-3, "c": 1.0})
    assert found == {"a": 0.0, "b": pytest.approx(0.5), "c": 1.0}


def test_the_graph_is_coloured_by_known_numbers_alone() -> None:
    assert any(each["selector"] == "node[dead]" for each in style(False, "dead"))
    assert len(style(False, "dead]{}")) == len(style(False))


def test_the_menu_of_layers_says_how_many_units_are_dead() -> None:
    run = MemoryRun(fake_info(), fake_probe())
    layer = fake_info().layers[0]
    with run.writer() as writer:
        for record in records(range(2)):
            name = f"activation/share of silent units/{layer.name}"
            share = 2 / layer.units
            writer.commit(replace(record, scalars={name: share}))
    assert menus.silent_units(run.history()) == {layer.name: 2}
    kind = next(key.kind for key in run.history().declarations if key.layer == layer.name)
    assert "2 dead" in str(menus.layers(run.history(), kind, layer.name))
