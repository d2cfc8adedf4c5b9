"""The strongest windows of every unit, and which of them follow what."""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
import pytest

from tests.sequences.forms import FORMS, STEPS, TEXTS, scene_of
from tests.sequences.readers import reading, reading_of
from vizframe.errors import Inapplicable
from vizframe.network import FloatArray
from vizframe.plugin import Scene
from vizframe.plugin.frame import Frame
from vizframe.plugins.snippets import Snippets
from vizframe.recording.declare import checked_frames, declaration
from vizframe.sequences.predicates import PREDICATES, predicates
from vizframe.sequences.windows import correlations, strongest_windows
from vizframe.testing.networks import ordinary
from vizframe.testing.plugin import scene_of as scene_of_images

TEXT = 'def f(a):\n  return (x[1], "No")\nif A(b): say("It\'s (O)")\n' * 4
DRAW = np.random.default_rng(5)


def frame_of(plugin: Snippets, scene: Scene) -> Frame:
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        (frame,) = checked_frames(plugin, scene)
    return frame


def slow_windows(row: FloatArray, top: int, around: int) -> list[int]:
    """The middle of every window, one place after the other."""
    mean = sum(map(float, row)) / len(row)
    free, found = set(range(len(row))), list[int]()
    while free and len(found) < top:
        best = max(sorted(free), key=lambda place: abs(float(row[place]) - mean))
        found.append(best)
        free -= set(range(best - 2 * around, best + 2 * around + 1))
    return found


@pytest.mark.parametrize(("top", "around"), [(1, 0), (3, 2), (9, 4), (2, 50)])
def test_windows_are_those_that_a_loop_finds(top: int, around: int) -> None:
    rows = DRAW.normal(size=(6, 40)).astype(np.float32)
    found = strongest_windows(rows, top, around)
    for unit, row in enumerate(rows):
        wanted = slow_windows(row, top, around)
        places = found.places[unit]
        assert places[: len(wanted)].tolist() == wanted
        assert np.isnan(places[len(wanted) :]).all()
        away = row - row.mean()
        np.testing.assert_allclose(found.values[unit, : len(wanted)], away[wanted], rtol=1e-5)
        inside = [any(abs(t - place) <= around for place in wanted) for t in range(40)]
        np.testing.assert_allclose(found.shown[unit], np.where(inside, away, 0), atol=1e-6)


def test_a_constant_unit_has_no_window_and_one_that_is_not_finite_shows_it() -> None:
    rows = np.array([[2, 2, 2], [np.nan, 1, 2], [np.inf, 1, 2]], np.float32)
    found = strongest_windows(rows, 2, 1)
    assert np.isnan(found.places).all()
    assert np.isnan(found.values).all()
    assert (found.shown[0] == 0).all()
    assert np.isnan(found.shown[1:]).all()


def test_correlations_are_those_of_numpy() -> None:
    rows, properties = DRAW.normal(size=(4, 30)), DRAW.normal(size=(3, 30))
    wanted = np.abs(np.corrcoef(properties, rows)[:3, 3:])
    found = correlations(rows.astype(np.float32), properties.astype(np.float32))
    np.testing.assert_allclose(found, wanted, rtol=1e-4)


def test_nothing_follows_what_never_changes_and_a_constant_unit_follows_nothing() -> None:
    rows = np.array([[0.1] * 9, range(9), [np.nan] * 9], np.float32)
    properties = np.array([[1] * 9, range(9)], np.float32)
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        found = correlations(rows, properties)
    assert np.isnan(found[0]).all()
    np.testing.assert_allclose(found[1], [0, 1, np.nan], atol=1e-6)


@pytest.mark.parametrize(
    ("name", "tokens", "wanted"),
    [
        ("position in line", "ab\nc", [1, 2, 0, 1]),
        ("position in line", ["ab", "\n", "cde"], [2, 0, 3]),
        ("inside quotes", 'a"b\'c"d', [0, 1, 1, 1, 1, 0, 0]),
        ("inside quotes", "it's 'a' b", [0, 0, 0, 0, 0, 1, 1, 0, 0, 0]),
        ("inside quotes", "'a\nb", [1, 1, 0, 0]),
        ("inside quotes", "“a”«b»", [1, 1, 0, 1, 1, 0]),
        ("bracket depth", ")([{}])", [0, 1, 2, 3, 2, 1, 0]),
        ("bracket depth", ["f((", "a", "))"], [2, 2, 0]),
        ("capital letters", ["The", "▁Fox", "ĠÄ", " x", "1"], [1, 1, 1, 0, 0]),
        ("after a space", "a b\nc", [0, 0, 1, 0, 1]),
        ("after a space", ["a", "▁b", "c", " ", "d"], [0, 1, 0, 0, 1]),
    ],
)
def test_predicates_of_a_text(name: str, tokens: str | list[str], wanted: list[int]) -> None:
    row = predicates(list(tokens))[list(PREDICATES).index(name)]
    assert row.tolist() == wanted


def followers(texts: list[str], strength: float, seed: int = 0) -> FloatArray:
    """Unit 1 + i follows predicate i of texts, as far as it does; unit 0 nothing."""
    longest = max(map(len, texts))
    noise = np.random.default_rng(seed).normal(size=(len(texts), longest, 1 + len(PREDICATES)))
    states = noise.astype(np.float32)
    for row, text in zip(states, texts, strict=True):
        known = predicates(list(text)).T
        row[: len(text), 1:] += strength * known / known.std(axis=0)
    return states


