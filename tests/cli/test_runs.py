"""`vizframe runs` lists the runs of a folder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.calling import Called, call, make_run
from vizframe import store
from vizframe.testing.runs import fake_info, fill


def test_runs_are_listed_with_steps_and_size(tmp_path: Path) -> None:
    make_run(tmp_path / "one")
    make_run(tmp_path / "deep" / "two", steps=range(3))
    said = call("runs", str(tmp_path))
    assert said.code == 0
    one, two = (said.line(name) for name in ("one ", "deep/two "))
    assert one.split()[1:4] == ["FakeNet", "4", "30"]
    assert two.split()[1:4] == ["FakeNet", "3", "2"]
    assert "kB" in one
    assert "now" in one


def test_a_step_that_several_writers_have_is_one_step(tmp_path: Path) -> None:
    make_run(tmp_path / "one", steps=range(4))
    with store.create(tmp_path / "one", fake_info(), writer="main-findings") as writer:
        fill(writer, steps=[1, 2])
    assert call("runs", str(tmp_path)).line("one ").split()[1:4] == ["FakeNet", "4", "3"]


def test_json_has_a_line_for_each_run(tmp_path: Path) -> None:
    make_run(tmp_path / "one")
    listed = json.loads(call("runs", str(tmp_path), "--json").out)
    assert [(each["name"], each["steps"], each["last_step"]) for each in listed] == [("one", 4, 30)]
    assert listed[0]["bytes"] > 10_000
    assert listed[0]["info"]["network"] == "FakeNet"
    assert listed[0]["fault"] is None


def test_a_folder_without_runs_says_how_to_make_one(tmp_path: Path) -> None:
    said = call("runs", str(tmp_path))
    assert said == Called(
        0, f"There is no run in {tmp_path}. Make one: vizframe record -- train.py\n", ""
    )
    assert json.loads(call("runs", str(tmp_path), "--json").out) == []


def test_a_run_whose_description_is_damaged_is_listed_with_the_reason(tmp_path: Path) -> None:
    make_run(tmp_path / "one")
    (tmp_path / "one" / "run.json").write_text("{")
    said = call("runs", str(tmp_path))
    assert said.code == 0
    assert "does not describe a run" in said.out


def test_without_a_folder_the_runs_of_here_are_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_run(tmp_path / "runs" / "mine")
    monkeypatch.chdir(tmp_path)
    assert "mine" in call("runs").out


def test_a_folder_that_is_none_is_a_usage_error(tmp_path: Path) -> None:
    said = call("runs", str(tmp_path / "nowhere"))
    assert said == Called(
        2, "", f"vizframe: {tmp_path / 'nowhere'} is no folder; it can be one that holds runs\n"
    )
