"""What lies in the working directory is looked at, never run."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from tests.cli.calling import make_run
from vizframe.isolated import python_module

TRAP = """
with open(__file__.rpartition("/")[0] + "/sprung", "a") as file:
    file.write(__name__ + "\\n")
raise SystemExit("a trap was run")
"""

SCRIPT = "print('a script of its own')\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run, among modules named like all that Python, or a package here, offers."""
    place = tmp_path_factory.mktemp("traps")
    make_run(place / "runs" / "x", range(3))
    names = {*sys.stdlib_module_names, *packages_distributions(), "sitecustomize", "usercustomize"}
    names |= {"gunicorn.conf", ".pythonrc"}
    for name in names - {"vizframe"}:
        (place / f"{name}.py").write_text(TRAP)
    (place / "vizframe").mkdir()
    (place / "vizframe" / "__init__.py").write_text(TRAP)
    return place


def run(folder: Path, start: Sequence[str], *words: str) -> str:
    """What a command says there; PYTHONPATH is where this vizframe lies, as an install gives."""
    root = str(Path(__file__).parents[2])
    done = subprocess.run(
        [*start, *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": root, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert not (folder / "sprung").exists(), (folder / "sprung").read_text()
    assert done.returncode == 0, done.stderr
    return done.stdout


COMMANDS = [
    ["check", "runs/x"],
    ["show", "runs/x"],
    ["runs", "runs"],
    ["plugins"],
    ["doctor"],
    ["export", "runs/x", "--step", "0", "--out", "../pictures"],
    ["compact", "runs/x", "--to", "../one.h5"],
    ["serve", "--help"],
    ["rm", "--force", "--yes", "runs/x"],
    ["record", "--", "../script.py"],
]

ALL = f"""
from vizframe.cli import main
for words in {COMMANDS!r}:
    try:
        main(words)
    except SystemExit as left:
        if left.code:
            raise SystemExit(f"{{words}} ended with {{left.code}}")
"""


def test_no_command_runs_what_lies_where_it_is_called(folder: Path) -> None:
    """In one process, as the installed command: the working directory is not on its path."""
    (folder.parent / "script.py").write_text(SCRIPT)
    said = run(folder, [sys.executable, "-P", "-c", ALL])
    assert "all sound" in said
    assert SCRIPT.split("'")[1] in said


def test_python_s_own_way_to_run_a_module_runs_no_more_than_that_one(tmp_path: Path) -> None:
    """Python itself looks for vizframe, and for what starts it, in the working directory then."""
    make_run(tmp_path / "x", range(3))
    for name in packages_distributions().keys() - {"vizframe"}:
        (tmp_path / f"{name}.py").write_text(TRAP)
    assert "all sound" in run(tmp_path, [sys.executable, "-m", "vizframe"], "check", "x")


def test_a_child_finds_the_vizframe_of_its_parent(folder: Path) -> None:
    assert "vizframe" in run(folder, python_module("vizframe", "--version"))