def test_units_are_named_after_what_they_follow_and_only_once_they_have_learnt_it() -> None:
    plugin = Snippets()
    texts = [TEXT]
    begun = frame_of(plugin, reading(texts, followers(texts, 0)))
    assert begun.notes == ()
    grown = frame_of(plugin, reading(texts, followers(texts, 5, seed=1), step=9))
    assert [note.split(":")[0] for note in grown.notes] == [
        f"Unit {1 + place} follows {name}" for place, name in enumerate(PREDICATES)
    ]
    assert all("best unit of step 0 had" in note for note in grown.notes)
    for place, name in enumerate(PREDICATES):
        on_first, on_second, before = grown.columns[name][0, 1 + place]
        assert min(on_first, on_second) > 0.9
        assert before == begun.columns[name][0, 1 + place, 1] < 0.5
        assert grown.scalars[f"best |r| with {name}"] == pytest.approx(on_second)


def test_what_the_untrained_network_does_as_well_has_no_name() -> None:
    plugin, states = Snippets(), followers([TEXT], 5)
    assert frame_of(plugin, reading([TEXT], states)).notes == ()
    assert frame_of(plugin, reading([TEXT], states, step=9)).notes == ()


def test_what_holds_on_the_first_text_alone_has_no_name() -> None:
    texts = [TEXT, TEXT[7:]]
    plugin = Snippets()
    frame_of(plugin, reading(texts, followers(texts, 0)))
    states = followers(texts, 5)
    states[1] = DRAW.normal(size=states[1].shape)
    found = frame_of(plugin, reading(texts, states, step=9))
    assert found.notes == ()
    assert found.columns["bracket depth"][0, 3, 0] > 0.9
    assert found.columns["bracket depth"][0, 3, 1] < 0.4


def test_the_columns_are_numpy_s_correlations_on_each_text() -> None:
    texts = [TEXT, TEXT[::-1][:80], TEXT[5:70]]
    states = followers(texts, 1)
    found = frame_of(Snippets(), reading(texts, states)).columns["bracket depth"]
    depth = [predicates(list(text))[2] for text in texts]
    rows = [row[: len(text)].T for row, text in zip(states, texts, strict=True)]
    for unit in range(len(rows[0])):
        first = np.concatenate([rows[0][unit], rows[1][unit]])
        wanted = [
            abs(np.corrcoef(first, np.concatenate(depth[:2]))[0, 1]),
            abs(np.corrcoef(rows[2][unit], depth[2])[0, 1]),
        ]
        for text in range(3):
            np.testing.assert_allclose(found[text, unit, :2], wanted, rtol=1e-4)


def test_nothing_is_shown_behind_a_text_s_end() -> None:
    texts = ["ab(c)d", "ab"]
    states = np.full((2, 6, 3), 50, np.float32)
    states[:, :2] = DRAW.normal(size=(2, 2, 3))
    found = frame_of(Snippets(), reading(texts, states))
    assert (found.values[1, :, 2:] == 0).all()
    assert (found.columns["place"][1, :, 0] < 2).all()


def test_tokens_without_words_and_sensors_have_windows_alone() -> None:
    scene = reading(["abab"], DRAW.normal(size=(1, 4, 3)))
    wordless = frame_of(Snippets(), replace(scene, probe=replace(scene.probe, vocabulary=())))
    assert set(wordless.columns) == {"place", "value", "strength"}
    assert "no words" in wordless.notes[0]
    sensors = replace(scene.probe, images=np.zeros((1, 4, 2), np.float32), tokens=(), vocabulary=())
    found = frame_of(Snippets(), reading_of(sensors, DRAW.normal(size=(1, 4, 3))))
    assert found.notes == ()
    assert set(found.columns) == {"place", "value", "strength"}


def test_what_is_not_finite_is_shown_and_follows_nothing() -> None:
    states = followers([TEXT], 1)
    states[0, 3, 2] = np.nan
    found = frame_of(Snippets(), reading([TEXT], states))
    assert np.isnan(found.values[0, 2]).all()
    of_halves = found.columns["bracket depth"][0, 2]
    assert np.isnan(of_halves).tolist() == [True, False, False]
    assert np.isfinite(found.values[0, [0, 1, 3]]).all()


@pytest.mark.parametrize(
    "form", ["lstm", "gru, time first", "both ways", "state", "cell in a loop"]
)
def test_recurrent_layers_of_every_form_have_windows(form: str) -> None:
    scene = scene_of(FORMS[form])
    plugin = Snippets(top=2, around=1)
    frame = frame_of(plugin, scene)
    layer = scene.network.layer(frame.layer)
    assert layer.is_recurrent
    assert frame.values.shape == (TEXTS, layer.units, STEPS)
    assert declaration("snippets", plugin, frame).axes == ("probe", "unit", "time")


def test_a_network_of_images_is_refused() -> None:
    with pytest.raises(Inapplicable, match="no recurrent layer"):
        list(Snippets().visualize(scene_of_images(ordinary())))
