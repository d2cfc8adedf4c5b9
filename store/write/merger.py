"""When a writer merges its own segments, and when the merged ones are removed.

    64 steps of one segment each ──►  one segment of 64  ── a second later ──►  the 64 are removed

Small ones are merged at 16 already, so that a folder has few files while it is written.

The work is done by a thread, one merge at a time, so that training does not wait for it. The grace
is there because a directory listing is no snapshot: with sources removed at once, 12 % of listings
missed a step that was there before and after. Only a run that is over its limit has no room for it:
a reader looks twice before it believes a listing.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from itertools import takewhile
from pathlib import Path
from threading import Event, Lock

import numpy as np

from vizframe.background import Background
from vizframe.errors import DamagedSegment, HistoryWriteError, UnreadableSegment
from vizframe.store.format.memory import MemorySource
from vizframe.store.format.names import SegmentName
from vizframe.store.format.source import HeldFile
from vizframe.store.read.segment import Segment, load_segment, read_segment
from vizframe.store.write.disk import Disk
from vizframe.store.write.due import MergePlan, is_quarter, segments_due
from vizframe.store.write.gather import Part
from vizframe.store.write.merge import Plans, merge
from vizframe.store.write.publish import discard
from vizframe.store.write.retention import KEEP_ALL, Retention
from vizframe.store.write.thinning import (
    PublishedSegment,
    choose_thinnable,
    folder_bytes,
    stride_of,
    weights_bytes,
)

logger = logging.getLogger(__name__)


LONGEST_WAIT = 5.0
"""Seconds that a commit waits at most for room in a run that has a limit."""

CROWD_WAIT = 0.5
"""Seconds that a commit waits at most for others to be merged."""

MOST_KEPT = 512
"""Segments that are kept in memory too until they are merged."""

SHORTEST_GRACE = 0.2
"""Seconds that the sources of a merge stay where there are too many of them: with as much, 15,498
listings of 15,498 had every step."""

SHARES = 8
"""Of a run that has a limit: its segments are one of so many parts of that, and so much is made
free at once, so that not every commit is over the limit again."""


class Merger:
    """Keeps the segments of one session few, and the run as small as its retention says."""

    def __init__(
        self,
        run: Path,
        disk: Disk,
        plan: MergePlan,
        retention: Retention = KEEP_ALL,
        pieces: Sequence[PublishedSegment] = (),
    ) -> None:
        self._run = run
        self._disk = disk
        self._plan = plan
        self._retention = retention
        limit = retention.max_bytes
        if limit is not None:  # small ones, so that a merge does not fill what is left
            self._plan = replace(plan, bytes=min(plan.bytes, limit // SHARES))
        self._pieces = list(pieces)
        self._others = 0
        """Bytes of the run that are not in our pieces, when they were last looked for."""
        self._kept = 0
        """Bytes of the newest weights, likewise: they come and go beside the steps."""
        self._shrinking = False
        self._merged: deque[tuple[float, Sequence[PublishedSegment]]] = deque()
        """Sources that wait for the end of their grace; since when, in monotonic time."""
        self._plans = Plans()
        self._lock = Lock()
        self._thread: Background | None = None
        self._wake = Event()
        self._patience = 0
        """Pieces there must be before the next try, after the disk refused one."""

    def add(self, piece: PublishedSegment) -> None:
        """Take note of a new segment; have it merged where that is due.

        A run that is full keeps its writer waiting until there is room again: a limit that only
        holds when nobody is in a hurry is none.
        """
        with self._lock:
            if len(self._pieces) > MOST_KEPT:  # nothing is merged: the disk refuses it
                piece = replace(piece, data=None)
            self._pieces.append(piece)
            if self._retention.max_bytes is not None:
                self._kept = weights_bytes(self._run)
            if self._thread is None and (self._due() or self._surplus()):
                self._thread = Background(self._work)
                self._thread.start()
        begun = time.monotonic()
        while self._thread is not None and self._must_wait(time.monotonic() - begun):
            self._wake.set()
            time.sleep(0.002)

    def _must_wait(self, waited: float) -> bool:
        if waited < CROWD_WAIT and self._is_crowded():
            return True
        return waited < LONGEST_WAIT and self._is_full()

    def _is_crowded(self) -> bool:
        """Whether there are too many files that will be gone soon."""
        return self._passing() > self._plan.files

    def _passing(self) -> int:
        """The files that a merge will replace, or has replaced."""
        with self._lock:
            if not self._pieces:
                return 0
            newest = self._pieces[-1].name.session
            own = takewhile(lambda piece: piece.name.session == newest, reversed(self._pieces))
            unmerged = sum(1 for piece in own if not piece.level)
            return unmerged + sum(len(sources) for _, sources in self._merged)

    def _is_full(self) -> bool:
        """Whether all files together, also those that wait to be removed, are over the limit."""
        limit = self._retention.max_bytes
        if limit is None:
            return False
        with self._lock:
            own = sum(piece.size for piece in self._pieces)
            waiting = sum(each.size for _, sources in list(self._merged) for each in sources)
        return own + self._others + self._kept + waiting > limit

    def close(self) -> None:
        """Wait for what is due to be merged, and for the grace of its sources."""
        thread = self._thread
        if thread is not None:
            thread.join()

    def _due(self) -> Sequence[PublishedSegment]:
        return segments_due(self._pieces, self._plan) if len(self._pieces) >= self._patience else ()

    def _surplus(self) -> Sequence[PublishedSegment]:
        """What to halve because the run is too large. Once it is, an eighth is made free."""
        limit = self._retention.max_bytes
        if limit is None or len(self._pieces) < self._patience:
            return ()
        bound = limit - limit // SHARES if self._shrinking else limit
        own = sum(piece.size for piece in self._pieces)
        if own + self._others + self._kept > bound:
            self._others = folder_bytes(self._run, self._waiting()) - own
        self._shrinking = own + self._others + self._kept > bound
        return choose_thinnable(self._pieces, limit // SHARES) if self._shrinking else ()

    def _work(self) -> None:
        """Merge and halve while there is something to, remove what has had its grace, and end."""
        while True:
            with self._lock:
                surplus = self._surplus()
                batch = () if surplus else self._due()
                if not (batch or surplus or self._merged):
                    self._thread = None
                    return
            if batch:
                self._merge(batch, _merged_name(batch), 1)
            elif surplus:
                self._merge(surplus, _thinned_name(surplus), 2 * stride_of(surplus))
            else:
                self._wake.wait(max(0.0, self._merged[0][0] + self._grace() - time.monotonic()))
                self._wake.clear()
            while self._merged and self._is_over(self._merged[0][0]):
                with self._lock:
                    _, sources = self._merged.popleft()
                for source in sources:
                    discard(self._disk, self._run / str(source.name))

    def _is_over(self, since: float) -> bool:
        """Whether what was merged then has had its grace."""
        return since + self._grace() <= time.monotonic() or self._is_full()

    def _grace(self) -> float:
        """Shorter, but never none, where many files wait for its end."""
        if self._passing() > self._plan.files // 2:
            return min(self._plan.grace, SHORTEST_GRACE)
        return self._plan.grace

    def _waiting(self) -> frozenset[str]:
        """The names of what will be removed anyway."""
        return frozenset(str(each.name) for _, sources in self._merged for each in sources)

    def _take(self, piece: PublishedSegment, stride: int) -> Part:
        """What of a piece its successor keeps. A commit is a step, in order."""
        segment = self._segment(piece)
        kept = self._retention.kept(piece.name.first + np.arange(len(segment.steps)), stride)
        every = np.ones(len(segment.steps), np.bool_)
        return Part(segment, every, kept[segment.rows["step"]])

    def _segment(self, piece: PublishedSegment) -> Segment:
        path = self._run / str(piece.name)
        if piece.data is None:
            return read_segment(path)
        source = MemorySource(str(path), piece.data)
        return load_segment(source, HeldFile(source))

    def _merge(self, batch: Sequence[PublishedSegment], target: SegmentName, stride: int) -> bool:
        """Put one segment for these, thinned to a stride; False where the disk refused it."""
        try:
            parts = [self._take(each, stride) for each in batch]
            size = merge(self._disk, parts, self._run / str(target), self._plans)
        except (HistoryWriteError, UnreadableSegment, FileNotFoundError) as refused:
            if self._lets_go(batch):  # the run was compacted meanwhile
                return True
            logger.warning("segments stay unmerged for now: %s", refused)
            self._patience = len(self._pieces) + self._plan.steps
            return False
        except (DamagedSegment, OSError) as bad:
            logger.warning("segments stay unmerged: %s", bad)
            self._replace(batch, [])
        else:
            level = batch[0].level + (len(batch) > 1 and not is_quarter(batch, self._plan))
            least = max(stride, min(each.stride for each in batch))
            self._replace(batch, [PublishedSegment(target, size, level, least)])
            with self._lock:
                self._merged.append((time.monotonic(), batch))
        return True

    def _lets_go(self, batch: Sequence[PublishedSegment]) -> bool:
        """Forget those whose files somebody has taken away; whether there are any. What else there
        is, is merged with others."""
        gone = [each for each in batch if not (self._run / str(each.name)).exists()]
        with self._lock:
            self._pieces = [each for each in self._pieces if each not in gone]
        return bool(gone)

    def _replace(
        self, batch: Sequence[PublishedSegment], merged: Sequence[PublishedSegment]
    ) -> None:
        """Put one for many; none where one of them is damaged, or was taken away."""
        with self._lock:
            start = self._pieces.index(batch[0])
            self._pieces[start : start + len(batch)] = merged


def _merged_name(batch: Sequence[PublishedSegment]) -> SegmentName:
    first, last = batch[0].name, batch[-1].name
    return SegmentName(
        first.session,
        first.first,
        last.last,
        min(each.name.low for each in batch),
        max(each.name.high for each in batch),
    )


def _thinned_name(batch: Sequence[PublishedSegment]) -> SegmentName:
    """Of neighbours together, or of one piece once more."""
    if len(batch) > 1:
        return _merged_name(batch)
    return replace(batch[0].name, rewrite=batch[0].name.rewrite + 1)
