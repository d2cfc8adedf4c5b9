"""Runs that are open, each read by one request at a time."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from vizframe.errors import UnknownName
from vizframe.history import Catalog, History
from vizframe.webapp.caching import Document
from vizframe.webapp.damage import Damage
from vizframe.webapp.sums import Sums
from vizframe.webapp.value_range import Extents

MOST_DOCUMENTS = 16
"""Kept of a run: pages that poll know the same steps, or those of a moment before."""

MOST_RUNS = 256
"""Of which what was computed is kept; those that were asked for longest ago go first."""

REFRESH_SECONDS = 0.2
"""A run is looked at for new steps at most this often, however many pages ask."""


@dataclass(eq=False)
class OpenRun:
    """A history, its lock, and what was computed of it."""

    name: str
    history: History
    extents: Extents = field(default_factory=Extents)
    sums: Sums = field(default_factory=Sums)
    damage: Damage = field(default_factory=Damage)
    lock: threading.RLock = field(default_factory=threading.RLock)
    looked: float = float("-inf")
    _documents: dict[Hashable, Document] = field(default_factory=dict)
    _documented: int = -1
    """The version that they are of."""

    @cached_property
    def probe_digest(self) -> str | None:
        """A digest of the probe's images: runs with equal ones were looked at by the same
        images."""
        probe = self.history.probe
        if probe is None:
            return None
        images = np.ascontiguousarray(probe.images)
        return hashlib.blake2b(
            images.tobytes() + str(images.shape).encode(), digest_size=12
        ).hexdigest()

    def document(self, key: Hashable, make: Callable[[], object]) -> Document:
        """What is answered to all who ask the same while nothing is new."""
        if self._documented != self.history.version or len(self._documents) >= MOST_DOCUMENTS:
            self._documents.clear()
            self._documented = self.history.version
        if key not in self._documents:
            self._documents[key] = Document.of(make())
        return self._documents[key]

    def refresh(self) -> None:
        """Look for new steps, unless someone just did."""
        now = time.monotonic()
        if now - self.looked >= REFRESH_SECONDS:
            self.history.refresh()
            self.looked = now


@dataclass(eq=False)
class OpenRuns:
    """All runs of a catalog that a page has asked for."""

    catalog: Catalog
    _open: dict[str, OpenRun] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def run(self, name: str, *, fresh: bool = False) -> Iterator[OpenRun]:
        """The run, for this thread alone; ``fresh`` looks for new steps first.

        Raises:
            UnknownName, HistoryError: as the catalog does.
        """
        history = self._history(name)
        with self._lock:
            run = self._open.pop(name, None)  # and in again, behind those not asked since
            if run is None or run.history is not history:
                run = OpenRun(name, history)
            self._open[name] = run
            for longest_ago in [*self._open][:-MOST_RUNS]:
                del self._open[longest_ago]
        with run.lock:
            if fresh:
                run.refresh()
            yield run

    def _history(self, name: str) -> History:
        """What was computed of a run that is no more, is forgotten. Raises UnknownName."""
        try:
            return self.catalog.open(name)
        except UnknownName:
            self._open.pop(name, None)
            raise
