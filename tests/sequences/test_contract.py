"""Plugins of texts keep what every plugin promises, shown a network that reads."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from tests.sequences.readers import AnyFloats, reading
from vizframe.plugin import Plugin
from vizframe.plugin.frame import Frame
from vizframe.plugins.snippets import Snippets
from vizframe.plugins.trajectory import Trajectory
from vizframe.recording.declare import checked_frames
from vizframe.testing.plugin import PluginContract, assert_declared, assert_same

TEXTS = ['say("A b")\n' * 3, "f(x)\n"]
STATES = np.random.default_rng(2).normal(size=(2, len(TEXTS[0]), 5))
PLUGINS = (Snippets, Trajectory)


def frames(plugin: Plugin, texts: list[str], states: AnyFloats, step: int = 0) -> list[Frame]:
    scene = reading(texts, states, step)
    before = scene.activations(scene.layers[0]).copy()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        made = list(checked_frames(plugin, scene))
    for frame in made:
        assert_declared(plugin, frame, scene)
    assert np.array_equal(scene.activations(scene.layers[0]), before, equal_nan=True)
    return made


@pytest.mark.parametrize("kind", PLUGINS)
def test_it_declares_itself_and_refuses_parameters_in_sentences(kind: type[Plugin]) -> None:
    class Exam(PluginContract):
        plugin = kind

    exam = Exam()
    exam.test_it_declares_name_help_and_what_it_makes()
    exam.test_every_parameter_has_a_sentence_and_a_default()
    exam.test_an_unknown_parameter_is_refused_in_one_sentence()
    exam.test_values_beyond_a_parameter_s_limits_are_refused_in_one_sentence()
    exam.test_nonsense_for_a_parameter_is_refused_in_one_sentence()


@pytest.mark.parametrize("kind", PLUGINS)
def test_one_network_gives_the_same_frames_bit_by_bit_and_at_every_step(kind: type[Plugin]) -> None:
    assert_same(frames(kind(), TEXTS, STATES), frames(kind(), TEXTS, STATES))
    plugin = kind()
    first, second = (frames(plugin, TEXTS, STATES, step) for step in (0, 10))
    assert_same(first, second)
    assert [(each.layer, each.part) for each in first] == [("rnn", "")]


@pytest.mark.parametrize("kind", PLUGINS)
@pytest.mark.parametrize("text", ["a", "ab", TEXTS[0]])
@pytest.mark.parametrize("value", [0.0, 0.1])
def test_short_texts_and_states_that_stand_still_give_numbers(
    kind: type[Plugin], text: str, value: float
) -> None:
    (frame,) = frames(kind(), [text], np.full((1, len(text), 3), value))
    assert np.isfinite(frame.values).all()


@pytest.mark.parametrize("kind", PLUGINS)
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 3e38])
def test_a_network_that_breaks_is_shown_as_it_is(kind: type[Plugin], value: float) -> None:
    plugin, broken = kind(), STATES.copy()
    broken[0, 3] = value
    frames(plugin, TEXTS, STATES)
    (frame,) = frames(plugin, TEXTS, broken, step=1)
    assert np.isfinite(frame.values[1]).all()
