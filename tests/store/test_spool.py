"""A step waits for its commit on the disk, in a file that has no name."""

from __future__ import annotations

import errno
import gc
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

import vizframe.store
from tests.store.small import INFO, PROBE, SHAPES, assert_whole, record, segments, spooled
from tests.store.test_full import drafts, in_child
from vizframe.errors import HistoryWriteError
from vizframe.history.aside import aside_of
from vizframe.history.encoding import encode_frame
from vizframe.history.memory import MemoryRun
from vizframe.history.ranks import RankWriter
from vizframe.store.format.image import Buffer
from vizframe.store.format.names import Session
from vizframe.store.write import spool
from vizframe.store.write.disk import Disk
from vizframe.store.write.draft import Drafter
from vizframe.store.write.spool import Spool, SpooledFrame


@pytest.fixture(autouse=True)
def nothing_is_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "HELD", 0)
    monkeypatch.setattr(spool, "PIECE", 50)  # so that each frame is read in several


def open_files() -> int:
    return len(os.listdir("/proc/self/fd"))


def test_a_segment_is_the_same_byte_for_byte_wherever_its_frames_have_waited(
    tmp_path: Path,
) -> None:
    session = Session(0x18EA, "main", "0ca815")
    with vizframe.store.create(tmp_path, INFO, PROBE) as writer:
        waited = spooled(writer, record(3))
    assert all(isinstance(frame, SpooledFrame) for _, frame in waited.frames)
    direct, other = (
        b"".join(Drafter(session, 3).draft(each).buffers()) for each in (record(3), waited)
    )
    assert direct == other


def test_what_waits_is_in_no_folder_and_its_room_is_given_back(tmp_path: Path) -> None:
    with vizframe.store.create(tmp_path, INFO, PROBE) as writer:
        writer.commit(record(0))
        names, files = set(os.listdir(tmp_path)), open_files()
        made = spooled(writer, record(1))
        assert set(os.listdir(tmp_path)) == names
        assert open_files() == files + 1
        assert list(vizframe.store.open(tmp_path).steps) == [0]
        writer.commit(made)
        del made
        gc.collect()
        assert open_files() == files
    assert_whole(vizframe.store.open(tmp_path), [0, 1])


def test_a_frame_that_waits_is_the_frame(tmp_path: Path) -> None:
    with vizframe.store.create(tmp_path, INFO, PROBE) as writer:
        waited = spooled(writer, record(2))
    for (declared, frame), (_, plain) in zip(waited.frames, record(2).frames, strict=True):
        one, two = encode_frame(declared, frame), encode_frame(declared, plain)
        for name in ("stored", "low", "high", "nonfinite", "missing", "coded"):
            np.testing.assert_array_equal(getattr(one, name), getattr(two, name))
        np.testing.assert_array_equal(frame.values, two.values())
        assert (frame.layer, frame.notes, [*frame.columns]) == (
            plain.layer,
            plain.notes,
            [*plain.columns],
        )
    run = MemoryRun()
    run.writer().commit(waited)
    assert_whole(run.history(), [2])


def test_a_rank_s_frames_wait_with_those_of_its_writer(tmp_path: Path) -> None:
    with RankWriter(vizframe.store.create(tmp_path, INFO, PROBE, writer="rank1"), 1) as writer:
        assert isinstance(aside_of(writer), Spool)
    array = np.arange(3)
    assert aside_of(RankWriter(MemoryRun().writer(), 1)).array(array)() is array


def test_little_stays_in_memory_and_is_written_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spool, "HELD", int(np.prod(SHAPES["conv0"])))
    with vizframe.store.create(tmp_path, INFO, PROBE) as writer:
        made = spooled(writer, record(0))
        kinds = [isinstance(frame, SpooledFrame) for _, frame in made.frames]
        assert kinds == [False, True, True]
        writer.commit(made)
    assert_whole(vizframe.store.open(tmp_path), [0])


@pytest.mark.parametrize("values", [np.arange(7, dtype=np.int16), np.ones((2, 3), np.float32).T])
def test_an_array_comes_back_as_it_was(tmp_path: Path, values: np.ndarray) -> None:  # type: ignore[type-arg]
    again = Spool(Disk(), tmp_path).array(values)
    expected = values.copy()
    values[...] = 0
    for _ in range(2):
        assert again().dtype == expected.dtype
        np.testing.assert_array_equal(again(), expected)


