"""`vizframe check RUN` says which parts of a run are sound."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.calling import call, make_run, spawn


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return make_run(tmp_path / "mnist")


def damage(run: Path, place: float) -> Path:
    """Flip a bit of the newest segment, so far into the file."""
    segment = sorted(run.glob("*.s*.h5"))[-1]
    data = bytearray(segment.read_bytes())
    data[int(len(data) * place)] ^= 1
    segment.write_bytes(data)
    return segment


def test_a_sound_run_is_said_to_be_sound(run: Path) -> None:
    said = call("check", str(run))
    assert (said.code, said.err) == (0, "")
    assert said.line(str(run)).endswith("4 steps, all sound")


def test_a_flipped_bit_is_found_and_named(run: Path) -> None:
    segment = damage(run, 0.9)
    said = spawn("check", str(run))
    assert said.code == 1
    assert segment.name in said.out
    assert "NOT sound" in said.out


def test_what_is_wrong_is_said_once(run: Path) -> None:
    segment = sorted(run.glob("*.s*.h5"))[0]
    segment.write_text("hello")
    said = call("check", str(run))
    assert said.out.count("it is no HDF5 file") == 1


def test_json_names_the_damaged_series(run: Path) -> None:
    assert json.loads(call("check", str(run), "--json").out)["sound"] is True
    segment = damage(run, 0.5)
    said = call("check", str(run), "--json")
    report = json.loads(said.out)
    assert (said.code, report["sound"]) == (1, False)
    file = next(each for each in report["files"] if each["name"] == segment.name)
    damaged = [each for each in file["series"] if each["damaged_tiles"]]
    assert file["sentences"] or damaged
    assert len(report["files"]) >= 4


def test_a_truncated_file_is_named_and_the_others_are_sound(run: Path) -> None:
    segment = sorted(run.glob("*.s*.h5"))[0]
    segment.write_bytes(segment.read_bytes()[:1000])
    report = json.loads(call("check", str(run), "--json").out)
    unsound = [each["name"] for each in report["files"] if each["sentences"]]
    assert unsound == [segment.name]


def test_an_unknown_run_is_a_usage_error(run: Path) -> None:
    assert call("check", f"{run}x").code == 2


def test_a_folder_that_is_no_run_fails(run: Path) -> None:
    said = call("check", str(run.parent))
    assert said.code == 1
    assert said.err.count("\n") == 1
