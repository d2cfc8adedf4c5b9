"""Trainings of many styles end the same, bit for bit, whether they are recorded or not."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.recording.training_case import Case
from tests.recording.trainings import CASES
from tests.warm_python import Left, started
from vizframe.store import open as open_history

pytestmark = pytest.mark.slow

RECORD = ("-m", "vizframe", "record", "--every", "2", "--")


@dataclass(frozen=True)
class Ended:
    """How a training has ended alone and recorded, and the runs that it has left."""

    case: Case
    plain: Left
    recorded: Left
    runs: tuple[Path, ...]

    @property
    def told(self) -> list[str]:
        """What vizframe said, beside findings, which are the training's, and single layers."""
        said = [line for line in self.recorded[2].splitlines() if line.startswith("vizframe: ")]
        return [line for line in said if " since step " not in line and " leaves out " not in line]


@pytest.fixture(scope="module", params=CASES)
def ended(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Ended:
    """Both at once, each in a folder of its own."""
    case = CASES[request.param]
    plain, recorded = (tmp_path_factory.mktemp(mode) for mode in ("plain", "recorded"))
    for folder in (plain, recorded):
        (folder / "train.py").write_text(case.script)
    with started(plain, "train.py") as one, started(recorded, *RECORD, "train.py") as other:
        left = one.wait(), other.wait()
    return Ended(case, *left, tuple(sorted((recorded / "runs").glob("*"))))


def test_it_ends_as_it_does_alone(ended: Ended) -> None:
    assert ended.recorded[:2] == ended.plain[:2], ended.recorded[2]
    assert ended.plain[1]
    assert ended.plain[0] == ended.case.code, ended.plain[2]


def test_it_has_pictures_or_a_sentence(ended: Ended) -> None:
    assert len(ended.runs) == ended.case.runs, ended.told
    for run in ended.runs:
        history = open_history(run)
        try:
            assert history.steps[0] == 0
            assert len(history.steps) > 1
            assert len(list(history.declarations)) > 1
            assert [each for each in history.failures() if not each.layer] == []
            assert history.faults() == []
        finally:
            history.close()
    if ended.case.says:
        assert len(ended.told) == 1
        assert ended.case.says in ended.told[0]
    else:
        assert ended.told == []
