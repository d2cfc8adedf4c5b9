"""The union takes in what is new; it must be what one made of all segments at once would be."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import numpy.typing as npt
from hypothesis import given, settings
from hypothesis import strategies as st

from vizframe.history import Declaration, Failure, SeriesKey
from vizframe.store.format.index import Index, SeriesIndex
from vizframe.store.format.layout import ROW, STEP
from vizframe.store.format.names import Session
from vizframe.store.format.source import LocalFile
from vizframe.store.read.segment import Segment
from vizframe.store.read.union import Union
from vizframe.store.read.visibility import find_hidden
from vizframe.store.write.gather import Gathering, Part, gather

Event = tuple[Any, ...]
"""What happens to a run: the name of a method of `Life`, and what it is given."""

LAYERS = ("a", "b", "c")
NAMES = ("loss", "accuracy", "rate")


def key(layer: str) -> SeriesKey:
    return SeriesKey(label="weights", layer=layer)


def declared(layer: str, units: int) -> Declaration:
    return Declaration(
        key=key(layer),
        plugin="weights",
        axes=("unit", "y", "x"),
        tile_shape=(units,),
        picture_shape=(2, 2),
    )


def segment_of(gathering: Gathering, failures: Sequence[Failure] = ()) -> Segment:
    """What a reader would know of a file with these tables."""
    rows, series = gathering.rows, gathering.index.series
    starts = np.searchsorted(rows["series"], np.arange(len(series) + 1)).tolist()
    return Segment(
        LocalFile(Path("nowhere")),
        0,
        gathering.index,
        gathering.steps,
        gathering.scalars,
        rows,
        starts,
        np.ascontiguousarray(rows["step"]),
        tuple(failures),
        (),
        {},
    )


def committed(
    session: Session, resumed: int, hides: Sequence[tuple[Session, int]], step: int, what: int
) -> Segment:
    """A step of a session; ``what`` says which layers and numbers it has, and when it was."""
    layers = [layer for bit, layer in enumerate(LAYERS) if what >> bit & 1]
    names = [name for bit, name in enumerate(NAMES) if what >> 3 + bit & 1]
    index = Index(
        ((session, resumed),),
        tuple(names),
        tuple(SeriesIndex(declared(each, 1 + what % 3), f"frames/{each}", 1) for each in layers),
        hides=((session, tuple(hides)),),
    )
    rows = np.zeros(len(layers), ROW)
    rows["series"] = np.arange(len(layers))
    numbers = [math.nan if what % 7 == place else step + what / 8 for place in range(len(names))]
    epoch = math.nan if what % 5 == 0 else step / 10
    steps = np.array([(step, what % 11, epoch, 0)], STEP)
    tables = Gathering(
        index,
        steps,
        np.array([numbers], "<f8").reshape(1, -1),
        rows,
        np.empty((0, 2), np.int64),
        b"",
    )
    broke = (
        [Failure(plugin="p", label="p", layer="a", step=step, sentence="x")]
        if what % 4 == 0
        else []
    )
    return segment_of(tables, broke)


@dataclass
class Life:
    """A run as its files come and go. Each has its place: session, first commit."""

    files: dict[tuple[Session, int], Segment] = field(default_factory=dict)
    compacted: list[Segment] = field(default_factory=list)
    sessions: dict[str, Session] = field(default_factory=dict)
    starts: dict[Session, tuple[int, Sequence[tuple[Session, int]]]] = field(default_factory=dict)
    ends: dict[Session, int] = field(default_factory=dict)
    commits: int = 0

    @property
    def segments(self) -> Sequence[Segment]:
        return [*self.compacted, *(self.files[place] for place in sorted(self.files))]

    def start(self, writer: str, step: int) -> None:
        session = Session(1000 + len(self.starts), writer, f"{len(self.starts):06x}")
        hidden = [
            (older, last)
            for older, last in self.ends.items()
            if older.writer == writer and (last > step or not step)
        ]
        self.sessions[writer] = session
        self.starts[session] = (step, hidden)
        self.ends[session] = step - 1

    def commit(self, writer: str, ahead: int, what: int) -> None:
        if writer not in self.sessions:
            self.start(writer, ahead)
        session = self.sessions[writer]
        step = self.ends[session] + 1 + ahead
        self.files[session, self.commits] = committed(session, *self.starts[session], step, what)
        self.ends[session] = step
        self.commits += 1

    def merge(self, writer: str, count: int) -> None:
        """The last files of a writer's session become one."""
        own = [place for place in sorted(self.files) if place[0] == self.sessions.get(writer)]
        self._put_one(own[-count:])

    def compact(self) -> None:
        merged = [self.files.pop(place) for place in sorted(self.files)]
        if merged:
            self.compacted = [joined([*self.compacted, *merged])]

    def lose(self, number: int) -> None:
        if self.files:
            del self.files[sorted(self.files)[number % len(self.files)]]

    def _put_one(self, places: Sequence[tuple[Session, int]]) -> None:
        if len(places) > 1:
            merged = [self.files.pop(place) for place in places]
            self.files[places[0]] = joined(merged)


