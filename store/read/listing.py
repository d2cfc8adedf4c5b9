"""What a run's folder has at this moment, and what is new since the last look.

A listing is no snapshot: while files are renamed and removed, it may miss one that was there
before and after. A segment is forgotten only when a larger one holds its steps, or when two
listings in a row miss it. It may also show a new one, and not the one that was committed before it:
commits are counted, so such a gap shows, and the folder is listed again. One that stays is said.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from vizframe.errors import DamagedSegment, UnreadableSegment
from vizframe.store.format.names import (
    PROBE_FILE,
    RUN_FILE,
    Commits,
    CompactedName,
    SegmentName,
    Session,
    commits_named,
    is_of_run,
    is_passing,
    seems_a_segment,
    uncovered_names,
)
from vizframe.store.format.source import seems_ours
from vizframe.store.read.gaps import Gap, Held, find_gaps
from vizframe.store.read.identity import Identity
from vizframe.store.read.segment import Segment, read_segment

MOST_BYTES = 1 << 28
"""What is kept of all files together: the rows of 100,000 steps of 40 series are 112 MB."""

SERIES_BYTES = 8192
"""What a series of an index takes, parsed."""

MOST_LOOKS = 5
"""Listings in one refresh, while files are merged away under it."""


class State(NamedTuple):
    """Tells whether a file that could not be read has become another one."""

    inode: int
    size: int
    changed: int

    @classmethod
    def of(cls, path: Path) -> State | None:
        """None where it is gone."""
        try:
            state = os.lstat(path)
        except OSError:
            return None
        return cls(state.st_ino, state.st_size, state.st_mtime_ns)


@dataclass(slots=True)
class Fault:
    """Why a file is not read, and what it was like when that was found."""

    sentence: str
    state: State | None = None
    may_pass: bool = False
    """Whether the next look may find it cured though the file is the same: it could not be read."""

    def is_cured(self, path: Path) -> bool:
        """Whether it is worth another look."""
        return self.may_pass or State.of(path) != self.state


@dataclass(slots=True)
class Listing:
    """The files of a folder. Each is read once, and again only if it was not sound."""

    run: Path
    sound: dict[str, Segment] = field(default_factory=dict)
    """By file name, in order of session and commit."""
    faults: dict[str, Fault] = field(default_factory=dict)
    gaps: Sequence[Gap] = ()
    """Commits that no file has, in two listings at least."""
    _names: frozenset[str] = frozenset()
    _missed: frozenset[str] = frozenset()
    _weight: int = 0
    _indexes: Counter[int] = field(default_factory=Counter)
    """How many sound files share an index."""
    _identity: Identity = field(default_factory=Identity)

    def refresh(self) -> bool:
        """Look again; whether anything is new. Never raises for a file that is not sound.

        Raises:
            OSError: the folder itself cannot be listed.
        """
        names = frozenset(os.listdir(self.run))
        if names == self._names and not self._missed and not self._has_changed():
            return False
        before = [*self.sound], {text: fault.sentence for text, fault in self.faults.items()}
        for _ in range(MOST_LOOKS):
            gone = self._take_in(names)  # one that was merged away while it was opened
            known, self.gaps = {each.key for each in self.gaps}, self._find_gaps()
            if not gone and all(each.key in known for each in self.gaps):
                break
            names = frozenset(os.listdir(self.run))
        self._names = names
        return before != ([*self.sound], {text: f.sentence for text, f in self.faults.items()})

    @property
    def replaced(self) -> Sequence[str]:
        """The files whose steps are all in sound larger ones."""
        known = self.sound.keys() | self.faults.keys()
        return sorted(text for text in self._names - known if _holds_steps(text))

    def _has_changed(self) -> bool:
        """Whether a file that was not sound has changed."""
        return any(fault.is_cured(self.run / text) for text, fault in self.faults.items())

    def _take_in(self, names: frozenset[str]) -> bool:
        """Read what is new in a listing; whether a listed file had gone by then."""
        cured = {text for text, fault in self.faults.items() if fault.is_cured(self.run / text)}
        for text in cured:
            del self.faults[text]
        self._note_strangers((names - self._names) | (names & cured))
        listed = self._list_names(names)
        gone: set[str] = set()
        is_settled = False
        while not is_settled:
            usable = [text for text in listed if text not in self.faults and text not in gone]
            wanted = self._wanted_files(usable)
            unread = [text for text in wanted if text not in self.sound]
            gone.update([text for text in unread if not self._read(text)])
            # What a sound segment replaces, its name has said; a compacted run says it inside.
            is_settled = all(text in self.sound and SegmentName.parse(text) for text in unread)
        self._forget(self.sound.keys() - set(wanted))
        self.sound = {text: self.sound[text] for text in wanted}
        return bool(gone)

    def _wanted_files(self, listed: Sequence[str]) -> Sequence[str]:
        """The compacted runs, and the segments that neither they nor larger ones replace.

        What a compacted run replaces, it says inside, so segments wait until it has been read.
        """
        compacted = sorted(text for text in listed if CompactedName.parse(text))
        if any(text not in self.sound for text in compacted):
            return compacted
        covers = {text: self.sound[text].index.covers for text in compacted}
        compacted = [text for text in compacted if not _is_replaced(text, covers)]
        taken: dict[Session, list[Commits]] = {}
        for text in compacted:
            for commits in covers[text]:
                taken.setdefault(commits.session, []).append(commits)
        named = [(text, name) for text in listed if (name := SegmentName.parse(text))]
        texts = {id(name): text for text, name in named}
        segments = uncovered_names([name for _, name in named])
        if taken:
            segments = [name for name in segments if not _is_taken(name, taken)]
        return compacted + [texts[id(name)] for name in segments]

    def _find_gaps(self) -> Sequence[Gap]:
        """What is damaged, and what a compacted run has, is no gap."""
        sound = [Held.by(name) for text in self.sound if (name := SegmentName.parse(text))]
        for text in self.sound:
            if CompactedName.parse(text):
                sound += map(Held, self.sound[text].index.covers)
        return find_gaps(sound, [each for text in self.faults if (each := _held(text))])

    def _list_names(self, names: frozenset[str]) -> list[str]:
        """The names that were listed, and those that were missed for the first time."""
        missed = frozenset(self.sound) - names
        stay = missed - self._missed
        self._missed = missed
        return [*names, *stay]

    def _read(self, text: str) -> bool:
        """Take in a segment, or its fault; False where it is gone."""
        path = self.run / text
        state = State.of(path)
        try:
            segment = read_segment(path)
            self._check(segment, path)
            self._check_room(segment, path)
            self.sound[text] = segment
        except FileNotFoundError:
            return False
        except UnreadableSegment as bad:
            self.faults[text] = Fault(str(bad), state, may_pass=True)
        except DamagedSegment as bad:
            self.faults[text] = Fault(str(bad), state)
        return True

    def _check_room(self, segment: Segment, path: Path) -> None:
        """Raises DamagedSegment where all that is kept of the files would be too much."""
        total = self._weight + self._weigh(segment)
        if total > MOST_BYTES:
            raise DamagedSegment(
                f"{path} is left out: what the run's files list takes {total} bytes of memory; it "
                f"can be {MOST_BYTES}"
            )
        self._weight = total
        self._indexes[id(segment.index)] += 1

    def _weigh(self, segment: Segment) -> int:
        """Bytes that a segment adds; those of one structure share their index."""
        known = self._indexes[id(segment.index)] > 0
        return segment.weight + (0 if known else SERIES_BYTES * len(segment.index.series))

    def _forget(self, texts: Set[str]) -> None:
        """Count what the files take no longer."""
        for text in texts:
            segment = self.sound[text]
            self._indexes[id(segment.index)] -= 1
            self._weight -= self._weigh(segment)
        self._indexes = +self._indexes  # without what is zero

    def _check(self, segment: Segment, path: Path) -> None:
        """Raises DamagedSegment for a file of another run."""
        if not self._identity.run:
            self._identity = Identity.of(self.run)
        try:
            self._identity.check(segment)
        except DamagedSegment as foreign:
            raise DamagedSegment(f"{path} is foreign: {foreign}") from None

    def _note_strangers(self, names: frozenset[str]) -> None:
        """Files that are no segments by their names, but seem to be, are said so, not read."""
        for text in names:
            path = self.run / text
            if not is_of_run(text) and may_hold_steps(path):
                self.faults[text] = Fault(stranger(path), State.of(path))


def may_hold_steps(path: Path) -> bool:
    """Whether a file is a segment, or may be one under another name."""
    if path.name in (RUN_FILE, PROBE_FILE) or is_passing(path.name):
        return False
    return seems_a_segment(path.name) or seems_ours(path)


def _held(text: str) -> Held | None:
    """What a file seems to have, though it is not sound."""
    name, commits = SegmentName.parse(text), commits_named(text)
    if name is not None:
        return Held.by(name)
    return None if commits is None else Held(commits)


def stranger(path: Path) -> str:
    """What is said of an HDF5 file that has no name of the store."""
    return f"{path} is damaged or foreign: its name is not a segment's"


def _is_taken(name: SegmentName, taken: Mapping[Session, Sequence[Commits]]) -> bool:
    """Whether a compacted run has the commits."""
    return any(each.has(name.commits) for each in taken.get(name.session, ()))


def _holds_steps(text: str) -> bool:
    return SegmentName.parse(text) is not None or CompactedName.parse(text) is not None


def _is_replaced(text: str, covers: Mapping[str, Sequence[Commits]]) -> bool:
    """Whether another compacted run has all that this one has; of two alike the later one stays."""
    return any(
        other != text
        and all(any(one.has(own) for one in covers[other]) for own in covers[text])
        and (len(covers[other]) != len(covers[text]) or other > text)
        for other in covers
    )
