"""Small steps are merged: which, when, and what of it is left."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

import vizframe.store
from tests.store.small import (
    INFO,
    PROBE,
    assert_whole,
    record,
    segments,
    write,
)
from tests.store.test_life import SESSION
from vizframe.history import StepRecord
from vizframe.store.format.names import (
    SegmentName,
    Session,
)
from vizframe.store.read.listing import Listing
from vizframe.store.write import copying
from vizframe.store.write import writer as writer_module
from vizframe.store.write.disk import Disk
from vizframe.store.write.due import MergePlan, segments_due
from vizframe.store.write.gather import Part
from vizframe.store.write.merge import merge
from vizframe.store.write.thinning import PublishedSegment


def test_what_is_merged_is_removed_and_what_is_not_due_stays(tmp_path: Path) -> None:
    write(tmp_path, range(23), merging=MergePlan(steps=4, fan=3, grace=0.05))
    names = [name for path in segments(tmp_path) if (name := SegmentName.parse(path.name))]
    assert [(name.first, name.last) for name in names] == [
        (0, 11),
        (12, 15),
        (16, 19),
        (20, 20),
        (21, 21),
        (22, 22),
    ]
    assert_whole(vizframe.store.open(tmp_path), range(23))


def test_large_steps_are_merged_by_their_bytes() -> None:
    plan = MergePlan(steps=64, fan=16, bytes=100)
    pieces = [PublishedSegment(SegmentName(SESSION, n, n, n, n), 30) for n in range(5)]
    assert segments_due(pieces[:3], plan) == ()
    assert segments_due(pieces, plan) == pieces[:3]
    single = [PublishedSegment(SegmentName(SESSION, n, n, n, n), 130) for n in range(5)]
    assert segments_due(single, plan) == ()


def test_what_is_damaged_on_the_disk_is_merged_from_memory(tmp_path: Path) -> None:
    with vizframe.store.create(tmp_path, INFO, PROBE, merging=MergePlan(steps=4, grace=0)) as store:
        for step in range(3):
            store.commit(record(step))
        segments(tmp_path)[1].write_text("hello")
        store.commit(record(3))
    history = vizframe.store.open(tmp_path)
    assert list(history.steps) == [0, 1, 2, 3]
    assert_whole(history, history.steps)
    assert not history.faults()


def test_a_merge_written_in_many_batches_is_the_same_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is filled with zeros between two pieces never covers what was written before."""
    write(tmp_path, range(9), merging=MergePlan(steps=10**9))
    listing = Listing(tmp_path)
    listing.refresh()
    parts = [Part.whole(segment) for segment in listing.sound.values()]
    merge(Disk(), parts, tmp_path / "one")
    monkeypatch.setattr(copying, "BATCH", 1)
    merge(Disk(), parts, tmp_path / "many")
    monkeypatch.setattr(copying, "SMALL", 0)
    merge(Disk(), parts, tmp_path / "read")
    assert (tmp_path / "one").read_bytes() == (tmp_path / "many").read_bytes()
    assert (tmp_path / "one").read_bytes() == (tmp_path / "read").read_bytes()


def test_small_steps_are_merged_at_a_quarter_and_then_again() -> None:
    plan = MergePlan(steps=64, fan=16)
    session = Session.new("main", 1)
    ones = [PublishedSegment(SegmentName(session, at, at, at, at), 1000) for at in range(16)]
    assert segments_due(ones[:15], plan) == ()
    assert segments_due(ones, plan) == ones
    large = [replace(each, size=1 << 20) for each in ones]
    assert segments_due(large, plan) == ()
    quarters = [
        PublishedSegment(SegmentName(session, at, at + 15, at, at + 15), 16000)
        for at in range(0, 64, 16)
    ]
    assert segments_due(quarters[:3], plan) == ()
    assert segments_due(quarters, plan) == quarters


def test_a_writer_in_a_hurry_leaves_few_files(tmp_path: Path) -> None:
    """It waits for its merges rather than leave thousands of files to whoever reads."""
    most = 0
    plan = MergePlan(steps=32, grace=0.2, files=60)
    with vizframe.store.create(tmp_path, INFO, merging=plan) as store:
        for step in range(300):
            store.commit(StepRecord(step=step, scalars={"loss": 1.0}))
            most = max(most, len(segments(tmp_path)))
    assert most <= 2 * 60  # on a busy machine a commit has waited its half second
    assert list(vizframe.store.open(tmp_path).steps) == list(range(300))


def test_a_damaged_source_stays_and_the_rest_is_merged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer_module, "LARGEST_KEPT", 0)
    with vizframe.store.create(tmp_path, INFO, PROBE, merging=MergePlan(steps=4, grace=0)) as store:
        for step in range(3):
            store.commit(record(step))
        segments(tmp_path)[1].write_text("hello")
        for step in range(3, 8):
            store.commit(record(step))
    history = vizframe.store.open(tmp_path)
    assert list(history.steps) == [0, 2, 3, 4, 5, 6, 7]
    assert_whole(history, history.steps)
    assert len(history.faults()) == 1
    assert "segments stay unmerged" in caplog.text
    assert len(segments(tmp_path)) == 5