def joined(parts: Sequence[Segment]) -> Segment:
    gathering = gather([Part.whole(each) for each in parts])
    return segment_of(gathering, [failure for each in parts for failure in each.failures])


writers = st.sampled_from(("main", "rank1", "rank2"))
commits = st.tuples(st.just("commit"), writers, st.integers(0, 2), st.integers(0, 200))
events = st.one_of(
    commits,
    commits,
    commits,
    st.tuples(st.just("start"), writers, st.integers(0, 6)),
    st.tuples(st.just("merge"), writers, st.integers(2, 6)),
    st.tuples(st.just("compact")),
    st.tuples(st.just("lose"), st.integers(0, 9)),
)
questions = st.sets(st.sampled_from(("steps", "places", "scalars", "declarations")))
"""What is asked of the union at a moment: what is not asked, catches up later."""


def ask(union: Union, wanted: set[str]) -> None:
    for name in wanted & {"steps", "declarations"}:
        getattr(union, name)
    if "places" in wanted:
        for each in list(union.declarations)[:2]:
            union.places(each)
    if "scalars" in wanted:
        dict(union.scalars.values)


def same(one: npt.NDArray[np.generic], other: npt.NDArray[np.generic]) -> None:
    np.testing.assert_array_equal(one, other)


def check_alike(grown: Union, anew: Union) -> None:
    """Also the order in which series and curves come."""
    same(grown.steps, anew.steps)
    assert list(grown.declarations.items()) == list(anew.declarations.items())
    assert list(grown.failures) == list(anew.failures)
    for each in anew.declarations:
        here, there = grown.places(each), anew.places(each)
        same(here.steps, there.steps)
        same(here.rows, there.rows)
        assert [grown.segment(number) for number in here.segments.tolist()] == [
            anew.segment(number) for number in there.segments.tolist()
        ]
    one, other = grown.scalars, anew.scalars
    assert list(one.values) == list(other.values)
    for name in ("steps", "time", "epoch"):
        same(getattr(one, name), getattr(other, name))
    for name in other.values:
        same(one.values[name], other.values[name])


@given(st.lists(st.tuples(events, questions), max_size=40))
@settings(max_examples=150, deadline=None)
def test_a_union_that_grew_is_one_made_anew(story: Sequence[tuple[Event, set[str]]]) -> None:
    life, union = Life(), Union()
    for (what, *how), wanted in story:
        getattr(life, what)(*how)
        union = union.after(life.segments)
        ask(union, wanted)
    check_alike(union, Union(life.segments))


