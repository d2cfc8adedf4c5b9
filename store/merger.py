"""When a writer merges its own segments, and when the merged ones are removed.

    64 steps of one segment each ──►  one segment of 64  ── a second later ──►  the 64 are removed

The work is done by a thread, one merge at a time, so that training does not wait for it. The grace
is there because a directory listing is no snapshot: with sources removed at once, 12 % of listings
missed a step that was there before and after.
"""

from __future__ import annotations

import logging
import os
import time
from collections import deque
from collections.abc import Container, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Lock, Thread

import numpy as np

from vizframe.errors import DamagedSegment, HistoryWriteError
from vizframe.store.disk import Disk
from vizframe.store.gather import Part
from vizframe.store.merge import merge
from vizframe.store.names import SegmentName
from vizframe.store.publish import discard
from vizframe.store.retention import KEEP_ALL, Retention
from vizframe.store.segment import read_segment

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class MergePlan:
    """How many segments make a larger one.

    Attributes:
        steps: segments of one step that are merged at a time.
        fan: merged segments that are merged once more, and so on.
        bytes: a merged segment is not planned larger than this; single steps of more stay alone.
        grace: seconds for which the sources of a merge stay.
    """

    steps: int = 64
    fan: int = 16
    bytes: int = 1 << 28
    grace: float = 1.0


@dataclass(frozen=True, slots=True)
class Piece:
    """A published segment of this session.

    ``level``: how often its steps were merged; ``stride``: one of so many kept its frames.
    """

    name: SegmentName
    size: int
    level: int = 0
    stride: int = 1


class Merger:
    """Keeps the segments of one session few."""

    def __init__(
        self, run: Path, disk: Disk, plan: MergePlan, retention: Retention = KEEP_ALL
    ) -> None:
        self._run = run
        self._disk = disk
        self._plan = plan
        self._retention = retention
        self._pieces: list[Piece] = []
        self._merged: deque[tuple[float, Sequence[Piece]]] = deque()
        """Sources that wait for the end of their grace, in monotonic time."""
        self._lock = Lock()
        self._thread: Thread | None = None
        self._patience = 0
        """Pieces there must be before the next try, after the disk refused one."""

    def add(self, piece: Piece) -> None:
        """Take note of a new segment; have it merged where that is due."""
        with self._lock:
            self._pieces.append(piece)
            if self._thread is None and self._due():
                self._thread = Thread(target=self._work, name="vizframe-merge", daemon=True)
                self._thread.start()

    def close(self) -> None:
        """Wait for what is due to be merged, and for the grace of its sources."""
        thread = self._thread
        if thread is not None:
            thread.join()

    def _due(self) -> Sequence[Piece]:
        return due(self._pieces, self._plan) if len(self._pieces) >= self._patience else ()

    def _work(self) -> None:
        """Merge while anything is due, remove what has had its grace, and end."""
        while True:
            with self._lock:
                batch = self._due()
                if not batch and not self._merged:
                    self._thread = None
                    return
            if batch:
                self._merge(batch, _merged_name(batch), 1)
                self._thin()
            else:
                time.sleep(max(0.0, self._merged[0][0] - time.monotonic()))
            while self._merged and self._merged[0][0] <= time.monotonic():
                for source in self._merged.popleft()[1]:
                    discard(self._disk, self._run / str(source.name))

    def _thin(self) -> None:
        """Halve segments while the run is too large and there is anything to halve."""
        limit = self._retention.max_bytes
        while limit is not None and folder_bytes(self._run, self._waiting()) > limit:
            with self._lock:
                piece = thinnable(self._pieces)
            if piece is None:
                return
            target = replace(piece.name, rewrite=piece.name.rewrite + 1)
            if not self._merge([piece], target, 2 * piece.stride):
                return

    def _waiting(self) -> frozenset[str]:
        """The names of what will be removed anyway."""
        return frozenset(str(each.name) for _, sources in self._merged for each in sources)

    def _take(self, piece: Piece, stride: int) -> Part:
        """What of a piece its successor keeps. A commit is a step, in order."""
        segment = read_segment(self._run / str(piece.name))
        kept = self._retention.kept(piece.name.first + np.arange(len(segment.steps)), stride)
        every = np.ones(len(segment.steps), np.bool_)
        return Part(segment, every, kept[segment.rows["step"]])

    def _merge(self, batch: Sequence[Piece], target: SegmentName, stride: int) -> bool:
        """Put one segment for these, thinned to a stride; False where the disk refused it."""
        try:
            parts = [self._take(each, stride) for each in batch]
            size = merge(self._disk, parts, self._run / str(target))
        except HistoryWriteError as refused:
            logger.warning("segments stay unmerged for now: %s", refused)
            self._patience = len(self._pieces) + self._plan.steps
            return False
        except (DamagedSegment, OSError) as bad:
            logger.warning("segments stay unmerged: %s", bad)
            self._replace(batch, [])
        else:
            level = batch[0].level + (len(batch) > 1)
            least = max(stride, min(each.stride for each in batch))
            self._replace(batch, [Piece(target, size, level, least)])
            self._merged.append((time.monotonic() + self._plan.grace, batch))
        return True

    def _replace(self, batch: Sequence[Piece], merged: Sequence[Piece]) -> None:
        """Put one for many; none where one of them is damaged, or was taken away."""
        with self._lock:
            start = self._pieces.index(batch[0])
            self._pieces[start : start + len(batch)] = merged


def due(pieces: Sequence[Piece], plan: MergePlan) -> Sequence[Piece]:
    """The pieces to merge next, neighbours of one level; empty where none are due."""
    for level in range(max((each.level for each in pieces), default=-1) + 1):
        batch = _batch([each for each in pieces if each.level == level], plan)
        if batch:
            return batch
    return ()


def _batch(pieces: Sequence[Piece], plan: MergePlan) -> Sequence[Piece]:
    """The first neighbours of one level that are many enough, or large enough together."""
    most = plan.fan if pieces and pieces[0].level else plan.steps
    batch: list[Piece] = []
    size = 0
    for piece in pieces:
        apart = batch and piece.name.first != batch[-1].name.last + 1
        if apart or size + piece.size > plan.bytes:
            if len(batch) > 1 and not apart:
                return batch
            batch, size = [], 0
        batch.append(piece)
        size += piece.size
        if len(batch) == most:
            return batch
    return ()


def thinnable(pieces: Sequence[Piece]) -> Piece | None:
    """The merged piece to halve next: the oldest of those that kept the most; never the newest."""
    merged = [each for each in pieces[:-1] if each.level and _holds(each) > 1]
    return min(merged, key=lambda each: (each.stride, each.name.first), default=None)


def _holds(piece: Piece) -> int:
    """About how many commits of a piece still have frames."""
    return (piece.name.last - piece.name.first + 1) // piece.stride


def folder_bytes(folder: Path, besides: Container[str]) -> int:
    """The bytes of the files in a folder, but for some."""
    total = 0
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name not in besides:
                with suppress(FileNotFoundError):  # another writer has merged it away
                    total += entry.stat(follow_symlinks=False).st_size
    return total


def _merged_name(batch: Sequence[Piece]) -> SegmentName:
    first, last = batch[0].name, batch[-1].name
    return SegmentName(
        first.session,
        first.first,
        last.last,
        min(each.name.low for each in batch),
        max(each.name.high for each in batch),
    )
