"""The union of all segments of a run: which steps there are, and which file has each frame.

Where two segments have the same frame, the one committed later wins. Where a writer of the same
name was started again, from an older checkpoint say, it hides what older sessions of that name had
recorded behind its first step: that training never led to these weights. What they record after it
was started, it does not hide.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt

from vizframe.errors import UnknownName
from vizframe.history import Declaration, Failure, Finding, Scalars, SeriesKey
from vizframe.store.format.index import Index
from vizframe.store.format.names import LARGEST_STEP, Session
from vizframe.store.read.lazy import LazyColumns
from vizframe.store.read.segment import Segment

Hidden = tuple[tuple[Session, int], ...]
Span = tuple[int, int]

Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Places:
    """Where the frames of a series are: step by step the segment and its row."""

    steps: Ints
    segments: Ints
    rows: Ints

    def find(self, step: int) -> tuple[int, int] | None:
        """The numbers of (segment, row) of a step, or None."""
        place = int(self.steps.searchsorted(step))
        if place == len(self.steps) or self.steps.item(place) != step:
            return None
        return self.segments.item(place), self.rows.item(place)


@dataclass(frozen=True)
class Slots:
    """The series keys of a run in order of registration, and the place of each index's series."""

    keys: Mapping[SeriesKey, int]
    of_index: Mapping[int, Ints]

    @classmethod
    def of(cls, segments: Sequence[Segment]) -> Slots:
        keys: dict[SeriesKey, int] = {}
        of_index: dict[int, Ints] = {}
        for segment in segments:
            index = segment.index
            # Several segments may share one index: its series are looked up once.
            if id(index) not in of_index:
                found = [keys.setdefault(series.key, len(keys)) for series in index.series]
                of_index[id(index)] = np.array(found, np.int64)
        return cls(keys, of_index)


@dataclass(frozen=True)
class Union:
    """What a run holds, at one moment. Immutable: a refresh makes another one.

    ``segments`` come in order of session and commit.
    """

    segments: Sequence[Segment] = ()
    _places: dict[SeriesKey, Places] = field(default_factory=dict)

    @cached_property
    def visible(self) -> Sequence[Mask]:
        """For each segment, which of its steps are not hidden by a later session."""
        resumed: dict[Session, int] = {}
        hides: dict[Session, Hidden] = {}
        for index in self._indexes():
            resumed.update(index.sessions)
            hides.update(index.hides)
        hidden = find_hidden(resumed, hides)
        return [_visible_steps(segment, hidden) for segment in self.segments]

    def _indexes(self) -> Iterator[Index]:
        """Each distinct one, once."""
        return iter({id(segment.index): segment.index for segment in self.segments}.values())

    @cached_property
    def steps(self) -> Ints:
        """All visible steps, increasing."""
        seen = [s.steps["step"][v] for s, v in zip(self.segments, self.visible, strict=True)]
        return np.unique(np.concatenate(seen)) if seen else np.empty(0, np.int64)

    @cached_property
    def _slots(self) -> Slots:
        return Slots.of(self.segments)

    @cached_property
    def declarations(self) -> Mapping[SeriesKey, Declaration]:
        """The newest of each series that has a visible frame, in the order of first appearance."""
        slots = self._slots
        first = np.full(len(slots.keys), np.iinfo(np.int64).max)
        last = np.full(len(slots.keys), -1)
        newest: dict[int, Declaration] = {}
        for segment, visible in zip(self.segments, self.visible, strict=True):
            series, begins, ends = _spans(segment, visible)
            slot = slots.of_index[id(segment.index)][series]
            np.minimum.at(first, slot, begins)
            for place in np.flatnonzero(ends >= last[slot]):
                if ends[place] >= last[slot[place]]:  # a series may be there twice
                    last[slot[place]] = ends[place]
                    newest[int(slot[place])] = segment.index.series[series[place]].declaration
        keys = list(slots.keys)
        order = [int(slot) for slot in np.argsort(first, kind="stable") if last[slot] >= 0]
        return {keys[slot]: newest[slot] for slot in order}

    def places(self, key: SeriesKey) -> Places:
        """Where the frames of a series are. Raises UnknownName."""
        places = self._places.get(key)
        if places is None:
            if key not in self.declarations:
                raise UnknownName("series", str(key), map(str, self.declarations))
            places = self._places[key] = self._find_places(self._slots.keys[key])
        return places

    def _find_places(self, slot: int) -> Places:
        """Gathered in lists of arrays: with a thousand unmerged segments, each call counts."""
        found: list[tuple[int, int, int]] = []
        steps_of: list[npt.NDArray[np.void]] = []
        hidden: list[Mask] = []
        series_of = {
            index: np.flatnonzero(slots == slot).tolist()
            for index, slots in self._slots.of_index.items()
        }
        for number, segment in enumerate(self.segments):
            for series in series_of[id(segment.index)]:
                start, end = segment.starts[series], segment.starts[series + 1]
                of_rows = segment.row_steps[start:end]
                found.append((number, start, end - start))
                steps_of.append(segment.steps[of_rows])
                hidden.append(self.visible[number][of_rows])
        segments, starts, counts = np.array(found, np.int64).T
        at = np.concatenate(steps_of)
        seen = np.flatnonzero(np.concatenate(hidden))
        steps, times = at["step"][seen], at["time"][seen]
        segments = np.repeat(segments, counts)[seen]
        inside = np.arange(len(at)) - np.repeat(np.cumsum(counts) - counts, counts)
        rows = (np.repeat(starts, counts) + inside)[seen]
        order = np.lexsort((times, steps))
        kept = order[np.append(np.diff(steps[order]) != 0, True)[: len(order)]]
        return Places(steps[kept], segments[kept], rows[kept])

    @cached_property
    def scalars(self) -> Scalars:
        """All numbers over all visible steps; where two writers report the same, the later one."""
        steps = self.steps
        shown = [
            (segment, visible, np.searchsorted(steps, segment.steps["step"][visible]))
            for segment, visible in self._by_time()
        ]
        names = dict.fromkeys(
            name for segment, visible, _ in shown for name in _reported(segment, visible)
        )
        time, epoch = np.zeros(len(steps)), np.full(len(steps), np.nan)
        for segment, visible, at in shown:
            seen = segment.steps[visible]
            time[at] = seen["time"]
            known = ~np.isnan(seen["epoch"])
            epoch[at[known]] = seen["epoch"][known]

        def column(name: str) -> npt.NDArray[np.float64]:
            values = np.full(len(steps), np.nan)
            for segment, visible, at in shown:
                place = segment.index.scalar_places.get(name)
                if place is not None:
                    own = segment.scalars[visible, place]
                    reported = ~np.isnan(own)
                    values[at[reported]] = own[reported]
            return values

        return Scalars(steps, time, epoch, LazyColumns(names, column))

    def _by_time(self) -> Iterator[tuple[Segment, Mask]]:
        """The segments that have visible steps, with these; those that were begun earlier first."""
        all_pairs = zip(self.segments, self.visible, strict=True)
        pairs = [(segment, visible) for segment, visible in all_pairs if visible.any()]
        return iter(sorted(pairs, key=lambda pair: float(pair[0].steps["time"][0])))

    @cached_property
    def failures(self) -> Sequence[Failure]:
        """What broke at the visible steps, in their order."""
        found = [
            failure
            for segment, visible in zip(self.segments, self.visible, strict=True)
            if segment.failures
            for failure in segment.failures
            if failure.step in segment.steps["step"][visible]
        ]
        return sorted(found, key=lambda failure: failure.step)

    @cached_property
    def findings(self) -> Sequence[Finding]:
        """What rules found wrong at the visible steps, in the order in which it was noticed."""
        found = [
            finding
            for segment, visible in zip(self.segments, self.visible, strict=True)
            if segment.findings
            for finding in segment.findings
            if finding.step in segment.steps["step"][visible]
        ]
        return sorted(found, key=lambda finding: finding.step)


