"""`vizframe rm RUN` deletes runs, after asking, and nothing else."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

from tests.cli.calling import call, make_run, spawn

HOUR = 3600.0


def old_run(path: Path, hours: float = 5) -> Path:
    """A run that nobody has written to for hours."""
    make_run(path)
    then = time.time() - hours * HOUR
    for each in path.iterdir():
        os.utime(each, (then, then))
    return path


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return old_run(tmp_path / "mnist")


def test_who_says_yes_deletes_a_run(run: Path) -> None:
    said = spawn("rm", str(run), answer="y\n")
    assert said.code == 0, said.err
    assert f"Delete {run} (4 steps, 0 to 30)?" in said.out
    assert "is deleted: " in said.out
    assert not run.exists()


@pytest.mark.parametrize("answer", ["n\n", "\n"])
def test_who_does_not_keeps_it(run: Path, answer: str) -> None:
    said = call("rm", str(run), answer=answer)
    assert said.code == 0
    assert said.out.endswith(f"{run} stays\n")
    assert call("show", str(run)).code == 0


def test_without_an_answer_nothing_is_deleted(run: Path) -> None:
    assert spawn("rm", str(run)).code == 1
    assert call("show", str(run)).code == 0


def test_several_runs_go_without_asking(run: Path, tmp_path: Path) -> None:
    other = old_run(tmp_path / "other")
    said = call("rm", str(run), str(other), "--yes")
    assert (said.code, said.err) == (0, "")
    assert not run.exists()
    assert not other.exists()


def test_a_script_reads_what_was_deleted(run: Path) -> None:
    size = sum(each.stat().st_size for each in run.iterdir())
    said = call("rm", str(run), "--yes", "--json")
    assert json.loads(said.out) == {"path": str(run), "bytes": size}
    assert not run.exists()


def test_a_script_is_not_asked(run: Path) -> None:
    said = call("rm", str(run), "--json")
    assert (said.code, said.out) == (2, "")
    assert "--json is given without --yes" in said.err
    assert run.exists()


def test_what_is_no_run_stays(tmp_path: Path) -> None:
    folder = tmp_path / "thesis"
    folder.mkdir()
    (folder / "chapter.tex").write_text("text")
    said = call("rm", str(folder), "--yes")
    assert said.code in (1, 2)
    assert (folder / "chapter.tex").read_text() == "text"


def test_files_of_others_in_a_run_stay(run: Path) -> None:
    (run / "notes.txt").write_text("mine")
    assert call("rm", str(run), "--yes").code == 0
    assert [each.name for each in run.iterdir()] == ["notes.txt"]


def test_one_unknown_run_among_several_deletes_none(run: Path) -> None:
    assert call("rm", str(run), f"{run}x", "--yes").code == 2
    assert run.exists()


def test_a_run_that_may_still_be_recorded_goes_by_force_only(tmp_path: Path) -> None:
    run = make_run(tmp_path / "fresh")
    said = call("rm", str(run), "--yes")
    assert said.code == 1
    assert "may still record" in said.err
    assert call("show", str(run)).code == 0
    assert call("rm", str(run), "--yes", "--force").code == 0
    assert not run.exists()
