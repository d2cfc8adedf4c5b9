"""Examples in docstrings say what happens."""

from __future__ import annotations

import doctest
import importlib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ("vizframe", "vizframe/store", "vizframe/plugins", "vizframe/webapp")  # links, all but one
FILES = [
    file.relative_to(ROOT)
    for file in sorted({file for room in ROOMS for file in (ROOT / room).rglob("*.py")})
    if ">>> " in file.read_text()
]


@pytest.mark.parametrize("file", FILES, ids=str)
def test_the_examples_of_a_module_are_true(file: Path) -> None:
    module = importlib.import_module(".".join(file.with_suffix("").parts))
    found = doctest.testmod(module)
    assert found.attempted > 0
    assert found.failed == 0
