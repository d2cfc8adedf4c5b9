"""The newest weights stay in a run, and the training is what it was."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.asking.kept_runs import TRAININGS, record
from vizframe.network.kept import KeptWeights
from vizframe.recording.config import Config, for_script
from vizframe.store import open as open_history
from vizframe.store import remove

on_each = pytest.mark.parametrize("framework", list(TRAININGS))


def kept(run: Path) -> KeptWeights:
    return KeptWeights(run / "weights")


@on_each
def test_they_are_those_of_the_last_recorded_step_and_change_nothing(
    framework: str, tmp_path: Path
) -> None:
    with_them = record(TRAININGS[framework](), tmp_path / "run", 5)
    assert os.listdir(tmp_path / "run" / "weights") != []
    assert list(kept(tmp_path / "run").steps) == [5]
    without = record(TRAININGS[framework](), tmp_path / "other", 5, keep_weights=0)
    alone = TRAININGS[framework]()
    for _ in range(5):
        alone.update()
    np.testing.assert_array_equal(with_them.scores(), alone.scores())
    np.testing.assert_array_equal(without.scores(), alone.scores())
    assert not (tmp_path / "other" / "weights").exists()
    assert remove(tmp_path / "run", force=True) > 0
    assert not (tmp_path / "run").exists()


def test_weights_beyond_the_limit_are_not_kept_and_it_is_said(tmp_path: Path) -> None:
    record(TRAININGS["torch"](), tmp_path / "run", keep_weights="2kB")
    assert list(kept(tmp_path / "run").steps) == []
    assert "0 MB of weights" in kept(tmp_path / "run").refusal
    assert "--keep-weights lets it keep more" in kept(tmp_path / "run").refusal
    history = open_history(tmp_path / "run")
    assert history.failures() == []


def test_a_net_that_cannot_be_kept_is_said_in_a_sentence(tmp_path: Path) -> None:
    import torch

    class Deciding(torch.nn.Module):  # type: ignore[misc]  # what it is, mypy is not told
        def __init__(self) -> None:
            super().__init__()
            self.conv, self.end = torch.nn.Conv2d(1, 2, 3), torch.nn.Linear(200, 3)

        def forward(self, x: Any) -> Any:
            maps = self.conv(x)
            return self.end((maps if float(maps.detach().mean()) > 0 else -maps).flatten(1))

    training = TRAININGS["torch"]()
    training.net = Deciding()
    training._optimiser = torch.optim.SGD(training.net.parameters(), lr=0.1)
    record(training, tmp_path / "run")
    assert "decides while it runs what it computes" in kept(tmp_path / "run").refusal
    assert open_history(tmp_path / "run").failures() == []


def test_a_script_keeps_them_too() -> None:
    assert for_script(Config()).keep_weights == 500_000_000
