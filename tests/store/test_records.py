"""Film strips of wide layers, whose tile records are read once and kept."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import vizframe.store
from tests.store.small import INFO, PROBE
from vizframe.errors import HistoryError
from vizframe.history import SeriesKey, StepRecord
from vizframe.plugin.frame import Frame
from vizframe.store.care import compaction
from vizframe.store.read import records, strip
from vizframe.store.read.reader import StoreHistory
from vizframe.store.write.due import MergePlan
from vizframe.testing.runs import declare

WIDE = SeriesKey(label="activation", layer="wide")
UNITS, STEPS = 32, 12


@pytest.fixture
def history(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StoreHistory:
    """Merged segments of a layer whose records lie farther apart than is read at once."""
    monkeypatch.setattr(strip, "SPAN", 64)
    declared = declare(WIDE, ("unit", "y", "x"), (UNITS, 3, 3))
    merging = MergePlan(steps=4, fan=100, grace=0)
    with vizframe.store.create(tmp_path, INFO, PROBE, merging=merging) as store:
        for step in range(STEPS):
            values = np.arange(UNITS * 9, dtype=np.float32).reshape(UNITS, 3, 3) + step
            store.commit(StepRecord(step, [(declared, Frame("wide", values))]))
    opened = vizframe.store.open(tmp_path)
    assert isinstance(opened, StoreHistory)
    return opened


def test_a_strip_of_a_wide_layer_is_what_its_galleries_show(history: StoreHistory) -> None:
    for unit in (0, 7, UNITS - 1):
        film = history.strip(WIDE, (unit,), range(STEPS))
        shown = [history.tiles(WIDE, step).values()[unit] for step in range(STEPS)]
        assert not film.missing.any()
        np.testing.assert_array_equal(film.values(), shown)


def test_records_are_forgotten_when_there_is_no_room(
    history: StoreHistory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(records, "MOST", 0)
    first, again = (history.strip(WIDE, (3,), range(STEPS)) for _ in range(2))
    np.testing.assert_array_equal(first.values(), again.values())
    assert history._records._bytes == 0


def test_records_of_what_was_merged_away_are_forgotten(
    history: StoreHistory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compaction, "GRACE", 0.0)
    assert not history.strip(WIDE, (1,), range(STEPS)).missing.any()
    assert len(history._records) == 3
    vizframe.store.compact(tmp_path)
    assert history.refresh()
    assert len(history._records) == 0
    assert not history.strip(WIDE, (1,), range(STEPS)).missing.any()
    assert len(history._records) == 1


def test_a_strip_over_scattered_steps_of_two_writers_is_in_the_order_asked(tmp_path: Path) -> None:
    declared = declare(WIDE, ("unit", "y", "x"), (UNITS, 3, 3))
    merging = MergePlan(4, fan=100, grace=0)
    for writer, first in (("even", 0), ("odd", 1)):
        with vizframe.store.create(tmp_path, INFO, writer=writer, merging=merging) as store:
            for step in range(first, 20, 2):
                values = np.full((UNITS, 3, 3), step, np.float32)
                store.commit(StepRecord(step, [(declared, Frame("wide", values))]))
    steps = [17, 2, 3, 18, 0, 5, 5, 9]
    film = vizframe.store.open(tmp_path).strip(WIDE, (4,), steps)
    assert not film.missing.any()
    assert film.low.tolist() == film.high.tolist() == steps


def test_a_strip_of_more_than_memory_is_a_sentence(
    history: StoreHistory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(strip, "LARGEST_READ", 275)
    assert history.strip(WIDE, (5,), range(11)).stored.nbytes == 99
    with pytest.raises(HistoryError, match="12 tiles of activation of wide are 300 bytes; it can"):
        history.strip(WIDE, (5,), range(12))


def test_tables_too_large_are_read_record_by_record(
    history: StoreHistory, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = history.strip(WIDE, (5,), range(STEPS))
    monkeypatch.setattr(records, "LARGEST", 0)
    np.testing.assert_array_equal(history.strip(WIDE, (5,), range(STEPS)).values(), whole.values())
