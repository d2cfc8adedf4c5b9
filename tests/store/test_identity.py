"""Files that were copied, renamed or forged hide nothing, and are said so."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

import vizframe.store
from tests.store.small import (
    INFO,
    NEVER,
    PROBE,
    assert_whole,
    declaration,
    frame,
    record,
    segments,
    spare_hdf5,
    write,
)
from tests.store.test_hostile import forge
from vizframe.history import StepRecord
from vizframe.store.format import source
from vizframe.store.format.names import SegmentName, Session
from vizframe.store.write.due import MergePlan

OTHER = INFO.model_copy(update={"id": "11111111-0000-4000-8000-000000000000"})
FOUR = MergePlan(steps=4, grace=0)


@pytest.fixture(autouse=True)
def _hdf5_is_spared(monkeypatch: pytest.MonkeyPatch) -> None:
    spare_hdf5(monkeypatch)


def sentences(run: Path) -> list[str]:
    """What the reader says, which the check says too."""
    told = list(vizframe.store.open(run).faults())
    checked = vizframe.store.check(run).sentences
    assert set(told) <= set(checked)
    return told


def other_run(folder: Path, steps: range) -> Path:
    """A segment of a run that has another id."""
    with vizframe.store.create(folder, OTHER, PROBE, merging=FOUR) as store:
        for step in steps:
            store.commit(record(step))
    return segments(folder)[-1]


def test_a_segment_of_another_run_is_said_and_hides_nothing(tmp_path: Path) -> None:
    write(tmp_path / "run", range(20), merging=FOUR)
    foreign = other_run(tmp_path / "other", range(4))
    shutil.copy(foreign, tmp_path / "run")
    history = vizframe.store.open(tmp_path / "run")
    assert_whole(history, range(20))
    assert list(history.steps) == list(range(20))
    theirs, ours = OTHER.id, INFO.id
    assert sentences(tmp_path / "run") == [
        f"{tmp_path / 'run' / foreign.name} is foreign: it belongs to run {theirs}, and this is "
        f"run {ours}"
    ]


def test_a_compacted_file_of_another_run_is_said_and_hides_nothing(tmp_path: Path) -> None:
    write(tmp_path / "run", range(3))
    other_run(tmp_path / "other", range(9))
    compacted = vizframe.store.compact(tmp_path / "other").path
    shutil.copy(compacted, tmp_path / "run")
    assert list(vizframe.store.open(tmp_path / "run").steps) == [0, 1, 2]
    (sentence,) = sentences(tmp_path / "run")
    assert f"{compacted.name} is foreign: it belongs to run" in sentence


@pytest.mark.parametrize(
    "change",
    [
        {"last": 9, "high": 9},
        {"first": 0, "last": 11, "low": 0, "high": 11},
        {"low": 0},
        {"session": Session(1, "main", "abcdef")},
    ],
    ids=str,
)
def test_a_renamed_segment_is_said_and_hides_nothing(
    tmp_path: Path, change: dict[str, object]
) -> None:
    write(tmp_path, range(12), merging=FOUR)
    victim = segments(tmp_path)[1]
    name = SegmentName.parse(victim.name)
    assert name is not None
    said: dict[str, object] = {field: getattr(name, field) for field in name.__slots__} | change
    renamed = victim.rename(tmp_path / str(SegmentName(**said)))  # type: ignore[arg-type]
    history = vizframe.store.open(tmp_path)
    assert list(history.steps) == [*range(4), *range(8, 12)]
    told, *gaps = sentences(tmp_path)
    why = "it was renamed: its name does not say what it holds"
    assert told == f"{renamed} is damaged or foreign: {why}"
    assert len(gaps) == ("session" in change)  # of which it is missed


def test_a_renamed_compacted_run_is_said(tmp_path: Path) -> None:
    write(tmp_path, range(4))
    compacted = vizframe.store.compact(tmp_path).path
    compacted.rename(tmp_path / compacted.name.replace(".n00000004.", ".n00000999."))
    (sentence,) = sentences(tmp_path)
    assert "it was renamed" in sentence
    free = vizframe.store.compact(next(tmp_path.glob("compacted-*")), tmp_path / "free.h5").path
    assert vizframe.store.check(free).sound, "a person may name a file of their own as they like"


def test_a_run_of_before_takes_files_without_an_id_and_new_ones_with_it(tmp_path: Path) -> None:
    write(tmp_path, range(2))
    said = json.loads((tmp_path / "run.json").read_text())
    said.pop("identified")
    (tmp_path / "run.json").write_text(json.dumps(said))
    forge(segments(tmp_path)[0], lambda index: index.pop("run"))
    write(tmp_path, range(2, 4))
    assert_whole(vizframe.store.open(tmp_path), range(4))
    assert not sentences(tmp_path)


def test_a_file_without_an_id_is_foreign_where_all_have_one(tmp_path: Path) -> None:
    write(tmp_path, range(2))
    forge(segments(tmp_path)[0], lambda index: index.pop("run"))
    assert list(vizframe.store.open(tmp_path).steps) == [1]
    (sentence,) = sentences(tmp_path)
    assert "it belongs to a run without an id" in sentence


def test_a_resumed_run_keeps_the_id_that_it_was_begun_with(tmp_path: Path) -> None:
    write(tmp_path, range(2))
    with vizframe.store.create(tmp_path, OTHER, PROBE, merging=NEVER) as store:
        store.commit(record(2))
    assert_whole(vizframe.store.open(tmp_path), range(3))


def test_what_cannot_be_read_now_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, range(3))
    refused = segments(tmp_path)[1]

    def opened(path: Path) -> object:
        if path == refused:
            raise OSError(24, "Too many open files")
        return real(path)

    real = source.open_source
    monkeypatch.setattr("vizframe.store.read.segment.open_source", opened)
    history = vizframe.store.open(tmp_path)
    assert list(history.steps) == [0, 2]
    assert list(history.faults()) == [f"{refused} cannot be read: Too many open files"]
    version = history.version
    assert not history.refresh()
    assert history.version == version
    monkeypatch.undo()
    assert history.refresh()
    assert_whole(history, range(3))
    assert not history.faults()


def test_a_file_that_we_may_read_again_is_read(tmp_path: Path) -> None:
    write(tmp_path, range(3))
    victim = segments(tmp_path)[1]
    away = victim.rename(tmp_path / "away")
    os.mkfifo(victim)
    history = vizframe.store.open(tmp_path)
    assert list(history.steps) == [0, 2]
    victim.unlink()
    away.rename(victim)
    assert history.refresh()
    assert_whole(history, range(3))


def test_what_a_session_records_after_a_later_one_began_is_not_hidden(tmp_path: Path) -> None:
    with vizframe.store.create(tmp_path, INFO, PROBE, merging=NEVER) as first:
        for step in range(3):
            first.commit(record(step))
        (tmp_path / ".claim-main").unlink()  # as if it had been taken for dead
        with vizframe.store.create(tmp_path, INFO, PROBE, merging=NEVER) as second:
            second.commit(record(1))
            assert list(vizframe.store.open(tmp_path).steps) == [0, 1]
            (tmp_path / ".claim-main").unlink()
            for step in range(3, 6):
                first.commit(record(step))
    history = vizframe.store.open(tmp_path)
    assert list(history.steps) == [0, 1, 3, 4, 5]
    assert_whole(history, history.steps)


def test_compaction_keeps_what_is_hidden(tmp_path: Path) -> None:
    write(tmp_path, range(6))
    write(tmp_path, range(3, 5))
    before = vizframe.store.open(tmp_path)
    assert list(before.steps) == [0, 1, 2, 3, 4]
    vizframe.store.compact(tmp_path)
    history = vizframe.store.open(tmp_path)
    assert list(history.steps) == [0, 1, 2, 3, 4]
    assert_whole(history, history.steps)
    (segment,) = history._union.segments
    assert segment.steps["step"].tolist() == [0, 1, 2, 3, 3, 4, 4, 5]
    write(tmp_path, range(4, 7))
    assert_whole(vizframe.store.open(tmp_path), range(7))
    assert declaration("conv0").key in history.declarations
    assert frame("conv0", 5).notes == ("conv0 at 5",)


def test_a_later_clock_does_not_matter(tmp_path: Path) -> None:
    """A machine whose clock was set back resumes a run: its session still comes after."""
    write(tmp_path, range(4))
    names = [SegmentName.parse(path.name) for path in segments(tmp_path)]
    assert names[0] is not None
    with vizframe.store.create(tmp_path, INFO, PROBE, merging=NEVER) as store:
        assert store.session > names[0].session
        store.commit(StepRecord(step=4, scalars={"loss": 1.0}, time=1.0))
    assert list(vizframe.store.open(tmp_path).steps) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    "name", ["{}.h5.bak", "{}.h3", "{} (1).h5", "{}", "old.{}.h3", "a copy of last week"]
)
@pytest.mark.parametrize("compacted", [False, True])
def test_a_segment_under_another_name_is_said(tmp_path: Path, name: str, compacted: bool) -> None:
    """Once it was hidden without a word, since its name did not end as a segment's does, or,
    later on, since it neither began nor ended as one."""
    write(tmp_path, range(4))
    (tmp_path / "notes of mine.txt").write_text("is no segment, and nobody's business")
    if compacted:
        vizframe.store.compact(tmp_path)
    victim = segments(tmp_path)[0]
    renamed = victim.rename(victim.with_name(name.format(victim.name.removesuffix(".h5"))))
    told, *gaps = sentences(tmp_path)
    assert told == f"{renamed} is damaged or foreign: its name is not a segment's"
    assert len(gaps) == (name == "a copy of last week" and not compacted)  # which may be anything
    renamed.rename(victim)
    assert sentences(tmp_path) == []


def test_a_normalization_that_does_not_fit_the_images_is_a_sentence(tmp_path: Path) -> None:
    write(tmp_path, range(1))
    sound = (tmp_path / "probe.h5").read_bytes()
    for name, odd in (("mean", [0, 0]), ("std", ["x"]), ("low", None), ("high", [1])):
        (tmp_path / "probe.h5").write_bytes(sound)
        odd_one: dict[str, object] = {name: odd}

        def change(said: Any, odd_one: dict[str, object] = odd_one) -> None:
            said["normalization"].update(odd_one)

        forge(tmp_path / "probe.h5", change, part="about")
        history = vizframe.store.open(tmp_path)
        assert history.probe is None
        assert "it holds no probe" in history.faults()[0]
