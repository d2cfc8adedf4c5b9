"""`vizframe show RUN` says what a run holds."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.calling import call, make_run, spawn


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return make_run(tmp_path / "runs" / "mnist")


def test_steps_series_parameters_numbers_and_failures_are_shown(run: Path) -> None:
    said = call("show", str(run))
    assert said.code == 0
    assert said.line("mnist")
    assert said.line("  recorded").startswith("  recorded  4 steps, 0 to 30, in 8 s")
    assert said.line("  network").endswith("FakeNet, 3 layers")
    assert said.line("  probe").endswith("4 images of 3 × 24 × 24, labelled")
    assert said.line("  size").endswith(" kB, 235 kB of tiles")
    series = said.line("gradient_ascent      conv0")
    assert series.split()[2:] == ["unit=8", "y=24", "x=24", "4", "18", "kB"]
    assert said.line("  gradient_ascent: ").endswith("iterations=100, rate=0.5, seed=0")
    assert said.line("accuracy").split()[1] == "2"
    assert said.line("  deconvolution of dense0").endswith("(at step 20)")


def test_json_has_everything(run: Path) -> None:
    said = json.loads(call("show", str(run), "--json").out)
    assert said["bytes"] == sum(each.stat().st_size for each in run.iterdir())
    assert (said["steps"], said["first"], said["last"]) == (4, 0, 30)
    assert len(said["series"]) == 14
    ascent = next(each for each in said["series"] if each["plugin"] == "gradient_ascent")
    assert ascent["shape"] == [8, 24, 24]
    assert ascent["bytes"] == 4 * 8 * 24 * 24
    assert ascent["parameters"] == {"iterations": 100, "rate": 0.5}
    assert {each["name"] for each in said["scalars"]} == {"loss", "accuracy", "learning_rate"}
    assert said["failures"][0]["step"] == 20
    assert said["faults"] == []
    assert said["info"]["layers"][0]["name"] == "conv0"


def test_a_run_is_found_by_its_name(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(run.parent.parent)
    assert call("show", "mnist") == call("show", "runs/mnist")


def test_an_unknown_run_is_named_with_the_nearest(run: Path) -> None:
    said = spawn("show", f"{run}x")
    assert (said.code, said.out) == (2, "")
    assert said.err == f"vizframe: run '{run}x' is not known; it can be '{run}'\n"


def test_a_folder_of_runs_is_no_run_and_names_them(run: Path) -> None:
    said = call("show", str(run.parent))
    assert said.code == 2
    assert said.err.endswith(f"it can be '{run}'\n")


def test_a_folder_that_is_no_run_is_an_error(tmp_path: Path) -> None:
    said = call("show", str(tmp_path))
    assert said.code == 1
    assert "is no run" in said.err


def test_an_empty_run_is_shown_too(tmp_path: Path) -> None:
    said = call("show", str(make_run(tmp_path / "empty", steps=[])))
    assert said.code == 0
    assert said.line("  recorded").endswith("no step yet")


def test_a_damaged_part_is_named(run: Path) -> None:
    segment = sorted(run.glob("*.s*.h5"))[0]
    segment.write_bytes(b"not HDF5")
    said = call("show", str(run))
    assert said.code == 0
    assert segment.name in said.out.split("not sound", 1)[1]


def test_names_from_files_are_text_and_steer_no_terminal(tmp_path: Path) -> None:
    path = make_run(tmp_path / "[red]x\x1b[2J")
    assert call("show", str(path)).line("[red]x\\x1b[2J")
    assert call("runs", str(tmp_path)).line("[red]x\\x1b[2J")
