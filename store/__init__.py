"""The history in HDF5: a run is a folder of segments, each published by a rename.

    create(path, info, probe) ──► StoreWriter ──commit──► segments ──► StoreHistory ◄── open(path)

See ``store/README.md`` for the layout and what it promises.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path

from vizframe.errors import DamagedSegment
from vizframe.history import RunInfo
from vizframe.network.probe import Probe
from vizframe.store.care.checking import CheckReport, FileReport, SeriesReport, check
from vizframe.store.care.compaction import Compaction, compact
from vizframe.store.care.removal import remove
from vizframe.store.format.names import CompactedName, SegmentName, Session
from vizframe.store.format.source import HeldFile, Source
from vizframe.store.read.catalog import RunCatalog
from vizframe.store.read.origin import Folder, SingleFile
from vizframe.store.read.reader import StoreHistory
from vizframe.store.read.segment import read_segment
from vizframe.store.write.about import write_info, write_probe
from vizframe.store.write.disk import Disk
from vizframe.store.write.merger import MergePlan
from vizframe.store.write.publish import refusal
from vizframe.store.write.retention import KEEP_ALL, Retention
from vizframe.store.write.sweep import sweep
from vizframe.store.write.thinning import find_inherited
from vizframe.store.write.writer import StoreWriter

__all__ = [
    "CheckReport",
    "Compaction",
    "FileReport",
    "MergePlan",
    "Retention",
    "RunCatalog",
    "SeriesReport",
    "StoreHistory",
    "StoreWriter",
    "check",
    "compact",
    "create",
    "open",
    "open_source_file",
    "remove",
]

SWEEP_AFTER = 10
"""A new writer removes the sources of a dead one's merge after this many times the grace."""


def create(
    path: str | os.PathLike[str],
    info: RunInfo,
    probe: Probe | None = None,
    *,
    writer: str = "main",
    durable: bool = False,
    merging: MergePlan | None = None,
    retention: Retention = KEEP_ALL,
    disk: Disk | None = None,
) -> StoreWriter:
    """A writer of a run; the folder is made, or resumed where there is one.

    Args:
        path: the run's folder.
        info: what the run says of itself. A resumed run keeps what it said first.
        probe: likewise.
        writer: who records. A session hides what older ones of the same name recorded from its
            first step on; workers that record at once need names of their own.
        durable: whether a committed step survives a power cut (fsync of file and folder), or only
            the death of the process.
        retention: which frames of a long training are kept.
        merging: how many segments make a larger one.
        disk: the system calls; a test puts its own.

    Raises:
        HistoryWriteError: the disk refused.
        UsageError: the writer's name cannot be part of a file name.
    """
    run = Path(path)
    disk, merging = disk or Disk(), merging or MergePlan()
    try:
        _make_folder(disk, run, durable)
        sweep(disk, run, SWEEP_AFTER * merging.grace)
        session = Session.new(writer, _start(run))
        former = () if retention.max_bytes is None else find_inherited(run, session)
    except OSError as refused:
        raise refusal(run, refused) from refused
    write_info(disk, run, info, durable=durable)
    if probe is not None:
        write_probe(disk, run, probe, durable=durable)
    return StoreWriter(
        run,
        session,
        durable=durable,
        disk=disk,
        merging=merging,
        retention=retention,
        former=former,
    )


def _make_folder(disk: Disk, run: Path, durable: bool) -> None:
    """Make the run's folder, and those above that are missing. Raises OSError."""
    missing = [folder for folder in (run, *run.parents) if not folder.exists()]
    run.mkdir(parents=True, exist_ok=True)
    if durable:  # a run is lost with its name, however well its files were flushed
        for folder in missing:
            disk.sync_folder(folder.parent)


def _start(run: Path) -> int:
    """Now, in nanoseconds, but after every session that the run has seen."""
    starts = [time.time_ns()]
    for text in os.listdir(run):
        name = SegmentName.parse(text)
        if name is not None:
            starts.append(name.session.start + 1)
        elif CompactedName.parse(text) is not None:
            starts += [session.start + 1 for session in _sessions_of(run / text)]
    return max(starts)


def _sessions_of(path: Path) -> Sequence[Session]:
    """The sessions of a compacted run; none where it is not sound."""
    try:
        return [session for session, _ in read_segment(path).index.sessions]
    except (DamagedSegment, FileNotFoundError):
        return []


def open(path: str | os.PathLike[str]) -> StoreHistory:
    """A reader of a run: its folder, or the one file it was compacted to.

    Raises:
        HistoryError: it is no run.
    """
    run = Path(path)
    return StoreHistory(SingleFile.at(run) if run.is_file() else Folder(run))


def open_source_file(source: Source) -> StoreHistory:
    """A reader of a compacted run that lies elsewhere: see `vizframe.reading.remote`.

    Raises:
        HistoryError: it is no run.
    """
    return StoreHistory(SingleFile(HeldFile(source)))
