"""Images in parts that there is room for, and what they give put together."""

from __future__ import annotations

import numpy as np
import pytest

from vizframe.graph.passes import PASS, Joined, parts_in_room


@pytest.mark.parametrize(
    ("count", "images", "sizes"),
    [
        (16, 100, [16]),
        (16, 8, [8, 8]),
        (16, 7, [5, 5, 6]),
        (5, 2, [2, 3]),  # none of them alone, though that is one more than there is room for
        (5, 0, [2, 3]),
        (1, 0, [1]),
        (0, 4, [0]),
    ],
)
def test_parts_differ_by_one_and_none_is_a_single_image(
    count: int, images: int, sizes: list[int]
) -> None:
    parts = list(parts_in_room(count, 10, images * 10 * 4 * PASS))
    assert [part.stop - part.start for part in parts] == sizes
    assert [each for part in parts for each in range(count)[part]] == list(range(count))


def test_what_takes_an_image_alone_is_given_no_more_than_there_is_room_for() -> None:
    parts = parts_in_room(5, 10, 2 * 10 * 4 * PASS, least=1)
    assert [part.stop - part.start for part in parts] == [1, 2, 2]


def test_what_parts_give_is_what_the_whole_gives() -> None:
    values = np.arange(30, dtype=np.float32).reshape(5, 2, 3)
    joined = Joined(5)
    for part in parts_in_room(5, 6, 0):
        joined.add("conv", part, values[part])
    np.testing.assert_array_equal(joined.found["conv"], values)
    whole = Joined(5)
    whole.add("conv", slice(0, 5), values)
    assert whole.found["conv"] is values
