"""Class visualization: Simonyan's objective on the scores, for every class."""

from __future__ import annotations

import numpy as np
import pytest

from tests.core.small_network import network, scene
from vizframe.errors import UnknownName, UsageError
from vizframe.plugin import Scene
from vizframe.plugin.frame import Frame
from vizframe.plugins.class_visualization import ClassVisualization
from vizframe.testing.reference import ReferenceNetwork


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


@pytest.mark.parametrize("given", [2, "2", [2], "2,"])
def test_one_class_is_asked_for_as_one_writes_it(given: object) -> None:
    assert frame(scene(network(), "conv0"), classes=given, iterations=2).columns["unit"] == [2]


def test_classes_go_by_their_names() -> None:
    names = ("cat", "dog", "7", "newt")
    net = ReferenceNetwork(network().operations, network().input_shape, class_names=names)
    made = frame(scene(net, "conv0"), classes="newt, dog, 7", iterations=2)
    assert made.columns["unit"].tolist() == [3, 1, 2]
    with pytest.raises(UnknownName, match="class 'frog' is not known; it can be 'dog', "):
        frame(scene(net, "conv0"), classes="frog")


@pytest.mark.parametrize("given", [4, -1, "7", "frog"])
def test_a_class_that_does_not_exist_is_refused(given: int | str) -> None:
    sentence = f"^class is {given!r}; it can be a class from 0 to 3$"
    with pytest.raises(UsageError, match=sentence):
        frame(scene(network(), "conv0"), classes=(given,))


def test_a_score_that_is_a_map_counts_by_its_mean() -> None:
    operations = dict(network().operations)
    del operations["flat"], operations["dense0"]
    net = ReferenceNetwork(operations, network().input_shape)
    assert net.layer(net.score_layer).is_spatial
    made = frame(scene(net, "conv0"), iterations=2)
    assert made.values.shape[1:3] == (14, 14)
    assert not any("receptive field" in note for note in made.notes)


def test_the_control_draws_another_picture_and_says_so() -> None:
    plain, control = (frame(scene(network(), "conv0"), control=each) for each in (False, True))
    assert control.notes[0].startswith("Control: the weights are shuffled")
    assert (control.values != plain.values).any()


def test_simonyans_penalty_keeps_the_norm_down() -> None:
    free, penalised = (
        frame(scene(network(), "conv0"), preset="simonyan", l2=l2).columns["objective"]
        for l2 in (0.0, 0.01)
    )
    assert (penalised < free).all()