class FullDisk(Disk):
    """A disk that has no room, until it has."""

    def __init__(self) -> None:
        self.is_full = False

    def write(self, fd: int, buffers: Sequence[Buffer], offset: int) -> None:
        if self.is_full:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        super().write(fd, buffers, offset)


def test_a_full_disk_is_told_by_the_commit_alone(tmp_path: Path) -> None:
    disk = FullDisk()
    with vizframe.store.create(tmp_path, INFO, PROBE, disk=disk) as writer:
        writer.commit(spooled(writer, record(0)))
        disk.is_full = True
        made = spooled(writer, record(1))
        assert not any(isinstance(frame, SpooledFrame) for _, frame in made.frames)
        with pytest.raises(HistoryWriteError, match="No space left") as refused:
            writer.commit(made)
        assert refused.value.errno == errno.ENOSPC
        disk.is_full = False
        writer.commit(made)
    assert drafts(tmp_path) == []
    assert_whole(vizframe.store.open(tmp_path), [0, 1])


def test_a_folder_that_is_gone_is_told_by_the_commit_alone(tmp_path: Path) -> None:
    with vizframe.store.create(tmp_path / "run", INFO, PROBE) as writer:
        (tmp_path / "run").rename(tmp_path / "away")
        made = spooled(writer, record(0))
        with pytest.raises(HistoryWriteError, match="No such file"):
            writer.commit(made)
        (tmp_path / "away").rename(tmp_path / "run")
        writer.commit(made)
    assert_whole(vizframe.store.open(tmp_path / "run"), [0])


def test_bytes_that_the_disk_has_lost_are_an_error_and_leave_no_trace(tmp_path: Path) -> None:
    with vizframe.store.create(tmp_path, INFO, PROBE) as writer:
        writer.commit(record(0))
        made = spooled(writer, record(1))
        frame = made.frames[-1][1]
        assert isinstance(frame, SpooledFrame)
        os.ftruncate(frame.piece.file.fd, frame.piece.offset)
        with pytest.raises(HistoryWriteError) as refused:
            writer.commit(made)
        assert refused.value.errno == errno.EIO
        assert drafts(tmp_path) == []
        writer.commit(record(1))
    assert_whole(vizframe.store.open(tmp_path), [0, 1])


def test_a_writer_that_dies_while_its_step_waits_leaves_nothing_of_it(tmp_path: Path) -> None:
    def work() -> None:
        writer = vizframe.store.create(tmp_path, INFO, PROBE)
        writer.commit(spooled(writer, record(0)))
        made = spooled(writer, record(1))
        assert made.frames
        os._exit(0)

    in_child(work)
    assert drafts(tmp_path) == []
    assert len(segments(tmp_path)) == 1
    assert_whole(vizframe.store.open(tmp_path), [0])


LARGE = """
import numpy as np, sys, vizframe.store
from pathlib import Path
from vizframe.history import SeriesKey, StepRecord
from vizframe.history.encoding import stored_frame
from vizframe.plugin.frame import Frame
from vizframe.testing.runs import declare, fake_info

def peak():
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) >> 10

with vizframe.store.create(sys.argv[1], fake_info("large")) as writer:
    values = np.random.default_rng(0).random((32, 512, 512), np.float32)
    frames, room = [], writer.aside()
    for layer in range(20):
        key = SeriesKey(label="activation", layer=f"conv{layer}")
        declared = declare(key, ("unit", "y", "x"), values.shape)
        if layer == 4:  # by now the first have stayed in memory
            before = peak()
        made = stored_frame(declared, Frame(key.layer, values))
        frames.append((declared, room.frame(declared, made)))
    writer.commit(StepRecord(step=0, frames=frames))
    print(peak() - before)
"""


def test_a_step_of_160_megabytes_takes_a_few_of_them_in_memory(tmp_path: Path) -> None:
    told = subprocess.run(
        [sys.executable, "-c", LARGE, str(tmp_path)], check=True, capture_output=True, text=True
    ).stdout
    assert int(told) < 40
    assert segments(tmp_path)[0].stat().st_size > 160 << 20
