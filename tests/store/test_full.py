"""A disk that is full, or not ours: an exception with its errno, never a crash; then it goes on."""

from __future__ import annotations

import errno
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

import vizframe.store
from tests.store.small import INFO, PROBE, assert_whole, record, segments, write
from vizframe.errors import HistoryWriteError
from vizframe.history import Declaration, SeriesKey, StepRecord
from vizframe.plugin.frame import Frame
from vizframe.store.write.due import MergePlan
from vizframe.testing.runs import declare


def in_child(work: Callable[[], None]) -> None:
    """Do it in a forked process, for what cannot be undone: limits, another user."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            work()
            status = 0
        except BaseException as failed:
            sys.stderr.write(f"{type(failed).__name__}: {failed}\n")
        os._exit(status)
    assert os.waitpid(child, 0)[1] == 0


def drafts(run: Path) -> list[str]:
    return [path.name for path in run.iterdir() if path.name.startswith(".tmp-")]


def large(step: int) -> StepRecord:
    """A step of a megabyte."""
    key = SeriesKey(label="activation", layer="wide")
    declaration: Declaration = declare(key, ("unit", "y", "x"), (16, 256, 256))
    return StepRecord(step, [(declaration, Frame("wide", np.ones((16, 256, 256), np.float32)))])


@pytest.fixture
def little_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 6 MB."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=6m", "none", place], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip(
            "a small file system cannot be mounted here (needs root); RLIMIT_FSIZE is tested"
        )
    yield place
    subprocess.run(["umount", place], check=True)


def test_a_full_disk_is_an_error_and_recording_goes_on_when_there_is_room(
    little_disk: Path,
) -> None:
    run = little_disk / "run"
    with vizframe.store.create(run, INFO, PROBE) as writer:
        done: list[int] = []
        refusals: list[HistoryWriteError] = []
        for step in range(20):
            try:
                writer.commit(large(step))
            except HistoryWriteError as refused:
                refusals.append(refused)
            else:
                done.append(step)
        assert 3 <= len(done) <= 5
        assert {refused.errno for refused in refusals} == {errno.ENOSPC}
        assert "No space left" in str(refusals[0])
        assert drafts(run) == []
        history = vizframe.store.open(run)
        assert list(history.steps) == done
        assert not history.faults()
        segments(run)[0].unlink()
        writer.commit(large(20))
    assert 20 in vizframe.store.open(run).steps


@pytest.mark.parametrize("room", [0, 700, 4_000, 30_000, 200_000, 600_000, 1_000_000])
def test_whatever_room_is_left_a_step_is_whole_or_not_there(little_disk: Path, room: int) -> None:
    run = little_disk / "run"
    with vizframe.store.create(run, INFO, PROBE) as writer:
        writer.commit(record(0))
        free = os.statvfs(little_disk).f_bavail * os.statvfs(little_disk).f_frsize
        (little_disk / "filler").write_bytes(bytes(max(0, free - room)))
        with pytest.raises(HistoryWriteError):
            writer.commit(large(1))
        (little_disk / "filler").unlink()
        writer.commit(large(2))
    history = vizframe.store.open(run)
    assert list(history.steps) == [0, 2]
    assert not history.faults()


def test_a_disk_that_fills_during_a_merge_keeps_the_sources(
    little_disk: Path, caplog: pytest.LogCaptureFixture
) -> None:
    run = little_disk / "run"
    with vizframe.store.create(run, INFO, PROBE, merging=MergePlan(steps=4, grace=0)) as writer:
        for step in range(4):
            writer.commit(large(step))
    assert list(vizframe.store.open(run).steps) == [0, 1, 2, 3]
    assert len(segments(run)) == 4
    assert drafts(run) == []
    assert "segments stay unmerged for now" in caplog.text


def test_a_quota_is_an_error_too(tmp_path: Path) -> None:
    def work() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        with vizframe.store.create(tmp_path, INFO, PROBE) as writer:
            writer.commit(record(0))
            resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, resource.RLIM_INFINITY))
            with pytest.raises(HistoryWriteError, match="File too large") as refused:
                writer.commit(large(1))
            assert refused.value.errno == errno.EFBIG
            writer.commit(record(2))

    in_child(work)
    history = vizframe.store.open(tmp_path)
    assert list(history.steps) == [0, 2]
    assert_whole(history, [0, 2])
    assert drafts(tmp_path) == []


def test_a_folder_that_is_gone_is_an_error_and_is_not_made_anew(tmp_path: Path) -> None:
    run = tmp_path / "run"
    with vizframe.store.create(run, INFO, PROBE) as writer:
        writer.commit(record(0))
        run.rename(tmp_path / "away")
        with pytest.raises(HistoryWriteError, match="No such file") as refused:
            writer.commit(record(1))
        assert refused.value.errno == errno.ENOENT
        assert not run.exists()
        (tmp_path / "away").rename(run)
        writer.commit(record(2))
    assert_whole(vizframe.store.open(run), [0, 2])


def test_a_file_in_place_of_the_folder_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("hello")
    with pytest.raises(HistoryWriteError, match="File exists") as refused:
        vizframe.store.create(tmp_path / "run", INFO, PROBE)
    assert refused.value.errno == errno.EEXIST


def as_nobody(work: Callable[[], None]) -> None:
    """Do it without the rights of root, whom no mode stops."""

    def stripped() -> None:
        if os.getuid() == 0:
            os.setgid(65534)
            os.setuid(65534)
        work()

    in_child(stripped)


@pytest.fixture
def open_place(tmp_path: Path) -> Path:
    """A folder that any user reaches."""
    for folder in (tmp_path, *tmp_path.parents):
        if folder.stat().st_uid == os.getuid() and folder != Path("/"):
            folder.chmod(folder.stat().st_mode | 0o755)
    return tmp_path


def test_a_folder_we_may_not_write_to_is_an_error(open_place: Path) -> None:
    write(open_place / "run", range(2))
    (open_place / "run").chmod(0o555)

    def work() -> None:
        writer = vizframe.store.create(open_place / "run", INFO, PROBE)
        with pytest.raises(HistoryWriteError, match="Permission denied") as refused:
            writer.commit(record(5))
        assert refused.value.errno == errno.EACCES
        with pytest.raises(HistoryWriteError, match="Permission denied"):
            vizframe.store.create(open_place / "run" / "inner", INFO, PROBE)

    as_nobody(work)
    (open_place / "run").chmod(0o755)


def test_a_run_that_we_may_only_read_is_read(open_place: Path) -> None:
    write(open_place / "run", range(3))
    for path in (open_place / "run").iterdir():
        path.chmod(0o444)
    (open_place / "run").chmod(0o555)

    def work() -> None:
        history = vizframe.store.open(open_place / "run")
        assert_whole(history, range(3))
        assert history.probe is not None
        assert not history.faults()

    as_nobody(work)
    (open_place / "run").chmod(0o755)


def test_a_segment_that_we_may_not_read_is_a_sentence(open_place: Path) -> None:
    write(open_place / "run", range(3))
    segments(open_place / "run")[1].chmod(0)

    def work() -> None:
        history = vizframe.store.open(open_place / "run")
        assert_whole(history, [0, 2])
        (sentence,) = history.faults()
        assert "Permission denied" in sentence

    as_nobody(work)