@given(st.lists(events, max_size=30))
@settings(max_examples=100, deadline=None)
def test_a_union_is_what_its_definition_says(story: Sequence[Event]) -> None:
    life = Life()
    for what, *how in story:
        getattr(life, what)(*how)
    union = Union(life.segments)
    entries = list(slow_entries(life.segments))
    assert union.steps.tolist() == sorted({each.step for each in entries})
    frames = {(layer, each.step): row for each in entries for layer, row in each.rows.items()}
    found = {
        (each.layer, step): (union.segment(number), row)
        for each in union.declarations
        for step, number, row in zip(*(a.tolist() for a in union.places(each)), strict=True)
    }
    assert found == frames
    numbers = {
        (name, each.step): value
        for each in entries
        for name, value in each.numbers.items()
        if not math.isnan(value)
    }
    scalars = union.scalars
    assert numbers == {
        (name, step): value
        for name, column in scalars.values.items()
        for step, value in zip(scalars.steps.tolist(), column.tolist(), strict=True)
        if not math.isnan(value)
    }


@given(st.lists(commits, max_size=30), st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_the_order_in_which_segments_arrive_does_not_matter(
    story: Sequence[tuple[str, str, int, int]], random: Random
) -> None:
    life, union = Life(), Union()
    for _, writer, ahead, what in story:
        life.commit(writer, ahead, what)
    places = list(life.files)
    random.shuffle(places)
    for number in range(len(places)):
        union = union.after([life.files[place] for place in sorted(places[: number + 1])])
        ask(union, {"places"} if number % 3 == 0 else {"scalars"})
    check_alike(union, Union(life.segments))


@dataclass
class Entry:
    """One visible step of one segment, the slow way."""

    step: int
    order: tuple[float, int]
    rows: dict[str, tuple[Segment, int]] = field(default_factory=dict)
    numbers: dict[str, float] = field(default_factory=dict)


def slow_entries(segments: Sequence[Segment]) -> Iterator[Entry]:
    """All of them, the later ones last."""
    found: list[Entry] = []
    resumed = {session: at for each in segments for session, at in each.index.sessions}
    hides = {session: hidden for each in segments for session, hidden in each.index.hides}
    hidden = find_hidden(resumed, hides)
    for position, segment in enumerate(segments):
        for place, (step, time, _, number) in enumerate(segment.steps.tolist()):
            spans = hidden[segment.index.sessions[number][0]]
            if any(first <= step <= last for first, last in spans):
                continue
            entry = Entry(step, (time, position))
            for row, (series, at, *_) in enumerate(segment.rows.tolist()):
                if at == place:
                    layer = segment.index.series[series].key.layer
                    entry.rows[layer] = (segment, row)
            entry.numbers = dict(
                zip(segment.index.scalars, segment.scalars[place].tolist(), strict=True)
            )
            found.append(entry)
    return iter(sorted(found, key=lambda each: each.order))


def test_a_look_that_brings_nothing_shares_every_table() -> None:
    life = Life()
    for step in range(20):
        life.commit("main", 0, 8 * step + 7)
    union = Union(life.segments)
    steps, places = union.steps, union.places(key("a"))
    later = union.after([*life.segments])
    assert later.steps.base is steps.base
    assert later.places(key("a")).rows.base is places.rows.base


def test_one_step_more_copies_no_table() -> None:
    """What a reader holds of an earlier moment stays as it was."""
    life = Life()
    for step in range(40):
        life.commit("main", 0, 8 * (step % 3) + 7)
    union = Union(life.segments)
    life.commit("main", 0, 7)
    union = union.after(life.segments)
    before = union.places(key("a"))
    life.commit("main", 0, 7)
    after = union.after(life.segments).places(key("a"))
    assert after.steps.base is before.steps.base
    assert (len(before.steps), len(after.steps)) == (41, 42)


def test_only_the_segments_that_are_new_are_looked_at() -> None:
    """A segment whose tables are gone breaks whoever looks at it again."""
    life = Life()
    for _ in range(10):
        life.commit("main", 0, 15)
    broken = [replace(each) for each in life.segments]
    union = Union(broken)
    union.places(key("a"))
    dict(union.scalars.values)
    for each in broken:
        object.__setattr__(each, "rows", None)
        object.__setattr__(each, "row_steps", None)
        object.__setattr__(each, "scalars", None)
    life.commit("main", 0, 15)
    union = union.after([*broken, life.segments[-1]])
    assert union.places(key("a")).steps.tolist() == list(range(11))
    assert len(union.scalars.values["loss"]) == 11
