"""The union of all segments of a run: which steps there are, and which file has each frame.

Where two segments have the same frame, the one committed later wins. What is hidden by a writer
that was started again, `visibility` says.

A run grows, a segment at a time, and a page looks at it every second. So nothing is made anew that
was known at the last look: each table takes in what is new since it was made, when it is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from threading import RLock
from typing import NamedTuple, TypeVar, cast

import numpy as np
import numpy.typing as npt

from vizframe.errors import UnknownName
from vizframe.history import Declaration, Failure, Finding, Scalars, SeriesKey
from vizframe.store.read.contents import Contents, Listed
from vizframe.store.read.entries import Entries, Gone, Numbers, Told
from vizframe.store.read.lazy import LazyColumns
from vizframe.store.read.numbering import Change, Numbering
from vizframe.store.read.segment import Segment
from vizframe.store.read.visibility import Visibility

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

Table = TypeVar("Table")


class Places(NamedTuple):
    """Where the frames of a series are: step by step the number of the segment, and its row."""

    steps: Ints
    segments: Numbers
    rows: Numbers

    def find(self, step: int) -> tuple[int, int] | None:
        """The numbers of (segment, row) of a step, or None."""
        place = int(self.steps.searchsorted(step))
        if place == len(self.steps) or self.steps.item(place) != step:
            return None
        return self.segments.item(place), self.rows.item(place)


class Union:
    """What a run holds, at one moment. Immutable: `after` makes another one, for a later moment.

    ``segments`` come in order of session and commit.
    """

    def __init__(self, segments: Sequence[Segment] = ()) -> None:
        self.segments = tuple(segments)
        self._numbering = Numbering().after(self.segments)
        self._visibility = Visibility().of(self.segments)
        self._tables: dict[object, tuple[int, object]] = {}
        """Each with the moment that it is of; what is new since, it takes in when it is asked."""
        self._lock = RLock()

    def after(self, segments: Sequence[Segment]) -> Union:
        """The union of these segments, which shares what both have."""
        visibility = self._visibility.of(segments)
        if not visibility.agrees_with(self._visibility) or self._numbering.is_sparse:
            return Union(segments)
        later = Union.__new__(Union)
        later.segments = tuple(segments)
        later._visibility = visibility
        later._lock = self._lock
        with self._lock:
            later._numbering = self._numbering.after(later.segments)
            later._tables = dict(self._tables)
        return later

    @property
    def apart(self) -> Sequence[str]:
        """A sentence for each group of sessions that went on apart."""
        return self._visibility.apart

    def segment(self, number: int) -> Segment:
        return self._numbering.segments[number]

    def _table(
        self, name: object, empty: Callable[[], Table], take_in: Callable[[Table, Change], Table]
    ) -> Table:
        """A table of this moment: an older one, or an empty one, brought up to it."""
        with self._lock:
            moment, known = self._tables.get(name, (0, None))
            change = self._numbering.change_since(moment)
            if known is None or change is None:
                table, change = empty(), self._numbering.whole
            else:
                table = cast(Table, known)
            if change.is_any:
                table = take_in(table, change)
            self._tables[name] = (self._numbering.moment, table)
            return table

    @property
    def visible(self) -> Sequence[Mask]:
        """For each segment, which of its steps are not hidden by a later session."""
        every = (self._visibility.mask(segment) for segment in self.segments)
        return [
            np.ones(len(segment.steps), np.bool_) if mask is None else mask
            for segment, mask in zip(self.segments, every, strict=True)
        ]

    @property
    def _timeline(self) -> Entries:
        def take_in(table: Entries, change: Change) -> Entries:
            fresh = [self._own_steps(number, each) for number, each in change.fresh.items()]
            return self._entries(table, change.gone, fresh)

        return self._table("timeline", lambda: Entries.none(np.int32), take_in)

    def _entries(self, table: Entries, gone: Gone, fresh: Sequence[Told]) -> Entries:
        told = [each for each in fresh if len(each.steps)]
        return table.changed(gone, told, self._numbering.position)

    def _own_steps(self, number: int, segment: Segment) -> Told:
        shown = self._visibility.mask(segment)
        places = np.arange(len(segment.steps)) if shown is None else np.flatnonzero(shown)
        steps = segment.steps if shown is None else segment.steps[places]
        return Told(steps["step"], steps["time"], np.full(len(places), number), places)

    @property
    def steps(self) -> Ints:
        """All visible steps, increasing."""
        return self._timeline.shown.steps

    @property
    def _series(self) -> Contents[SeriesKey]:
        def take_in(table: Contents[SeriesKey], change: Change) -> Contents[SeriesKey]:
            fresh = {
                number: (
                    table.slots.of(each.index, [series.key for series in each.index.series]),
                    _spans(each, self._visibility.mask(each)),
                )
                for number, each in change.fresh.items()
            }
            return table.changed(change.gone.which, fresh)

        return self._table("series", lambda: Contents(), take_in)

    @cached_property
    def declarations(self) -> Mapping[SeriesKey, Declaration]:
        """The newest of each series that has a visible frame, in the order of first appearance."""
        series, position = self._series, self._numbering.position
        newest = series.newest(position)
        return {
            key: self.segment(newest[key][0]).index.series[newest[key][1]].declaration
            for key in series.in_order(position)
        }

    def places(self, key: SeriesKey) -> Places:
        """Where the frames of a series are. Raises UnknownName."""
        if key not in self.declarations:
            raise UnknownName("series", str(key), map(str, self.declarations))

        def take_in(table: Entries, change: Change) -> Entries:
            found = self._series.having(key, change.is_fresh)
            told = [self._frames(number, place) for number, place in found]
            return self._entries(table, change.gone, told)

        shown = self._table(key, lambda: Entries.none(np.int32), take_in).shown
        return Places(shown.steps, shown.segments, cast(Numbers, shown.said))

    def _frames(self, number: int, place: int) -> Told:
        """The visible frames of a segment's series."""
        segment = self.segment(number)
        start, end = segment.starts[place], segment.starts[place + 1]
        of_rows, rows = segment.row_steps[start:end], np.arange(start, end)
        visible = self._visibility.mask(segment)
        if visible is not None:
            seen = visible[of_rows]
            of_rows, rows = of_rows[seen], rows[seen]
        steps = segment.steps[of_rows]
        return Told(steps["step"], steps["time"], np.full(len(rows), number), rows)

    @cached_property
    def scalars(self) -> Scalars:
        """All numbers over all visible steps; where two writers report the same, the later one."""
        steps = self.steps
        names = self._names.in_order(self._numbering.position)
        columns = LazyColumns(dict.fromkeys(names), self._column)
        return Scalars(steps, self._over_steps("time"), self._over_steps("epoch"), columns)

    def _over_steps(self, field: str) -> Floats:
        """Of each step what its commits say, the last that said it."""

        def take_in(table: Entries, change: Change) -> Entries:
            fresh = []
            for number, segment in change.fresh.items():
                told = self._own_steps(number, segment)
                fresh.append(_known(told, segment.steps[field][told.said.astype(np.int64)]))
            return self._entries(table, change.gone, fresh)

        return self._spread(self._table(("step", field), lambda: Entries.none(np.float64), take_in))

    def _column(self, name: str) -> Floats:
        def take_in(table: Entries, change: Change) -> Entries:
            fresh = []
            for number, place in self._names.having(name, change.is_fresh):
                told = self._own_steps(number, self.segment(number))
                numbers = self.segment(number).scalars[told.said.astype(np.int64), place]
                fresh.append(_known(told, numbers))
            return self._entries(table, change.gone, fresh)

        return self._spread(
            self._table(("scalar", name), lambda: Entries.none(np.float64), take_in)
        )

    def _spread(self, table: Entries) -> Floats:
        """Numbers over all steps, NaN where there is none."""
        steps, shown = self.steps, table.shown
        numbers = shown.said.astype(np.float64, copy=False)
        if len(steps) == len(numbers):
            return numbers
        spread = np.full(len(steps), np.nan)
        spread[steps.searchsorted(shown.steps)] = numbers
        return spread

    @property
    def _names(self) -> Contents[str]:
        def take_in(table: Contents[str], change: Change) -> Contents[str]:
            fresh = {
                number: (
                    table.slots.of(each.index, each.index.scalars),
                    _reported(each, self._visibility.mask(each)),
                )
                for number, each in change.fresh.items()
            }
            return table.changed(change.gone.which, fresh)

        return self._table("names", lambda: Contents(), take_in)

    @cached_property
    def failures(self) -> Sequence[Failure]:
        """What broke at the visible steps, in their order."""
        said = [(each, each.failures) for each in self.segments if each.failures]
        found = [one for each, all_of in said for one in all_of if one.step in self._seen(each)]
        return sorted(found, key=lambda failure: failure.step)

    @cached_property
    def findings(self) -> Sequence[Finding]:
        """What rules found wrong at the visible steps, in the order in which it was noticed."""
        said = [(each, each.findings) for each in self.segments if each.findings]
        found = [one for each, all_of in said for one in all_of if one.step in self._seen(each)]
        return sorted(found, key=lambda finding: finding.step)

    def _seen(self, segment: Segment) -> frozenset[int]:
        visible = self._visibility.mask(segment)
        steps = segment.steps["step"] if visible is None else segment.steps["step"][visible]
        return frozenset(steps.tolist())


