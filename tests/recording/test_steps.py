"""Steps and epochs in whatever type a training counts them."""

from __future__ import annotations

import numpy as np
import pytest

from vizframe.errors import UsageError
from vizframe.network.guard import Guard
from vizframe.recording.steps import StepCount, epoch_of, step_of


def number(value: object) -> float:
    return float(np.mean(np.asarray(value)))


def count(last: int = 0, *, strict: bool = False) -> StepCount:
    return StepCount(last, None, number, Guard(strict=strict))


@pytest.mark.parametrize(
    "value", [7, 7.0, np.int32(7), np.float64(7), np.array([7]), np.array(7.0)]
)
def test_what_means_a_step_is_that_step(value: object) -> None:
    assert step_of(value, number) == 7
    assert type(step_of(value, number)) is int


@pytest.mark.parametrize(
    "value", [7.5, "7", b"7", None, True, -1, np.nan, np.inf, 10**18, "x" * 99]
)
def test_what_means_none_is_refused_in_a_sentence(value: object) -> None:
    with pytest.raises(UsageError, match=r"^step is .{1,45}; it can be a whole number of updates"):
        step_of(value, number)


def test_calls_are_counted_and_steps_may_be_skipped() -> None:
    steps = count()
    told = []
    for step in (None, None, 10, None, 10.0 + 1):
        steps.advance(step)
        told.append(steps.last)
    assert told == [1, 2, 10, 11, 11]


def test_a_step_that_goes_back_is_said_once_and_counted_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    steps = count()
    for step in (5, 0, 1, 2):
        steps.advance(step)
    assert steps.last == 8
    assert caplog.messages == [
        "step is 0 after step 5; it can be 5 or more, counted over all epochs, or be left out; it "
        "is counted as step 6"
    ]


def test_what_is_no_step_is_said_once_and_counted(caplog: pytest.LogCaptureFixture) -> None:
    steps = count(3)
    steps.advance("first")
    steps.advance("second")
    assert steps.last == 5
    assert len(caplog.messages) == 1


def test_strict_raises_them() -> None:
    with pytest.raises(UsageError):
        count(5, strict=True).advance(2)


def test_an_epoch_that_is_none_is_left_out(caplog: pytest.LogCaptureFixture) -> None:
    steps = count()
    found = []
    for epoch in (np.float32(1.5), "last"):
        steps.advance(epoch=epoch)
        found.append(steps.epoch)
    assert found == [1.5, None]
    assert caplog.messages == [
        "epoch is 'last'; it can be how many epochs are complete, such as 1.5; training goes on "
        "without the epoch"
    ]
    assert epoch_of(None, number) is None
