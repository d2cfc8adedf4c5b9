"""The power fails: what had been flushed is there, of the rest any part, in pieces of 512 bytes.

The writer's system calls are recorded, then replayed up to a random one into a model of a disk
that keeps what was fsynced and loses a random part of what was not. Names are journalled: they
survive in order, up to a random point behind the last flush of the folder.
"""

from __future__ import annotations

import os
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

import vizframe.store
from tests.store.small import INFO, PROBE, assert_whole, record, spooled
from vizframe.store.format.image import Buffer
from vizframe.store.write import claim, spool
from vizframe.store.write.disk import Disk
from vizframe.store.write.due import MergePlan

SAMPLES = int(os.environ.get("VIZFRAME_POWER_CUTS", "300"))
SECTOR = 512
STEPS = 11


@dataclass
class Call:
    """One system call, and how many steps had been acknowledged before it."""

    kind: str
    acknowledged: int
    path: str = ""
    target: str = ""
    data: bytes = b""
    offset: int = 0


@dataclass
class RecordingDisk(Disk):
    """The disk, with a list of what was done to it."""

    calls: list[Call] = field(default_factory=list)
    acknowledged: int = 0
    names: dict[int, str] = field(default_factory=dict)

    def note(self, kind: str, path: str, **details: object) -> None:
        self.calls.append(Call(kind, self.acknowledged, path, **details))  # type: ignore[arg-type]

    def create(self, path: Path) -> int:
        fd = super().create(path)
        self.names[fd] = path.name
        self.note("create", path.name)
        return fd

    def write(self, fd: int, buffers: Sequence[Buffer], offset: int) -> None:
        super().write(fd, buffers, offset)
        for buffer in buffers:
            self.note("write", self.names[fd], data=bytes(buffer), offset=offset)
            offset += len(buffer)

    def resize(self, fd: int, size: int) -> None:
        super().resize(fd, size)
        self.note("resize", self.names[fd], offset=size)

    def sync(self, fd: int) -> None:
        super().sync(fd)
        self.note("sync", self.names[fd])

    def rename(self, source: Path, target: Path) -> None:
        super().rename(source, target)
        self.note("rename", source.name, target=target.name)

    def link(self, source: Path, target: Path) -> None:
        super().link(source, target)
        self.note("link", source.name, target=target.name)

    def unlink(self, path: Path) -> None:
        super().unlink(path)
        self.note("unlink", path.name)

    def sync_folder(self, folder: Path) -> None:
        super().sync_folder(folder)
        self.note("sync folder", folder.name)


@dataclass
class Inode:
    """A file's bytes: what is safe, and what is still in memory."""

    safe: bytearray = field(default_factory=bytearray)
    pending: list[tuple[int, bytes]] = field(default_factory=list)
    size: int = 0

    def write(self, data: bytes, offset: int) -> None:
        self.size = max(self.size, offset + len(data))
        for start in range(0, len(data), SECTOR):
            self.pending.append((offset + start, data[start : start + SECTOR]))

    def sync(self) -> None:
        self.settle(self.pending)
        self.pending = []

    def settle(self, pieces: Sequence[tuple[int, bytes]]) -> None:
        """Make some of the pieces safe."""
        self.safe.extend(bytes(self.size - len(self.safe)))
        for offset, piece in pieces:
            self.safe[offset : offset + len(piece)] = piece

    def after_cut(self, dice: random.Random) -> bytes:
        """What is left: all that is safe, any part of what is not, zeros or an early end."""
        lucky = [piece for piece in self.pending if dice.random() < 0.5]
        if self.pending:
            self.settle(lucky)
            if dice.random() < 0.5:
                del self.safe[dice.randrange(len(self.safe) + 1) :]
        return bytes(self.safe)


