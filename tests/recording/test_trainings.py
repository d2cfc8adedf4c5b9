"""Trainings of many styles end the same, bit for bit, whether they are recorded or not."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.recording.forked import place
from tests.recording.trainings import CASES
from vizframe.store import open as open_history

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that all trainings have left, plain and recorded."""
    folder = tmp_path_factory.mktemp("trainings")
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "tests.recording.forked", str(folder)]
    subprocess.run(command, cwd=ROOT, env=environment, check=True, timeout=280)
    return folder


def read(folder: Path, mode: str, name: str, what: str) -> str:
    return (place(folder, mode, name) / what).read_text()


def told(folder: Path, name: str) -> list[str]:
    """What vizframe said, beside findings, which are the training's, and single layers."""
    lines = read(folder, "recorded", name, "err").splitlines()
    said = [line for line in lines if line.startswith("vizframe: ")]
    return [line for line in said if " since step " not in line and " leaves out " not in line]


@pytest.mark.parametrize("name", CASES)
def test_it_ends_as_it_does_alone(name: str, ended: Path) -> None:
    outputs = [
        (read(ended, mode, name, "out"), read(ended, mode, name, "code"))
        for mode in ("plain", "recorded")
    ]
    assert outputs[0] == outputs[1], read(ended, "recorded", name, "err")
    assert outputs[0][0]
    assert outputs[0][1] == str(CASES[name].code), read(ended, "plain", name, "err")


@pytest.mark.parametrize("name", CASES)
def test_it_has_pictures_or_a_sentence(name: str, ended: Path) -> None:
    case = CASES[name]
    runs = sorted((place(ended, "recorded", name) / "runs").glob("*"))
    assert len(runs) == case.runs, told(ended, name)
    for run in runs:
        history = open_history(run)
        try:
            assert history.steps[0] == 0
            assert len(history.steps) > 1
            assert len(list(history.declarations)) > 1
            assert [each for each in history.failures() if not each.layer] == []
            assert history.faults() == []
        finally:
            history.close()
    if case.says:
        assert len(told(ended, name)) == 1
        assert case.says in told(ended, name)[0]
    else:
        assert told(ended, name) == []
