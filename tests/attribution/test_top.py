"""The strongest images of a data set, found batch by batch, are those of a look at all at once."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vizframe.attribution.strongest import Strongest, strongest
from vizframe.attribution.top import TopImages, kept_images
from vizframe.network import FloatArray
from vizframe.network.peaks import peaks_of


def found(answers: FloatArray, top: int, sizes: list[int]) -> TopImages:
    """Kept over batches of these sizes."""
    kept = TopImages.empty(answers.shape[1], top)
    start = 0
    for size in sizes:
        kept.add(peaks_of(answers[start : start + size]), start)
        start += size
    assert start == len(answers)
    return kept


def located(kept: TopImages, answers: FloatArray) -> Strongest:
    """With the maps of the kept images alone."""
    images = kept_images([kept])
    return kept.locate(answers[images], images)


def assert_same(one: Strongest, other: Strongest) -> None:
    np.testing.assert_array_equal(one.values, other.values)
    np.testing.assert_array_equal(one.images, other.images)
    np.testing.assert_array_equal(one.places, other.places)


@given(
    st.integers(0, 10_000),
    st.lists(st.integers(1, 7), min_size=1, max_size=6),
    st.integers(1, 5),
    st.sampled_from([(3,), (2, 3, 4), (4, 1, 1)]),
)
def test_batch_by_batch_is_as_all_at_once(
    seed: int, sizes: list[int], top: int, shape: tuple[int, ...]
) -> None:
    draw = np.random.default_rng(seed)
    answers = draw.integers(-3, 3, (sum(sizes), *shape)).astype(np.float32)  # many are equal
    kept = found(answers, min(top, len(answers)), sizes)
    assert_same(located(kept, answers), strongest(answers, top))


@given(st.integers(0, 1000), st.permutations(range(4)))
def test_parts_merge_in_any_order(seed: int, order: list[int]) -> None:
    draw = np.random.default_rng(seed)
    answers = draw.integers(0, 4, (20, 3, 2, 2)).astype(np.float32)
    parts = []
    for start in range(0, 20, 5):
        part = TopImages.empty(3, 4)
        part.add(peaks_of(answers[start : start + 5]), start)
        parts.append(part)
    whole = TopImages.empty(3, 4)
    for number in order:
        whole.merge(parts[number])
    assert_same(located(whole, answers), strongest(answers, 4))


def test_what_is_no_number_is_no_answer() -> None:
    answers = np.zeros((4, 2, 1, 2), np.float32)
    answers[0, 0] = np.nan
    answers[1, 0] = (np.nan, 5.0)
    answers[2, 0] = 1.0
    kept = found(answers, 2, [2, 2])
    assert located(kept, answers).images[0].tolist() == [1, 2]
    assert located(kept, answers).places[0].tolist() == [[0, 1], [0, 0]]


def test_a_unit_that_answers_nothing_but_nan_leaves_the_others_theirs() -> None:
    answers = np.arange(6, dtype=np.float32).reshape(3, 2)
    answers[:, 1] = np.nan
    shown = located(found(answers, 2, [3]), answers)
    assert shown.values[0].tolist() == [4, 2]
    assert np.isnan(shown.values[1]).all()
    assert shown.images[0].tolist() == [2, 1]


@pytest.mark.parametrize("sizes", [[6], [1] * 6, [2, 4]])
def test_infinite_answers_are_the_strongest(sizes: list[int]) -> None:
    answers = np.arange(6, dtype=np.float32).reshape(6, 1)
    answers[3] = np.inf
    answers[5] = -np.inf
    assert located(found(answers, 3, sizes), answers).images.tolist() == [[3, 4, 2]]
