"""The way out: the union of a run's segments, which grows while it is read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from threading import Lock
from typing import TypeVar

import numpy as np

from vizframe.errors import DamagedSegment, HistoryError, UnknownName
from vizframe.history import Declaration, Failure, Finding, RunInfo, Scalars, SeriesKey, Tiles
from vizframe.history.steps import Steps
from vizframe.network import FloatArray
from vizframe.network.probe import Probe
from vizframe.store.format.source import Source
from vizframe.store.read.frames import read_columns, read_tiles
from vizframe.store.read.origin import Origin
from vizframe.store.read.records import Records
from vizframe.store.read.segment import Segment
from vizframe.store.read.strip import read_strip
from vizframe.store.read.union import Ints, Union

MOST_TRIES = 5
"""How often a read starts again because its file was merged away."""

Content = TypeVar("Content")


class StoreHistory:
    """A reader of a run; a `vizframe.history.History`.

    Safe for many threads: what is known is an immutable `Union`, which `refresh` replaces.
    """

    def __init__(self, origin: Origin) -> None:
        self._origin = origin
        self._info = origin.info()
        self._probe: Probe | None = None
        self._union = Union()
        self._records = Records()
        self._version = 0
        self._origin_fault: str | None = None
        self._probe_fault: str | None = None
        self._lock = Lock()
        self.refresh()

    @property
    def info(self) -> RunInfo:
        return self._info

    @property
    def probe(self) -> Probe | None:
        if self._probe is None:
            try:
                self._probe = self._origin.probe()
                self._probe_fault = None
            except DamagedSegment as bad:
                self._probe_fault = str(bad)
            except OSError as refused:
                self._probe_fault = f"the probe cannot be read: {refused.strerror or refused}"
        return self._probe

    @property
    def version(self) -> int:
        return self._version

    def refresh(self) -> bool:
        """See `History.refresh`. A folder that is gone keeps what was seen, and is a fault."""
        with self._lock:
            try:
                new = self._origin.refresh()
                fault = None
            except OSError as refused:
                new = False
                fault = f"{self._origin.name} cannot be listed: {refused.strerror or refused}"
            new |= fault != self._origin_fault
            self._origin_fault = fault
            if new or not self._version:
                self._union = self._union.after(self._origin.segments)
                self._records.keep(self._union.segments)
                self._version += 1
            return new

    @property
    def steps(self) -> Sequence[int]:
        return Steps(self._union.steps)

    @property
    def declarations(self) -> Mapping[SeriesKey, Declaration]:
        return self._union.declarations

    def series_steps(self, key: SeriesKey) -> Sequence[int]:
        return Steps(self._union.places(key).steps)

    def tiles(self, key: SeriesKey, step: int, where: Sequence[int] = ()) -> Tiles:
        def read(source: Source, segment: Segment, row: int) -> Tiles:
            return read_tiles(source, segment, row, where)

        return self._with_frame(key, step, read)

    def columns(self, key: SeriesKey, step: int) -> Mapping[str, FloatArray]:
        def read(source: Source, segment: Segment, number: int) -> Mapping[str, FloatArray]:
            row = segment.row(number)
            return read_columns(source, segment.index.series[row.series], row)

        return self._with_frame(key, step, read)

    def notes(self, key: SeriesKey, step: int) -> Sequence[str]:
        segment, row = _find(self._union, key, step)
        return segment.notes.get(row, ())

    def strip(self, key: SeriesKey, where: Sequence[int], steps: Sequence[int]) -> Tiles:
        def read(union: Union) -> Tiles:
            files, rows = _find_all(union, key, steps)
            newest = union.declarations[key]
            return read_strip(union.segment, files, rows, newest, where, self._records)

        return self._again(read, key)

    def scalars(self) -> Scalars:
        return self._union.scalars

    def failures(self) -> Sequence[Failure]:
        return self._union.failures

    def findings(self) -> Sequence[Finding]:
        return self._union.findings

    def faults(self) -> Sequence[str]:
        about = [self._origin_fault, self._probe_fault]
        doubts = [segment.doubt for segment in self._union.segments]
        apart = [f"{self._origin.name}: {each}" for each in self._union.apart]
        return [*filter(None, about), *self._origin.faults, *filter(None, doubts), *apart]

    def close(self) -> None:
        """Nothing is held open."""

    def _with_frame(
        self, key: SeriesKey, step: int, read: Callable[[Source, Segment, int], Content]
    ) -> Content:
        """What is read of one frame."""

        def find_and_read(union: Union) -> Content:
            segment, row = _find(union, key, step)
            with segment.file.open() as source:
                return read(source, segment, row)

        return self._again(find_and_read, key)

    def _again(self, read: Callable[[Union], Content], key: SeriesKey) -> Content:
        """Read, and once more where the file was merged away meanwhile.

        Raises:
            UnknownName: there is no such series or step.
            HistoryError: the file cannot be read.
        """
        for _ in range(MOST_TRIES):
            union = self._union
            try:
                return read(union)
            except FileNotFoundError:
                self.refresh()
            except OSError as refused:
                raise HistoryError(
                    f"{key} cannot be read from {self._origin.name}: {refused.strerror or refused}"
                ) from refused
        reason = self._origin_fault or f"the files of {self._origin.name} keep vanishing"
        raise HistoryError(f"{key} cannot be read: {reason}")


def _find_all(union: Union, key: SeriesKey, steps: Sequence[int]) -> tuple[Ints, Ints]:
    """The numbers of the segments and rows of frames. Raises UnknownName."""
    places = union.places(key)
    wanted = np.fromiter(steps, np.int64, len(steps))
    at = places.steps.searchsorted(wanted)
    found = places.steps.take(at, mode="clip") == wanted
    if not found.all():
        stranger = str(wanted[~found][0])
        raise UnknownName("step", stranger, map(str, places.steps.tolist()))
    return places.segments[at], places.rows[at]


def _find(union: Union, key: SeriesKey, step: int) -> tuple[Segment, int]:
    """The segment and row of a frame. Raises UnknownName."""
    places = union.places(key)
    found = places.find(step)
    if found is None:
        raise UnknownName("step", str(step), map(str, places.steps.tolist()))
    return union.segment(found[0]), found[1]
