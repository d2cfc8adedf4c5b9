"""A run before its first step: its folder, and what else may lie there."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from vizframe.errors import UsageError
from vizframe.recording.past import Past, make_run_folder, past_of


def test_a_sweep_that_starts_at_once_has_a_folder_each(tmp_path: Path) -> None:
    made: list[Path] = []
    start = threading.Barrier(8)

    def name() -> None:
        start.wait()
        made.append(make_run_folder("train", tmp_path / "runs"))

    threads = [threading.Thread(target=name) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(path.name for path in made) == ["train", *(f"train-{n}" for n in range(2, 9))]
    assert all(path.is_dir() for path in made)


def test_what_comes_and_goes_in_a_new_run_is_no_other_thing(tmp_path: Path) -> None:
    (tmp_path / ".claim-rank1").touch()
    (tmp_path / ".tmp-run-0123abcd-77-0").touch()
    assert past_of(tmp_path) == Past()
    (tmp_path / "notes.txt").touch()
    with pytest.raises(UsageError, match="holds other things; it can be a new name"):
        past_of(tmp_path)


def test_a_place_where_no_folder_can_be_made_is_named_with_the_cure(tmp_path: Path) -> None:
    (tmp_path / "runs").write_text("a file of somebody's")
    with pytest.raises(UsageError, match=r"no run can be made in .*runs' \(File exists\); give a"):
        make_run_folder("train", tmp_path / "runs")
