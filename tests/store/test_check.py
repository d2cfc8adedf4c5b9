"""`check` says of every file and series what is sound; `remove` takes away what is ours."""

from __future__ import annotations

import os
import re
import time
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest

import vizframe.store
from tests.store.small import INFO, PROBE, record, segments, write
from vizframe.errors import HistoryError, HistoryWriteError
from vizframe.store.read.segment import read_segment
from vizframe.store.write.due import MergePlan


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """Four steps merged, two alone."""
    write(tmp_path / "run", range(6), merging=MergePlan(steps=4, grace=0))
    return tmp_path / "run"


def test_a_sound_run_is_sound_in_every_file_and_series(run: Path) -> None:
    calls: list[tuple[int, int]] = []
    report = vizframe.store.check(run, progress=lambda done, total, _: calls.append((done, total)))
    assert report.sound
    assert report.sentences == []
    names = [each.name for each in report.files]
    assert names == ["run.json", "probe.h5", *(path.name for path in segments(run))]
    assert [each.steps for each in report.files] == [0, 0, 4, 1, 1]
    assert [series.frames for series in report.files[2].series] == [4, 4, 4]
    assert all(each.bytes == (run / each.name).stat().st_size for each in report.files)
    assert calls == [(1, 3), (2, 3), (3, 3)]


def test_a_compacted_run_is_checked_too(run: Path, tmp_path: Path) -> None:
    vizframe.store.compact(run, tmp_path / "one.h5")
    report = vizframe.store.check(tmp_path / "one.h5")
    assert report.sound
    assert report.files[0].steps == 6
    vizframe.store.compact(run)
    assert vizframe.store.check(run).sound


def test_a_damaged_tile_is_counted_with_its_step(run: Path) -> None:
    merged = segments(run)[0]
    series = next(s for s in read_segment(merged).index.series if s.key.layer == "conv1")
    with merged.open("r+b") as file:
        file.seek(series.stored + 2 * series.frame_bytes)
        pixel = file.read(1)[0]
        file.seek(-1, os.SEEK_CUR)
        file.write(bytes([pixel ^ 8]))
    report = vizframe.store.check(run)
    assert not report.sound
    (damaged,) = [each for each in report.files[2].series if not each.sound]
    assert damaged.key == series.key
    assert damaged.damaged_tiles == 1
    assert damaged.first_damaged_step == 2
    (sentence,) = report.sentences
    assert "of activation of conv1 are damaged, from step 2 on" in sentence


def test_damaged_columns_are_counted(run: Path) -> None:
    victim = segments(run)[1]
    series = next(s for s in read_segment(victim).index.series if s.key.layer == "conv0")
    with victim.open("r+b") as file:
        file.seek(series.columns)
        file.write(b"\x01\x02\x03\x04")
    report = vizframe.store.check(run)
    (sentence,) = report.sentences
    assert "the columns of activation of conv0 are damaged at 1 steps, from step 4 on" in sentence


def test_what_the_reader_survives_other_programs_may_not(run: Path) -> None:
    victim = segments(run)[1]
    data = bytearray(victim.read_bytes())
    place = data.index(b"\x89HDF")
    data[place + 12 : place + 40] = bytes(28)
    victim.write_bytes(data)
    assert not vizframe.store.open(run).faults()
    report = vizframe.store.check(run)
    (sentence,) = report.sentences
    assert victim.name in sentence
    assert "HDF5 does not read it" in sentence


@pytest.mark.parametrize("step", [1.0, 4096.0, "5", None, True, np.float64(2)], ids=repr)
def test_a_step_that_is_no_whole_number_is_refused(run: Path, step: object) -> None:
    said = rf"the step is {re.escape(repr(step))}; it can be a whole number"
    with (
        vizframe.store.create(run, INFO, PROBE) as store,
        pytest.raises(HistoryWriteError, match=said),
    ):
        store.commit(replace(record(7), step=step))  # type: ignore[arg-type]


def test_what_opening_passes_over_the_check_does_not_call_sound(run: Path) -> None:
    """Steps that were floats once gave names that are no segment's."""
    victim = segments(run)[1]
    victim.rename(run / victim.name.replace(".t000000000", ".t0000000.0"))
    (told,) = vizframe.store.open(run).faults()
    assert vizframe.store.check(run).sentences == [told]


def test_files_that_are_not_sound_are_sentences(run: Path) -> None:
    first, second, third = segments(run)
    first.write_text("hello")
    with second.open("r+b") as file:
        file.write(bytes(100))
    third.unlink()
    with h5py.File(run / "mine.h5", "w") as other:
        other["x"] = 1
    (run / "probe.h5").write_bytes(b"")
    (run / "run.json").write_text("{}")
    report = vizframe.store.check(run)
    told = {each.name: each.sentences for each in report.files}
    assert "it is no HDF5 file" in told[first.name][0]
    assert "read all the same" in told[second.name][0]
    assert told["mine.h5"] == (
        f"{run / 'mine.h5'} is damaged or foreign: its name is not a segment's",
    )
    assert "it is empty" in told["probe.h5"][0]
    assert "does not describe a run" in told["run.json"][0]


def test_what_is_no_run_cannot_be_checked(tmp_path: Path) -> None:
    with pytest.raises(HistoryError, match="is no run"):
        vizframe.store.check(tmp_path)
    with pytest.raises(HistoryError, match="no such folder"):
        vizframe.store.check(tmp_path / "x")


def age(run: Path, seconds: float) -> None:
    for path in run.iterdir():
        os.utime(path, (time.time() - seconds, time.time() - seconds))


def test_a_removed_run_is_gone(run: Path) -> None:
    age(run, 100)
    size = sum(path.stat().st_size for path in run.iterdir())
    assert vizframe.store.remove(run) == size
    assert not run.exists()


def test_files_of_others_stay(run: Path) -> None:
    (run / "notes.txt").write_text("mine")
    (run / "mine.h5").write_text("mine")
    vizframe.store.remove(run, force=True)
    assert sorted(path.name for path in run.iterdir()) == ["mine.h5", "notes.txt"]


def test_a_run_that_was_just_written_to_is_removed_by_force_alone(run: Path) -> None:
    with pytest.raises(HistoryError, match="seconds ago, so a training may still record"):
        vizframe.store.remove(run)
    assert len(segments(run)) == 3
    vizframe.store.remove(run, force=True)
    assert not run.exists()


def test_what_is_no_run_is_not_removed(run: Path, tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "precious.txt").write_text("x")
    (tmp_path / "file.h5").write_text("x")
    (tmp_path / "link").symlink_to(run)
    for name in ("home", "nothing", "file.h5", "link"):
        with pytest.raises(HistoryError):
            vizframe.store.remove(tmp_path / name, force=True)
    assert (tmp_path / "home" / "precious.txt").exists()
    assert (tmp_path / "file.h5").exists()
    assert len(segments(run)) == 3


def test_a_compacted_file_is_removed(run: Path, tmp_path: Path) -> None:
    vizframe.store.compact(run, tmp_path / "one.h5")
    assert vizframe.store.remove(tmp_path / "one.h5") > 0
    assert not (tmp_path / "one.h5").exists()