def find_hidden(
    resumed: Mapping[Session, int], hides: Mapping[Session, Hidden]
) -> Mapping[Session, Sequence[Span]]:
    """For each session the spans of steps, both ends included, that later ones of its writer hide.

    Its first step a later session shares with the older ones: it has the weights that it goes on
    from. But at step 0 a training begins anew.
    """
    found: dict[Session, list[Span]] = {session: [] for session in resumed}
    lowest: dict[str, int] = {}
    for session in sorted(resumed, reverse=True):
        if session.writer in lowest:
            found[session].append((lowest[session.writer], LARGEST_STEP))
        begin = resumed[session] + 1 if resumed[session] else 0
        if session in hides:
            for older, last in hides[session]:
                if older in found and older.writer == session.writer and older < session:
                    found[older].append((begin, last))
        else:  # written before sessions said what they hide: all that is older
            lowest[session.writer] = min(begin, lowest.get(session.writer, begin))
    return found


def _visible_steps(segment: Segment, hidden: Mapping[Session, Sequence[Span]]) -> Mask:
    visible = np.ones(len(segment.steps), np.bool_)
    steps, numbers = segment.steps["step"], segment.steps["session"]
    for number, (session, _) in enumerate(segment.index.sessions):
        for first, last in hidden[session]:
            visible[(numbers == number) & (first <= steps) & (steps <= last)] = False
    return visible


def _spans(segment: Segment, visible: Mask) -> tuple[Ints, Ints, Ints]:
    """The series of a segment that have visible frames, with the first and the last step."""
    rows = segment.rows
    if not visible.all():
        rows = rows[visible[rows["step"]]]
    steps = segment.steps["step"][rows["step"]]
    series, starts = np.unique(rows["series"], return_index=True)
    ends = np.append(starts[1:], len(rows))[: len(starts)] - 1
    return series.astype(np.int64), steps[starts], steps[ends]


def _reported(segment: Segment, visible: Mask) -> Iterator[str]:
    """The names of numbers that the visible steps reported. Where none is hidden that is all of
    them, a loss that was never a number included; else what only hidden steps had is left out."""
    if visible.all():
        return iter(segment.index.scalars)
    known = ~np.isnan(segment.scalars[visible]).all(axis=0)
    return (name for name, shown in zip(segment.index.scalars, known, strict=True) if shown)
