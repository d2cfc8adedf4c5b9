"""What a network expects next, on chances worked out by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.sequences.forms import FORMS, scene_of
from vizframe.errors import Inapplicable
from vizframe.network import FloatArray
from vizframe.plugin.frame import Frame
from vizframe.plugins.prediction import Prediction
from vizframe.recording.declare import checked_frames
from vizframe.sequences.forecast import (
    continuation,
    likeliest,
    log_probabilities,
    looks_ahead,
    surprise,
)


def frames(form: str, **options: object) -> dict[str, Frame]:
    made = checked_frames(Prediction.configured(options), scene_of(FORMS[form]))
    return {frame.part: frame for frame in made}


def test_the_surprise_of_one_in_four_is_two_bits() -> None:
    logs = log_probabilities(np.zeros((1, 3, 4), np.float32))
    found = surprise(logs, np.array([[0, 3, 1]]), np.array([3]))
    assert np.isnan(found[0, 0])
    np.testing.assert_allclose(found[0, 1:], 2, rtol=1e-6)


def test_scores_beyond_all_bounds_have_probabilities() -> None:
    logs = log_probabilities(np.array([[1e30, 0, -1e30]], np.float32))
    assert np.exp(logs).tolist() == [[1, 0, 0]]


def test_the_likeliest_come_first() -> None:
    chances = np.array([[[0.1, 0.6, 0.3], [0.5, 0.2, 0.3]]], np.float32)
    tokens, found = likeliest(np.log(chances), 2)
    assert tokens.tolist() == [[[1, 0], [2, 2]]]
    np.testing.assert_allclose(found, [[[0.6, 0.5], [0.3, 0.3]]], rtol=1e-6)


def counting(rows: FloatArray) -> FloatArray:
    """Scores of a network that is sure that each number is followed by the next, of 5."""
    wanted = (rows.astype(int) + 1) % 5
    scores: FloatArray = 50 * np.eye(5, dtype=np.float32)[wanted]
    return scores


def test_a_network_that_counts_goes_on_counting() -> None:
    row = np.array([2, 3, 0, 0, 0, 0], np.float32)
    assert continuation(counting, row, 2, 5, seed=0).tolist() == [2, 3, 4, 0, 1]


def test_draws_follow_the_chances_and_the_seed() -> None:
    def score(rows: FloatArray) -> FloatArray:
        chances = np.array([0.7, 0.3], np.float32)
        return np.log(np.broadcast_to(chances, (*rows.shape, 2)))

    row = np.zeros(2001, np.float32)
    one, two, other = (continuation(score, row, 1, 2001, seed) for seed in (0, 0, 1))
    assert np.array_equal(one, two)
    assert not np.array_equal(one, other)
    assert abs(one[1:].mean() - 0.3) < 0.04


def test_whether_a_network_looks_ahead_is_seen() -> None:
    assert not looks_ahead(counting, np.array([1, 2, 3], np.float32))
    assert looks_ahead(lambda rows: counting(rows[:, ::-1]), np.array([1, 2, 3], np.float32))


@pytest.mark.parametrize("form", ["lstm", "gru, time first", "state", "begin state"])
def test_a_network_of_tokens_is_asked_what_comes_next(form: str) -> None:
    found, scene = frames(form, continued=3), scene_of(FORMS[form])
    assert set(found) == {"surprise", "likeliest", "probability", "continuation"}
    scores = scene.network.scores(scene.probe.images)
    chances = np.exp(scores) / np.exp(scores).sum(-1, keepdims=True)
    ids = scene.probe.images.astype(int)
    wanted = -np.log2(chances[1, 4, ids[1, 5]])
    np.testing.assert_allclose(found["surprise"].values[1, 5], wanted, rtol=1e-3)
    best = found["likeliest"].values[2, 0]
    assert best.tolist() == scores[2].argmax(-1).tolist()
    np.testing.assert_allclose(found["probability"].values[2, 0], chances[2].max(-1), rtol=1e-4)
    made = found["continuation"]
    given = int(made.columns["given"][0])
    assert made.values[0, :given].tolist() == ids[0, :given].tolist()
    assert found["surprise"].scalars["surprise in bits per token"] > 0


def test_a_network_that_reads_both_ways_makes_no_forecast() -> None:
    found = frames("both ways")
    assert "continuation" not in found
    assert "sees later tokens too" in found["surprise"].notes[0]


def test_a_probe_that_is_no_text_has_no_forecast() -> None:
    scene = scene_of(FORMS["lstm"])
    with pytest.raises(Inapplicable, match="the probe is no text of tokens"):
        list(Prediction().visualize(replace(scene, probe=replace(scene.probe, tokens=()))))
