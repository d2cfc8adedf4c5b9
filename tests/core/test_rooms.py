"""The core reaches a room only when it is used; import-linter holds all modules but these doors."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = {"plugins", "store", "webapp", "gluon", "testing", "cli"}
DOORS = ["place", "run", "finding", "reading", "remote", "demonstration"]


def core() -> set[str]:
    """Every module of the core, but the package itself and what ``python -m`` runs."""
    files = {path.stem for path in (ROOT / "vizframe").glob("*.py")}
    folders = {path.parent.name for path in (ROOT / "vizframe").glob("*/__init__.py")}
    return (files | folders) - ROOMS - {"__init__", "__main__"}


def test_every_module_of_the_core_is_held_or_is_a_door() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    contracts = settings["tool"]["importlinter"]["contracts"]
    (held,) = (each for each in contracts if each["name"] == "The core imports no room")
    names = {name.removeprefix("vizframe.") for name in held["source_modules"]}
    assert names == core() - set(DOORS)


@pytest.mark.parametrize("door", DOORS)
def test_importing_a_door_opens_no_room(door: str) -> None:
    program = (
        f"import sys, vizframe.{door};"
        "rooms = {'mxnet', 'h5py', 'dash'} | {f'vizframe.{r}' for r in ('store', 'webapp')};"
        "print(sorted(rooms & set(sys.modules)))"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert result.stdout.strip() == "[]", result.stderr
