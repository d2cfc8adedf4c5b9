"""CONTRIBUTING.md says what is so: the rooms, the directions of imports, the names it sends to."""

from __future__ import annotations

import importlib
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "CONTRIBUTING.md").read_text()
ROOMS = sorted(each.parent.name for each in (ROOT / "vizframe").glob("*/__init__.py"))
NO_NAMES = {"vizframe.adapters", "vizframe.rules", "vizframe.plugins.x"}
"""Groups of entry points, and an example."""
NAMES = sorted(set(re.findall(r"`(vizframe(?:\.\w+)+)`", TEXT)) - NO_NAMES)


def find(name: str) -> object:
    """The module or the object of a dotted name."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError:
        module, _, attribute = name.rpartition(".")
        return getattr(find(module), attribute)


@pytest.mark.parametrize("room", ROOMS)
def test_every_room_is_in_the_table(room: str) -> None:
    rows = [line for line in TEXT.splitlines() if line.startswith("| `")]
    assert any(f"{room}/`" in line.split("|")[1] for line in rows)


def test_files_to_begin_with_are_there() -> None:
    rows = [line.split("|") for line in TEXT.splitlines() if line.startswith("| `")]
    for row in rows:
        folders = [ROOT / each for each in re.findall(r"`([\w/]+)/`", row[1])]
        parents = [*folders, ROOT / "vizframe"]
        for file in re.findall(r"`([\w/.]+)`", row[3]):
            assert any((folder / file).exists() for folder in parents), file


def test_imports_point_down_as_the_linter_holds_it() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    layers = settings["tool"]["importlinter"]["contracts"][0]["layers"]
    told = [
        {each.strip().removeprefix("vizframe.") for each in layer.split("|")} for layer in layers
    ]
    block = re.search(r"```\n(cli\n.*?)```", TEXT, re.DOTALL)
    assert block is not None
    assert [set(line.split(" · ")) for line in block[1].splitlines()] == told


@pytest.mark.parametrize("name", NAMES)
def test_names_that_it_sends_to_exist(name: str) -> None:
    assert find(name) is not None
