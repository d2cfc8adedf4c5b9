"""The way in: each step one segment, published by a rename; merged into larger ones later."""

from __future__ import annotations

import os
import weakref
from collections.abc import Mapping, Sequence
from threading import Lock
from typing import Self

import numpy as np

from vizframe.errors import HistoryWriteError
from vizframe.history import StepRecord
from vizframe.store.format.image import Image
from vizframe.store.format.names import LARGEST_STEP, SegmentName, Session
from vizframe.store.write.draft import Drafter
from vizframe.store.write.due import MergePlan
from vizframe.store.write.folder import RunFolder
from vizframe.store.write.merger import Merger
from vizframe.store.write.publish import publish_image
from vizframe.store.write.retention import Retention
from vizframe.store.write.spool import Spool
from vizframe.store.write.thinning import PublishedSegment

LARGEST_KEPT = 1 << 16
"""Bytes of a step that is kept in memory until it is merged: 64 of them are 4 MB."""


def _kept(image: Image) -> memoryview | None:
    """The bytes of a small file: to read 64 of them again takes a merge longer than all else."""
    if image.size > LARGEST_KEPT:
        return None
    return memoryview(b"".join(image.buffers()))


class StoreWriter:
    """One session of recording into a run; a `vizframe.history.HistoryWriter`.

    Any number of them, each under a name of its own, may write into one run at once, from any
    number of processes: each writes files of its own, and nobody writes another's. ``ends`` are
    the last steps of the sessions before it; ``former`` are segments of older ones of the same
    writer, which a limit of size may thin too.
    """

    def __init__(
        self,
        folder: RunFolder,
        session: Session,
        *,
        ends: Mapping[Session, int],
        merging: MergePlan,
        retention: Retention,
        former: Sequence[PublishedSegment] = (),
    ) -> None:
        self.run = folder.run
        self.session = session
        self._folder = folder
        self._drafter: Drafter | None = None
        self._ends = ends
        self._merger = Merger(self.run, folder.disk, merging, retention, former)
        self._commits = 0
        self._last_step = -1
        self._process = os.getpid()
        self._closed = False
        self._lock = Lock()
        # A writer that nobody closed gives its claim up when it is forgotten, or Python ends.
        weakref.finalize(self, folder.claim.release)

    def commit(self, record: StepRecord) -> None:
        """Make the step complete and visible, or raise HistoryWriteError and leave no trace.

        Any thread may: one step is committed after the other.
        """
        with self._lock:
            self._check(record.step)
            self._folder.check()
            self._publish(record)

    def aside(self) -> Spool:
        """Room on the disk for a step that is being made: see `vizframe.history.aside`."""
        return Spool(self._folder.disk, self.run)

    def _publish(self, record: StepRecord) -> None:
        drafter = self._drafter or self._begin(record.step)
        name = SegmentName(self.session, self._commits, self._commits, record.step, record.step)
        image = drafter.draft(record)
        publish_image(self._folder.disk, image, self.run / str(name), durable=self._folder.durable)
        self._merger.add(PublishedSegment(name, image.size, data=_kept(image)))
        self._drafter = drafter
        self._commits += 1
        self._last_step = record.step

    def _begin(self, step: int) -> Drafter:
        """What drafts the steps from the first on; it says what that one hides."""
        older = sorted(each for each in self._ends if each.writer == self.session.writer)
        ends = [(each, self._ends[each]) for each in older]
        hidden = tuple((each, last) for each, last in ends if last > step or not step)
        return Drafter(self.session, step, self._folder.run_id, hidden, tuple(older[-1:]))

    def _check(self, step: object) -> None:
        if self._closed:
            raise HistoryWriteError(
                f"step {step} came after the writer of {self.run} was closed; "
                "create another one to go on"
            )
        if os.getpid() != self._process:
            raise HistoryWriteError(
                f"step {step} came from another process than the one that created the writer of "
                f"{self.run}; create one in each process"
            )
        if isinstance(step, bool) or not isinstance(step, (int, np.integer)):
            raise HistoryWriteError(f"the step is {step!r}; it can be a whole number")
        if not self._last_step < step <= LARGEST_STEP:
            raise HistoryWriteError(
                f"the step is {step}; it can be {self._last_step + 1} to {LARGEST_STEP}: "
                "the steps of one writer increase"
            )

    def close(self) -> None:
        """Wait for a merge that runs, a second or two at most. Idempotent."""
        if os.getpid() == self._process:  # a fork has the writer, but not its thread
            self._merger.close()
            self._folder.claim.release()
        self._closed = True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()
