"""Steps are a sequence like any other, and NumPy's too."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from vizframe.history.steps import Steps

increasing = st.sets(st.integers(0, 1000)).map(sorted)


@given(increasing, st.integers(-5, 1005))
def test_they_behave_as_the_list_of_their_numbers(numbers: list[int], other: int) -> None:
    steps = Steps(np.array(numbers, np.int64))
    assert list(steps) == numbers
    assert steps == numbers
    assert numbers == steps
    assert steps != [*numbers, 1001]
    assert len(steps) == len(numbers)
    assert (other in steps) == (other in numbers)
    assert steps[1:5] == numbers[1:5]
    assert max(steps, default=None) == max(numbers, default=None)
    assert [*reversed(steps)] == numbers[::-1]
    assert repr(steps) == repr(numbers)


def test_a_step_is_a_plain_int_and_a_slice_a_list() -> None:
    steps = Steps(np.array([3, 5, 9], np.int64))
    assert type(steps[-1]) is int
    assert steps[:2] == [3, 5]
    assert not steps.__contains__("3")
    assert 3.0 not in steps


def test_numpy_takes_them_without_a_copy() -> None:
    numbers = np.arange(5)
    steps = Steps(numbers)
    assert np.asarray(steps, np.int64) is numbers
    assert np.array(steps) is not numbers
    assert np.asarray(steps, np.float64).tolist() == [0, 1, 2, 3, 4]
