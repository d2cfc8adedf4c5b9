"""The viewer's JavaScript, by Node's own runner: Playwright brings Node along."""

from __future__ import annotations

import subprocess
from pathlib import Path

import playwright
import pytest

NODE = Path(playwright.__file__).parent / "driver" / "node"
TESTS = Path(__file__).parents[1] / "viewer"


@pytest.mark.parametrize("file", sorted(TESTS.glob("*.test.mjs")), ids=lambda path: path.stem)
def test_it_passes(file: Path) -> None:
    result = subprocess.run([str(NODE), "--test", str(file)], capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "pass 0" not in result.stdout
