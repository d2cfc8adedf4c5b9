"""Class visualization: Simonyan's objective on the scores, for every class."""

from __future__ import annotations

import numpy as np
import pytest

from tests.core.small_network import network, scene
from vizframe.errors import UsageError
from vizframe.frame import Frame
from vizframe.plugin import Scene
from vizframe.plugins.class_visualization import ClassVisualization


def frame(given: Scene, **options: object) -> Frame:
    (made,) = ClassVisualization.configured({"iterations": 40, **options}).visualize(given)
    return made


def test_every_class_gets_a_picture_whatever_layers_are_recorded() -> None:
    made = frame(scene(network(), "conv0"))
    assert made.layer == "dense0"
    assert made.values.shape == (4, 14, 14, 3)


def test_the_network_gives_each_picture_the_class_it_was_made_for() -> None:
    made = frame(scene(network(), "conv0"), preset="quick", iterations=96)
    assert np.isfinite(made.columns["strongest_since"]).all()


def test_chosen_classes_are_drawn_in_the_order_given() -> None:
    made = frame(scene(network(), "conv0"), classes=(3, 0))
    assert made.columns["unit"].tolist() == [3, 0]


@pytest.mark.parametrize("given", [4, -1])
def test_a_class_that_does_not_exist_is_refused(given: int) -> None:
    with pytest.raises(UsageError, match=f"the class is {given}; it can be 0 … 3, as the network"):
        frame(scene(network(), "conv0"), classes=(given,))


def test_simonyans_penalty_keeps_the_norm_down() -> None:
    free, penalised = (
        frame(scene(network(), "conv0"), preset="simonyan", l2=l2).columns["objective"]
        for l2 in (0.0, 0.01)
    )
    assert (penalised < free).all()
