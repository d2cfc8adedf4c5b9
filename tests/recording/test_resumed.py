"""A run that is resumed, shared or refused."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

import vizframe.store
from tests.core import toy
from tests.core.toy import IMAGES, Doubled, ToyModel
from tests.recording.toy_training import CONV0, train_run
from vizframe.errors import (
    NetworkError,
    RunTaken,
    UnknownName,
    UsageError,
)
from vizframe.history import SeriesKey
from vizframe.recording.recorder import Recorder

pytestmark = pytest.mark.usefixtures("toys")


def test_a_second_recorder_of_a_run_is_refused_while_the_first_lives(tmp_path: Path) -> None:
    given: dict[str, Any] = {"every": 1, "plugins": [Doubled], "probe": IMAGES}
    with Recorder(ToyModel(), tmp_path / "run", **given) as first:
        with pytest.raises(RunTaken, match="is being recorded by this process; record to another"):
            Recorder(ToyModel(), tmp_path / "run", **given)
        with Recorder(ToyModel(), tmp_path / "run", writer="rank1", **given):
            first.step()
    assert list(vizframe.store.open(tmp_path / "run").steps) == [0, 1]
    train_run(tmp_path / "run", steps=2)


def test_a_recorder_that_is_refused_or_sees_no_training_leaves_nothing(tmp_path: Path) -> None:
    Recorder(ToyModel(), tmp_path / "run", plugins=[Doubled]).close()
    with pytest.raises(UnknownName):
        Recorder(ToyModel(), tmp_path / "run", layers="nowhere", plugins=[Doubled], probe=IMAGES)
    assert not list(tmp_path.iterdir())
    (tmp_path / "run").mkdir()
    Recorder(ToyModel(), tmp_path / "run", plugins=[Doubled]).close()
    assert (tmp_path / "run").exists()


def test_a_script_that_goes_to_another_folder_is_recorded_where_it_began(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "away").mkdir()
    monkeypatch.chdir(tmp_path)
    with Recorder(ToyModel(), "run", every=1, plugins=[Doubled], probe=IMAGES) as recorder:
        recorder.step()
        os.chdir("away")
        recorder.step()
    assert list(vizframe.store.open(tmp_path / "run").steps) == [0, 1, 2]
    assert not list((tmp_path / "away").iterdir())


def test_threads_that_share_a_recorder_lose_no_step(tmp_path: Path) -> None:
    with Recorder(
        ToyModel(), tmp_path / "run", every=1, plugins=[Doubled], probe=IMAGES
    ) as recorder:

        def train() -> None:
            for _ in range(20):
                recorder.step(loss=1.0)

        threads = [threading.Thread(target=train) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    history = vizframe.store.open(tmp_path / "run")
    assert list(history.steps) == list(range(81))
    assert np.nansum(history.scalars().values["loss"]) == 80


def test_a_run_on_disk_is_resumed_after_its_last_step_with_its_probe(tmp_path: Path) -> None:
    from vizframe.store import open as open_history

    model = train_run(tmp_path / "run", steps=20)
    train_run(tmp_path / "run", steps=20, model=model, probe=None)
    history = open_history(tmp_path / "run")
    assert list(history.steps) == [0, 10, 20, 30, 40]
    brightest = float(history.tiles(CONV0, 40).high.max())
    assert brightest == pytest.approx(2 * 41 * IMAGES.max())
    history.close()


def test_a_resumed_run_keeps_the_last_step_s_loss_and_shows_new_plugins_from_there(
    tmp_path: Path,
) -> None:
    class Tripled(Doubled):
        """Is new in the resumed run."""

        name: ClassVar[str] = "tripled"

    model = train_run(tmp_path / "run", steps=20)
    for plugins in ([Doubled], [Doubled, Tripled]):
        train_run(tmp_path / "run", steps=10, model=model, probe=None, plugins=plugins)
    history = vizframe.store.open(tmp_path / "run")
    assert list(history.steps) == [0, 10, 20, 30, 40]
    losses = history.scalars().values["loss"].tolist()
    assert losses[1:] == pytest.approx([1 / 10, 1 / 20, 1 / 10, 1 / 10])
    assert list(history.series_steps(CONV0)) == [0, 10, 20, 30, 40]
    tripled = SeriesKey(label="tripled", layer="conv0")
    assert list(history.series_steps(tripled)) == [30, 40]


def test_a_run_is_not_resumed_with_another_probe(tmp_path: Path) -> None:
    train_run(tmp_path / "run", steps=10)
    with pytest.raises(UsageError) as raised:
        train_run(tmp_path / "run", probe=IMAGES + 1)
    assert str(raised.value) == (
        "the probe is not the one that run 'run' was recorded with; leave it out to go on with "
        "that one, or record to another run"
    )


def test_a_run_is_not_resumed_with_another_network(tmp_path: Path) -> None:
    train_run(tmp_path / "run", steps=10)
    with pytest.raises(UsageError) as raised:
        train_run(tmp_path / "run", model=ToyModel(units=5), probe=None)
    assert str(raised.value) == (
        "run 'run' was recorded with another network: layer 'conv0' was of shape (4, 3, 3) and is "
        "of shape (5, 3, 3); record to another run"
    )


def test_a_run_is_not_resumed_with_a_network_that_cannot_take_its_probe(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def network(*_: object) -> None:
        raise NetworkError("conv0 takes (1, 5, 5)")

    train_run(tmp_path / "run", steps=10)
    monkeypatch.setattr(toy, "network", network)
    with pytest.raises(UsageError) as raised:
        train_run(tmp_path / "run", probe=None)
    assert str(raised.value) == (
        "run 'run' was recorded with another network (conv0 takes (1, 5, 5)); record to another run"
    )


def test_a_folder_with_other_things_in_it_is_no_run(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("precious")
    with pytest.raises(UsageError, match="holds other things; it can be a new name"):
        Recorder(ToyModel(), tmp_path, plugins=[Doubled])
