"""The history in HDF5: a run is a folder of segments, each published by a rename.

    create(path, info, probe) ──► StoreWriter ──commit──► segments ──► StoreHistory ◄── open(path)

Of one run and one writer's name there is one writer at a time (`claim`). Ranks that record into one
run together give names of their own: ``create(…, writer="rank1")``.

See ``store/README.md`` for the layout and what it promises.
"""

from __future__ import annotations

import os
from pathlib import Path

from vizframe.store.care.checking import CheckReport, FileReport, SeriesReport, check
from vizframe.store.care.compaction import Compaction, compact
from vizframe.store.care.removal import remove
from vizframe.store.format.names import is_passing
from vizframe.store.format.source import HeldFile, Source
from vizframe.store.read.catalog import RunCatalog
from vizframe.store.read.origin import Folder, SingleFile
from vizframe.store.read.reader import StoreHistory
from vizframe.store.write.claim import Claim
from vizframe.store.write.creation import SWEEP_AFTER, create
from vizframe.store.write.due import MergePlan
from vizframe.store.write.folder import check_free, claim
from vizframe.store.write.retention import Retention
from vizframe.store.write.writer import StoreWriter

__all__ = [
    "SWEEP_AFTER",
    "CheckReport",
    "Claim",
    "Compaction",
    "FileReport",
    "MergePlan",
    "Retention",
    "RunCatalog",
    "SeriesReport",
    "StoreHistory",
    "StoreWriter",
    "check",
    "check_free",
    "claim",
    "compact",
    "create",
    "is_passing",
    "open",
    "open_source_file",
    "remove",
]


def open(path: str | os.PathLike[str]) -> StoreHistory:
    """A reader of a run: its folder, or the one file it was compacted to.

    Raises:
        HistoryError: it is no run.
    """
    run = Path(path).absolute()
    return StoreHistory(SingleFile.at(run) if run.is_file() else Folder(run))


def open_source_file(source: Source) -> StoreHistory:
    """A reader of a compacted run that lies elsewhere: see `vizframe.reading.remote`.

    Raises:
        HistoryError: it is no run.
    """
    return StoreHistory(SingleFile(HeldFile(source)))
