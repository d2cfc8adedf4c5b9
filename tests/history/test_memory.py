"""The history in memory passes every store's contract, its catalog that of a runs directory."""

from __future__ import annotations

import numpy as np
import pytest

from vizframe.errors import UnknownName
from vizframe.history import History, SeriesKey, StepRecord
from vizframe.history.memory import MemoryCatalog, MemoryRun
from vizframe.testing.history import HistoryContract
from vizframe.testing.runs import LAYERS, fake_run, fill


class TestMemoryHistory(HistoryContract):
    @pytest.fixture
    def place(self) -> MemoryRun:
        return MemoryRun(self.info, self.probe)


def test_a_fake_run_is_the_same_twice() -> None:
    key = SeriesKey(label="activation", layer="conv0")
    one, two = (fake_run(range(0, 30, 10)).history().tiles(key, 20) for _ in range(2))
    np.testing.assert_array_equal(one.stored, two.stored)


def test_a_fake_run_has_a_dead_unit_a_nan_tile_a_gap_and_a_failure() -> None:
    history = fake_run().history()
    maps = history.tiles(SeriesKey(label="activation", layer="conv0"), 50)
    assert not maps.high[:, 3].any()
    assert maps.nonfinite.sum() == 4
    assert np.isnan(history.scalars().values["accuracy"]).sum() == 10
    assert len(history.failures()) == 1
    assert len(history.declarations) == 6 * (len(LAYERS) - 1) + 2


def test_a_fake_run_without_layers_has_scalars_only() -> None:
    history = fake_run(range(3), layers=()).history()
    assert not history.declarations
    assert "loss" in history.scalars().values


def test_a_shelf_lists_the_newest_run_first_and_names_the_nearest() -> None:
    catalog = MemoryCatalog({"old": fake_run(range(2))})
    catalog.add("new", MemoryRun())
    assert [run.name for run in catalog.runs()] == ["new", "old"]
    assert [run.steps for run in catalog.runs()] == [0, 2]
    assert [run.last_step for run in catalog.runs()] == [None, 1]
    with pytest.raises(UnknownName, match="run 'odl' is not known; it can be 'old'"):
        catalog.open("odl")


def test_a_shelf_gives_the_same_history_until_the_run_is_another() -> None:
    catalog = MemoryCatalog({"one": fake_run(range(2))})
    history = catalog.open("one")
    assert isinstance(history, History)
    assert catalog.open("one") is history
    catalog.add("one", MemoryRun())
    assert catalog.open("one") is not history


def test_what_a_reader_is_given_cannot_change_the_run() -> None:
    run = MemoryRun()
    with run.writer() as writer:
        fill(writer, [0])
    tiles = run.history().tiles(SeriesKey(label="weights", layer="conv0"), 0)
    with pytest.raises(ValueError, match="read-only"):
        tiles.stored[...] = 0


def test_a_plain_record_may_hold_nothing_but_its_step() -> None:
    run = MemoryRun()
    with run.writer() as writer:
        writer.commit(StepRecord(step=5))
    assert list(run.history().steps) == [5]
