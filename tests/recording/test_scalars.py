"""Scalars in whatever form a training has them."""

from __future__ import annotations

import math
from collections import namedtuple
from typing import Any

import numpy as np
import pytest

from vizframe.errors import UsageError
from vizframe.network.guard import Guard
from vizframe.recording.scalars import read_scalars


def number(value: object) -> float:
    return float(np.mean(np.asarray(value)))


def read(*, strict: bool = False, **given: Any) -> dict[str, float]:
    return dict(read_scalars(given, number, Guard(strict=strict)))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (2, 2),
        (True, 1),
        (np.float32(0.5), 0.5),
        (np.array([[1, 3]]), 2),
        ([1.0, 3.0], 2),
        ([np.array([1.0, 3.0]), np.array([4.0])], 3),
        (("accuracy", 0.25), 0.25),
        (lambda: 4, 4),
        (lambda: [np.ones(3), 3], 2),
        (math.inf, math.inf),
        (-math.inf, -math.inf),
    ],
)
def test_what_holds_numbers_is_their_mean(value: object, expected: float) -> None:
    assert read(loss=value) == {"loss": expected}


def test_nan_is_a_number() -> None:
    assert math.isnan(read(loss=math.nan)["loss"])
    assert math.isnan(read(loss=("accuracy", math.nan))["loss"])


def test_a_mapping_is_several_scalars() -> None:
    assert read(loss={"train": 1, "val": [2, 4]}) == {"loss/train": 1, "loss/val": 3}


Losses = namedtuple("Losses", "train val")


@pytest.mark.parametrize(
    "value",
    [
        [("train", 1), ("val", 3)],
        (["train", "val"], [1, 3]),
        Losses(1, np.array([2, 4])),
        lambda: Losses(1, 3),
    ],
)
def test_metrics_by_name_are_several_scalars(value: object) -> None:
    assert read(loss=value) == {"loss/train": 1, "loss/val": 3}


def fails() -> float:
    raise ZeroDivisionError("no samples yet")


@pytest.mark.parametrize(
    "value",
    [None, "warmup", 1 + 2j, np.array([1j]), b"x", [], {}.keys(), fails, object(), [1, "x"]],
)
def test_what_is_no_number_is_said_once_and_left_out(
    value: object, caplog: pytest.LogCaptureFixture
) -> None:
    guard = Guard()
    for _ in range(2):
        assert dict(read_scalars({"loss": value, "rate": 1}, number, guard)) == {"rate": 1}
    assert len(caplog.messages) == 1
    assert caplog.messages[0].startswith("the scalar 'loss' ")
    assert "training goes on without" in caplog.messages[0]


def test_strict_raises_it() -> None:
    with pytest.raises(UsageError, match="the scalar 'loss' is None; it can be a number, an array"):
        read(loss=None, strict=True)
