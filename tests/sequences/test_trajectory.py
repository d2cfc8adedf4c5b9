"""The states of a recurrent layer in components that stay the same."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from tests.sequences.forms import FORMS, STEPS, TEXTS, scene_of
from tests.sequences.readers import reading
from vizframe.errors import Inapplicable, NetworkError
from vizframe.network import FloatArray
from vizframe.plugin import Scene
from vizframe.plugin.frame import Frame
from vizframe.plugins.trajectory import Trajectory, fit
from vizframe.recording.declare import checked_frames
from vizframe.testing.networks import ordinary
from vizframe.testing.plugin import scene_of as scene_of_images

DRAW = np.random.default_rng(7)
TEXTS_READ = ["abcdefgh", "abcde"]


def frame_of(plugin: Trajectory, scene: Scene) -> Frame:
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        (frame,) = checked_frames(plugin, scene)
    return frame


def drawn() -> FloatArray:
    return np.asarray(DRAW.normal(size=(2, 8, 4)) * (4, 3, 2, 1), np.float32)


def places(states: FloatArray) -> FloatArray:
    """Those of the texts, without what fills the second one up."""
    return np.concatenate([states[0], states[1, :5]])


def slow_components(states: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Shares and components of a covariance, largest first."""
    values, vectors = np.linalg.eigh(np.cov(places(states).T))
    return values[::-1] / values.sum(), vectors.T[::-1]


def test_the_components_are_those_of_the_covariance() -> None:
    states = drawn()
    found = frame_of(Trajectory(), reading(TEXTS_READ, states))
    shares, axes = slow_components(states)
    np.testing.assert_allclose(found.columns["explained"], [shares[:3]] * 2, rtol=1e-4)
    np.testing.assert_array_equal(found.columns["when fitted"], found.columns["explained"])
    path = (states - places(states).mean(axis=0)) @ axes[:3].T
    np.testing.assert_allclose(np.abs(found.values[0]), np.abs(path[0].T), rtol=1e-3, atol=1e-4)
    assert (found.values[1, :, 5:] == 0).all()
    assert found.scalars == {"variance in the components": pytest.approx(shares[:3].sum())}


def test_they_stay_those_of_the_first_step() -> None:
    plugin, first, later = Trajectory(components=2), drawn(), drawn()[..., ::-1].copy()
    begun = frame_of(plugin, reading(TEXTS_READ, first, step=5))
    moved = frame_of(plugin, reading(TEXTS_READ, later, step=10))
    basis = fit(5, places(first), 2)
    wanted = (later - basis.mean) @ basis.axes.T
    np.testing.assert_allclose(moved.values[0], wanted[0].T, rtol=1e-4, atol=1e-5)
    centred = places(later) - places(later).mean(axis=0)
    share = ((centred @ basis.axes.T) ** 2).sum(axis=0) / (centred**2).sum()
    np.testing.assert_allclose(moved.columns["explained"][0], share, rtol=1e-4)
    np.testing.assert_array_equal(moved.columns["when fitted"], begun.columns["explained"])
    assert moved.notes == ("The components are those of step 5",)


def test_they_are_fitted_anew_up_to_a_step_and_stay_from_then_on() -> None:
    plugin, states = Trajectory(until=10), [drawn() for _ in range(4)]
    found = [
        frame_of(plugin, reading(TEXTS_READ, each, step=step))
        for each, step in zip(states, (0, 8, 16, 24), strict=True)
    ]
    assert [each.notes[0][-1] for each in found] == list("0888")
    for each, states_then in zip(found[:2], states, strict=False):
        np.testing.assert_allclose(
            each.columns["explained"][0], slow_components(states_then)[0][:3], rtol=1e-4
        )
    fitted = found[1].columns["explained"]
    assert all(np.array_equal(each.columns["when fitted"], fitted) for each in found[2:])


def test_the_largest_part_of_each_component_is_positive() -> None:
    axes = fit(0, DRAW.normal(size=(30, 5)).astype(np.float32), 4).axes
    assert (axes[np.arange(4), np.abs(axes).argmax(axis=1)] > 0).all()
    np.testing.assert_allclose(axes @ axes.T, np.eye(4), atol=1e-5)


def test_states_that_do_not_move_explain_nothing() -> None:
    found = frame_of(Trajectory(), reading(TEXTS_READ, np.full((2, 8, 4), 0.5)))
    assert (found.values == 0).all()
    assert (found.columns["explained"] == 0).all()


def test_states_that_are_not_finite_have_no_components_but_are_shown_in_earlier_ones() -> None:
    plugin, broken = Trajectory(), drawn()
    broken[0, 2] = np.nan
    with pytest.raises(NetworkError, match="not finite"):
        frame_of(plugin, reading(TEXTS_READ, broken))
    frame_of(plugin, reading(TEXTS_READ, drawn()))
    found = frame_of(plugin, reading(TEXTS_READ, broken, step=1))
    assert np.isnan(found.values[0, :, 2]).all()
    assert np.isfinite(found.values[1]).all()
    assert found.scalars == {}


@pytest.mark.parametrize("form", ["lstm", "gru, time first", "both ways", "cell in a loop"])
def test_recurrent_layers_of_every_form_have_one(form: str) -> None:
    found = frame_of(Trajectory(), scene_of(FORMS[form]))
    assert found.values.shape == (TEXTS, 3, STEPS)
    assert 0 < found.scalars["variance in the components"] <= 1.0001


def test_a_network_of_images_is_refused() -> None:
    with pytest.raises(Inapplicable, match="no recurrent layer"):
        list(Trajectory().visualize(scene_of_images(ordinary())))