def _known(told: Told, numbers: Floats) -> Told:
    """Those of the entries that say a number."""
    known = ~np.isnan(numbers)
    if known.all():
        return told._replace(said=numbers)
    return told._replace(said=numbers).taken(known)


def _spans(segment: Segment, visible: Mask | None) -> Listed:
    """The series of a segment that have visible frames, with the first and the last step."""
    steps = segment.steps["step"]
    if visible is None:
        starts = np.array(segment.starts, np.int64)
        places = np.flatnonzero(starts[1:] > starts[:-1])
        of_rows = segment.row_steps
        firsts, lasts = of_rows[starts[places]], of_rows[starts[places + 1] - 1]
        return Listed(places, steps[firsts].astype(float), steps[lasts].astype(float), lasts)
    rows = segment.rows[visible[segment.row_steps]]
    series, starts = np.unique(rows["series"], return_index=True)
    ends = np.append(starts[1:], len(rows))[: len(starts)] - 1
    of_rows = rows["step"].astype(np.int64)
    of = steps[of_rows].astype(float)
    return Listed(series.astype(np.int64), of[starts], of[ends], of_rows[ends])


def _reported(segment: Segment, visible: Mask | None) -> Listed:
    """The numbers that the visible steps reported, with when the segment was begun. Where none is
    hidden that is all of them, a loss that was never a number included; else what only hidden steps
    had is left out."""
    names = len(segment.index.scalars)
    if visible is None:
        places = np.arange(names)
    else:
        places = np.flatnonzero(~np.isnan(segment.scalars[visible]).all(axis=0))
    begun = np.full(len(places), float(segment.steps["time"][0]))
    return Listed(places, begun, begun, np.zeros(len(places), np.int64))
