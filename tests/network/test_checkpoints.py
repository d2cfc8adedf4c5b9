"""Checkpoints: which files there are, of which steps, and when a new one is done."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from vizframe.errors import UsageError
from vizframe.network.checkpoints import checkpoints, follow_checkpoints


def put(folder: Path, *names: str) -> str:
    for name in names:
        (folder / name).write_text(name)
    return str(folder / "*.params")


def steps(pattern: str, after: int | None = None) -> list[int]:
    return [each.step for each in checkpoints(pattern, after)]


def test_checkpoints_come_by_the_last_number_of_their_name(tmp_path: Path) -> None:
    pattern = put(tmp_path, "v2-ckpt-1000.params", "v2-ckpt-20.params", "v2-ckpt-0003.params")
    assert steps(pattern) == [3, 20, 1000]
    assert steps(pattern, after=3) == [20, 1000]


def test_a_name_without_a_step_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"it can be a name with its step, such as ckpt-0400\.par"):
        checkpoints(put(tmp_path, "best.params"))


def test_two_checkpoints_of_one_step_are_both_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"a-5\.params' and '.*b-05\.params', both of step 5"):
        checkpoints(put(tmp_path, "a-5.params", "b-05.params"))


def test_a_checkpoint_that_is_still_written_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pattern = put(tmp_path, "c-1.params")
    growing = iter(["c-2.params", "c-2.params and", "c-2.params and more"])
    looks = itertools.count()

    def sleep(_seconds: float) -> None:
        next(looks)
        if (more := next(growing, None)) is not None:
            (tmp_path / "c-2.params").write_text(more)

    monkeypatch.setattr("time.sleep", sleep)
    found = follow_checkpoints(pattern)
    assert next(found).step == 1
    second = next(found)
    assert (second.step, second.path.read_text()) == (2, "c-2.params and more")
    assert next(looks) == 4  # one for the first, and three until the second stayed as it was


def test_what_the_run_has_already_does_not_come_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    pattern = put(tmp_path, "c-1.params", "c-2.params")
    assert next(follow_checkpoints(pattern, after=1)).step == 2