def after_cut(calls: Sequence[Call], dice: random.Random) -> dict[str, bytes]:
    """The files of the folder, when the power fails after these calls."""
    flushed = max((i for i, call in enumerate(calls) if call.kind == "sync folder"), default=-1)
    survive = dice.randint(flushed + 1, len(calls))
    """Calls that change names have reached the journal up to here."""
    files: dict[str, Inode] = {}
    names: dict[str, Inode] = {}
    for number, call in enumerate(calls):
        for folder in (files, names) if number < survive else (files,):
            _change_names(folder, call, files)
        inode = files.get(call.path)
        if inode is None:
            continue
        if call.kind == "write":
            inode.write(call.data, call.offset)
        elif call.kind == "resize":
            inode.size = call.offset
        elif call.kind == "sync":
            inode.sync()
    return {name: inode.after_cut(dice) for name, inode in names.items()}


def _change_names(folder: dict[str, Inode], call: Call, files: dict[str, Inode]) -> None:
    if call.kind == "create":
        folder[call.path] = files[call.path] if folder is not files else Inode()
    elif call.kind == "rename":
        folder[call.target] = folder.pop(call.path)
    elif call.kind == "link":
        folder[call.target] = folder[call.path]
    elif call.kind == "unlink":
        folder.pop(call.path, None)


@pytest.fixture(scope="module")
def calls(tmp_path_factory: pytest.TempPathFactory) -> Sequence[Call]:
    """All system calls of a durable recording that merges on its way."""
    run = tmp_path_factory.mktemp("power") / "run"
    disk = RecordingDisk()
    merging = MergePlan(steps=3, fan=2, grace=0.01)
    with (
        pytest.MonkeyPatch.context() as patch,
        vizframe.store.create(run, INFO, PROBE, durable=True, merging=merging, disk=disk) as store,
    ):
        patch.setattr(spool, "HELD", 0)
        for step in range(STEPS):
            store.commit(spooled(store, record(step)) if step % 2 else record(step))
            disk.acknowledged = step + 1
    return disk.calls


def test_the_names_of_new_folders_are_flushed_too(tmp_path: Path) -> None:
    disk = RecordingDisk()
    run = tmp_path / "runs" / "more" / "x"
    vizframe.store.create(run, INFO, durable=True, disk=disk).close()
    flushed = [call.path for call in disk.calls if call.kind == "sync folder"]
    assert flushed[:3] == ["more", "runs", tmp_path.name]
    assert flushed[3:] == ["x"]


def test_the_recording_has_all_that_a_power_cut_can_hit(calls: Sequence[Call]) -> None:
    kinds = {call.kind for call in calls}
    assert kinds == {
        "create",
        "write",
        "resize",
        "sync",
        "rename",
        "link",
        "unlink",
        "sync folder",
    }


@pytest.mark.parametrize("part", range(5))
def test_no_power_cut_loses_a_step_that_was_committed_durably(
    tmp_path: Path, calls: Sequence[Call], part: int
) -> None:
    dice = random.Random(part)
    for sample in range(SAMPLES // 5):
        cut = dice.randint(1, len(calls))
        acknowledged = calls[cut - 1].acknowledged if cut < len(calls) else STEPS
        run = tmp_path / str(sample)
        run.mkdir()
        for name, data in after_cut(calls[:cut], dice).items():
            (run / name).write_bytes(data)
        if not acknowledged and not (run / "run.json").exists():
            continue
        history = vizframe.store.open(run)
        steps = list(history.steps)
        assert steps == list(range(len(steps)))
        assert len(steps) >= acknowledged
        assert_whole(history, steps)
        assert not history.faults()


def test_a_run_goes_on_after_a_power_cut(
    tmp_path: Path, calls: Sequence[Call], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claim, "PATIENCE", 0.1)  # the claim is torn: nobody can say whose it is
    dice = random.Random(7)
    for name, data in after_cut(calls[: len(calls) * 2 // 3], dice).items():
        (tmp_path / name).write_bytes(data)
    before = list(vizframe.store.open(tmp_path).steps)
    with vizframe.store.create(tmp_path, INFO, PROBE) as store:
        store.commit(record(len(before)))
    history = vizframe.store.open(tmp_path)
    assert list(history.steps) == [*before, len(before)]
    assert_whole(history, history.steps)
