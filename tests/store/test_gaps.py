"""A segment that somebody removed is said: by the reader, by `check`, on the slider."""

from __future__ import annotations

from pathlib import Path

import pytest

import vizframe.store
from tests.store.small import assert_whole, segments, spare_hdf5, write
from vizframe.store.format.names import Commits, Session
from vizframe.store.read.gaps import Held, find_gaps
from vizframe.store.write.due import MergePlan
from vizframe.webapp.events import damaged


@pytest.fixture(autouse=True)
def _hdf5_is_spared(monkeypatch: pytest.MonkeyPatch) -> None:
    spare_hdf5(monkeypatch)


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """Steps 0 to 11, four in each segment."""
    write(tmp_path / "run", range(12), merging=MergePlan(steps=4, grace=0))
    assert len(segments(tmp_path / "run")) == 3
    return tmp_path / "run"


def test_a_segment_that_was_removed_is_said_with_its_steps(run: Path) -> None:
    segments(run)[1].unlink()
    history = vizframe.store.open(run)
    (sentence,) = history.faults()
    assert "4 recorded steps between step 3 and step 8 are missing" in sentence
    assert "commit 4 to 7" in sentence
    assert_whole(history, [*range(4), *range(8, 12)])
    report = vizframe.store.check(run)
    assert not report.sound
    assert report.sentences == [sentence]
    (event,) = damaged(history)
    assert (event["step"], event["last"]) == (4, 7)
    assert "4 recorded steps are missing here: the file is gone" in str(event["words"])


def test_the_first_segment_is_missed_too_and_one_that_is_back_is_not(run: Path) -> None:
    first = segments(run)[0]
    first.rename(run.parent / first.name)
    history = vizframe.store.open(run)
    (sentence,) = history.faults()
    assert "4 recorded steps before step 4 are missing" in sentence
    (run.parent / first.name).rename(first)
    assert history.refresh()
    assert not history.faults()
    assert vizframe.store.check(run).sound


def test_what_is_removed_under_a_reader_is_said_when_it_is_believed(run: Path) -> None:
    history = vizframe.store.open(run)
    segments(run)[1].unlink()
    history.refresh()
    assert not history.faults()
    assert history.refresh()
    assert "between step 3 and step 8" in history.faults()[0]


def test_a_run_that_was_compacted_over_a_gap_says_it_still(run: Path) -> None:
    segments(run)[1].unlink()
    told = vizframe.store.compact(run).left_out
    assert "4 recorded steps between step 3 and step 8 are missing" in told[0]
    history = vizframe.store.open(run)
    assert "4 recorded steps are missing: no file has commit 4 to 7" in history.faults()[0]
    write(run, range(12, 14))
    assert len(vizframe.store.open(run).faults()) == 1


def test_a_damaged_file_is_no_gap_besides(run: Path) -> None:
    segments(run)[1].write_bytes(b"")
    (sentence,) = vizframe.store.open(run).faults()
    assert "it is empty" in sentence


def test_gaps_are_of_a_session_that_has_something_sound() -> None:
    one, other = (Session(start, "main", "abcdef") for start in (1, 2))
    held = [Held(Commits(one, 0, 3), 0, 3), Held(Commits(one, 5, 5), 5, 5)]
    (gap,) = find_gaps(held, [Held(Commits(other, 7, 9))])
    assert (gap.first, gap.last, gap.after, gap.before) == (4, 4, 3, 5)
    assert "a recorded step between step 3 and step 5 is missing" in gap.sentence("x")
    assert not find_gaps(held, [Held(Commits(one, 4, 4))])
