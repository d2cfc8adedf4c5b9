"""What stays of a long run, and what reaches the disk."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import vizframe.store
from tests.recording.toy_training import CONV0, train_run
from vizframe.errors import (
    UsageError,
)

pytestmark = pytest.mark.usefixtures("toys")


def test_a_run_of_limited_size_keeps_its_first_and_newest_steps(tmp_path: Path) -> None:
    def frames(**options: Any) -> list[int]:
        run = tmp_path / str(len(options))
        train_run(run, 150, every=1, **options)
        history = vizframe.store.open(run)
        try:
            return list(history.series_steps(CONV0))
        finally:
            history.close()

    whole, thinned = frames(), frames(max_size=1)
    assert len(whole) == 151
    assert len(thinned) < len(whole) / 2
    assert (thinned[0], thinned[-1]) == (0, 150)


@pytest.mark.parametrize(("keep", "rare"), [(10, 10), ("log", 20)])
def test_some_recordings_of_a_long_run_are_kept(tmp_path: Path, keep: int | str, rare: int) -> None:
    train_run(tmp_path, 200, every=1, keep=keep)
    steps = list(vizframe.store.open(tmp_path).series_steps(CONV0))
    merged = [step for step in steps if step < 128]
    assert (steps[0], steps[-1]) == (0, 200)
    assert len(merged) < 30
    assert max(np.diff(merged)) >= rare - 4
    assert steps[-1] - steps[-9] == 8


def test_what_to_keep_is_checked_before_training(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="keep is 'often'; it can be 'all', a number such as 5"):
        train_run(tmp_path, 1, keep="often")


def test_a_durable_recording_reaches_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[int] = []
    original = os.fsync

    def noted(file: int) -> None:
        synced.append(file)
        original(file)

    monkeypatch.setattr(os, "fsync", noted)
    train_run(tmp_path / "plain", 10)
    before = len(synced)
    train_run(tmp_path / "durable", 10, durable=True)
    assert len(synced) - before > before
