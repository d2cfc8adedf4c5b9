"""`vizframe notes`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.calling import call, make_run
from vizframe.history.notes import Note
from vizframe.store import RunCatalog


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    for name in ("a", "b"):
        make_run(tmp_path / name, steps=range(1))
    catalog = RunCatalog(tmp_path)
    catalog.notes("a").put(Note("edges\nand corners", star=True, layer="conv0", unit=3, time=1))
    catalog.notes("b").put(Note("a \x1b[31mspike", step=40, time=2))
    return tmp_path


def test_all_notes_are_listed(runs: Path) -> None:
    out = call("notes", str(runs)).out
    assert "★ a · conv0 · unit 3\n    edges\n    and corners\n" in out
    assert "b · step 40\n" in out
    assert "\x1b" not in out


def test_they_are_searched_and_exported(runs: Path) -> None:
    (line,) = call("notes", str(runs), "--search", "SPIKE", "--json").out.splitlines()
    assert json.loads(line)["step"] == 40
    assert "spike" not in call("notes", str(runs), "--starred").out
