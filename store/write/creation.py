"""Open a run for writing: its folder made or resumed, claimed, swept, and described."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from vizframe.errors import DamagedSegment, UnreadableSegment
from vizframe.history import RunInfo
from vizframe.network.probe import Probe
from vizframe.store.format.names import CompactedName, SegmentName, Session
from vizframe.store.read.segment import read_segment
from vizframe.store.write.claim import Claim
from vizframe.store.write.disk import Disk
from vizframe.store.write.due import MergePlan
from vizframe.store.write.folder import RunFolder, claim
from vizframe.store.write.publish import refusal
from vizframe.store.write.retention import KEEP_ALL, Retention
from vizframe.store.write.sweep import sweep
from vizframe.store.write.thinning import find_inherited
from vizframe.store.write.writer import StoreWriter

SWEEP_AFTER = 10
"""A new writer removes the sources of a dead one's merge after this many times the grace."""


def create(
    path: str | os.PathLike[str],
    info: RunInfo,
    probe: Probe | None = None,
    *,
    writer: str = "main",
    claimed: Claim | None = None,
    durable: bool = False,
    merging: MergePlan | None = None,
    retention: Retention = KEEP_ALL,
    disk: Disk | None = None,
) -> StoreWriter:
    """A writer of a run; the folder is made, or resumed where there is one.

    Of one run and one writer's name there is one writer at a time. Ranks, and tasks of a cluster,
    that record into one run together take names of their own (``rank0``, ``rank1``): what they
    write adds up.

    Args:
        path: the run's folder.
        info: what the run says of itself. A resumed run keeps what it said first.
        probe: likewise.
        writer: who records. A session hides what older ones of the same name recorded behind its
            first step, if it was there when the session began.
        claimed: what `claim` gave for this folder and name; None to claim it now. It is given up
            when the writer is closed.
        durable: whether a committed step survives a power cut (fsync of file and folder), or only
            the death of the process.
        retention: which frames of a long training are kept.
        merging: how many segments make a larger one.
        disk: the system calls; a test puts its own.

    Raises:
        RunTaken: another writer has this name, and lives.
        HistoryWriteError: the disk refused.
        UsageError: the writer's name cannot be part of a file name.
    """
    run = Path(path).absolute()
    disk, merging = disk or Disk(), merging or MergePlan()
    missing = [folder for folder in (run, *run.parents) if not folder.exists()]
    held = claimed or claim(run, writer, disk)
    folder = RunFolder(run, held, info, probe, disk, durable)
    try:
        if durable:  # a run is lost with its name, however well its files were flushed
            _flush(disk, [*missing, run] if claimed else missing, run)
        sweep(disk, run, SWEEP_AFTER * merging.grace)
        ends = find_ends(run)
        starts = [time.time_ns(), *(older.start + 1 for older in ends)]
        session = Session.new(writer, max(starts))
        former = () if retention.max_bytes is None else find_inherited(run, session)
        folder.describe()
    except OSError as refused:
        held.release()
        raise refusal(run, refused) from refused
    except BaseException:
        held.release()
        raise
    return StoreWriter(
        folder, session, ends=ends, merging=merging, retention=retention, former=former
    )


def _flush(disk: Disk, missing: Sequence[Path], run: Path) -> None:
    """Put the names of folders that were missing on the disk. Raises OSError."""
    for folder in missing:
        disk.sync_folder(folder.parent)


def find_ends(run: Path) -> Mapping[Session, int]:
    """The last step of each session that the run has seen; names say it. Raises OSError."""
    ends: dict[Session, int] = {}
    for text in os.listdir(run):
        name = SegmentName.parse(text)
        if name is not None:
            ends[name.session] = max(name.high, ends.get(name.session, 0))
        elif CompactedName.parse(text) is not None:
            for session, last in _ends_inside(run / text):
                ends[session] = max(last, ends.get(session, 0))
    return ends


def _ends_inside(path: Path) -> Iterator[tuple[Session, int]]:
    """The last step of each session in a compacted run; none where it is not sound."""
    try:
        segment = read_segment(path)
    except (DamagedSegment, UnreadableSegment, FileNotFoundError):
        return
    for number, (session, _) in enumerate(segment.index.sessions):
        own = segment.steps["step"][segment.steps["session"] == number]
        if len(own):
            yield session, int(own.max())
