"""On which tokens a score depends, and how far back they lie."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.sequences.forms import FORMS, STEPS, TEXTS, TOKENS, scene_of
from vizframe.errors import Inapplicable, NetworkError, UsageError
from vizframe.network import Objective
from vizframe.plugins.memory import Memory
from vizframe.recording.declare import checked_frames
from vizframe.sequences.memory import choose_targets, connectivity, reach
from vizframe.testing.networks import ordinary
from vizframe.testing.plugin import scene_of as scene_of_images


def test_reach_is_the_mean_distance_weighed_by_squares() -> None:
    assert reach(np.array([0, 0, 1, 0, 0], np.float32), 4) == 2
    assert reach(np.array([3, 4, 0], np.float32), 2) == pytest.approx((2 * 9 + 1 * 16) / 25)
    assert np.isnan(reach(np.zeros(3, np.float32), 2))
    assert np.isnan(reach(np.array([np.nan, 1], np.float32), 1))


def test_targets_are_the_likeliest_scores_along_each_text() -> None:
    scores = np.zeros((2, 9, 3), np.float32)
    scores[0, :, 1] = scores[1, :, 2] = 1
    found = choose_targets(scores, np.array([9, 4]), 3)
    assert [(each.text, each.time, each.unit) for each in found] == [
        (0, 2, 1), (0, 5, 1), (0, 8, 1), (1, 1, 2), (1, 2, 2), (1, 3, 2),
    ]  # fmt: skip


@pytest.mark.parametrize("form", ["lstm", "gru, time first", "begin state", "cell in a loop"])
def test_a_place_in_time_is_asked_alone(form: str) -> None:
    scene = scene_of(FORMS[form])
    layer = scene.network.score_layer
    units, times = np.array([3, 1, 4, 1]), np.array([0, 5, 11, 7])
    found = scene.network.gradient(
        scene.probe.images, Objective(layer, units, times), at=scene.layers[0].name
    )
    rows = scene.network.scores(scene.probe.images)
    np.testing.assert_allclose(found.values, rows[np.arange(TEXTS), times, units], rtol=1e-4)
    size = np.abs(found.gradient).sum(axis=2)
    for text, time in enumerate(times):
        assert (size[text, : time + 1] > 0).all()
        assert (size[text, time + 1 :] == 0).all()


def test_a_place_beyond_the_end_is_refused() -> None:
    scene = scene_of(FORMS["lstm"])
    objective = Objective("out", np.zeros(4, np.int64), np.full(4, STEPS))
    with pytest.raises(UsageError, match="place is 12; it can be 0 to 11 in time"):
        scene.network.gradient(scene.probe.images, objective, at="words")


@pytest.mark.parametrize("form", ["lstm", "both ways", "state", "cell unrolled"])
def test_each_target_has_a_row_over_time_and_a_reach(form: str) -> None:
    (frame,) = checked_frames(Memory(images=3, targets=4), scene_of(FORMS[form]))
    assert frame.values.shape == (3, 4, STEPS)
    times = frame.columns["target"].astype(int)
    assert (frame.columns["score"] < TOKENS).all()
    later = np.arange(STEPS) > times[..., None]
    assert (frame.values[later] == 0).all() == (form != "both ways")
    assert np.isfinite(frame.columns["reach"]).all()
    mean = float(frame.columns["reach"].mean())
    assert frame.scalars["reach in tokens"] == pytest.approx(mean, rel=1e-5)


def test_of_a_long_text_only_what_is_before_the_target_is_looked_at() -> None:
    scene = scene_of(FORMS["lstm"])
    layer = scene.network.layer("out")
    targets = choose_targets(scene.network.scores(scene.probe.images)[:1], np.array([STEPS]), 2)
    found = connectivity(scene.network, scene.probe.images, layer, targets, 4)
    for row, target in zip(found, targets, strict=True):
        asked = np.flatnonzero(row)
        assert asked.tolist() == list(range(target.time - 3, target.time + 1))


def test_an_embedding_that_is_called_once_a_step_is_told() -> None:
    with pytest.raises(NetworkError, match="layer 'words' is called once a step"):
        list(Memory().visualize(scene_of(FORMS["all step by step"])))


def test_a_network_of_images_has_no_memory() -> None:
    scene = scene_of_images(ordinary())
    with pytest.raises(Inapplicable, match="memory can be shown where there are some at each"):
        list(Memory().visualize(replace(scene, step=1)))
