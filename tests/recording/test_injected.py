"""Whatever breaks in vizframe while a script trains, the script trains on; see `injected`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

EVERY = os.environ.get("EVERY_FUNCTION", "40")
"""All functions take minutes: EVERY_FUNCTION=1."""


@pytest.mark.slow
def test_no_error_of_ours_reaches_a_training_unless_it_is_strict(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.recording.injected", str(tmp_path), EVERY]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.stdout == "strict lets errors out: True\n", done.stderr
    assert done.stderr.count("Injected") > 5  # each said, where it broke
