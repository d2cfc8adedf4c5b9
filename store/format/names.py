"""What the files of a run are called. A name alone says whose steps it holds, and which.

    main-00018f3c2a1b4c5d-a1b2c3.s00000000-00000063.t000000000000-000000006300.h5
    └writer └start, ns    └random └its commits       └its training steps

A listing is then enough to know the steps of a run, and which files a merged one replaces.
"""

from __future__ import annotations

import os
import re
import secrets
import socket
import time
import zlib
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import NamedTuple, Self

from vizframe.errors import UsageError

RUN_FILE = "run.json"
PROBE_FILE = "probe.h5"

WRITER = re.compile(r"[A-Za-z0-9_-]{1,40}")
SESSION = r"(?P<writer>[A-Za-z0-9_-]{1,40})-(?P<start>[0-9a-f]{16})-(?P<token>[0-9a-f]{6})"
SEGMENT = re.compile(
    SESSION + r"\.s(?P<first>\d{8})-(?P<last>\d{8})\.t(?P<low>\d{12})-(?P<high>\d{12})"
    r"(?:\.v(?P<rewrite>\d{1,6}))?\.h5"
)
COMPACTED = re.compile(
    r"compacted-(?P<created>[0-9a-f]{16})-(?P<token>[0-9a-f]{6})"
    r"\.n(?P<steps>\d{8})\.t(?P<low>\d{12})-(?P<high>\d{12})\.h5"
)
ALMOST = re.compile(rf"{SESSION}\.s\d|compacted-[0-9a-f]{{16}}-[0-9a-f]{{6}}\.n\d")
"""How a segment's name begins, and also that of one that was renamed: ``….h5.bak``, say."""

LEFT = re.compile(SESSION + r"\.s(?P<first>\d{8})-(?P<last>\d{8})")
"""What is left of a segment's name in that of one that was renamed."""

TEMPORARY = re.compile(r"\.tmp-.+-(?P<place>[0-9a-f]{8})-(?P<pid>\d+)-\d+")

CLAIM = re.compile(r"\.claim-(?P<writer>[A-Za-z0-9_-]{1,40})(?P<after>(?:\.after-[a-z0-9]+)*)")
SNAPSHOT_FOLDER = re.compile(r"snapshots(?:-rank(?P<rank>[1-9]\d{0,8}))?")
"""Of weights that are kept for a later rendering: see `vizframe.recording.snapshots`."""

WEIGHTS_FOLDER = "weights"
"""Of the newest weights, of which What if asks: see `vizframe.network.kept`."""

SNAPSHOT_FILE = re.compile(r"\d{12}\.npz|(?:config|network)\.json|refused\.txt|\.tmp-.+")

LARGEST_STEP = 10**12 - 1

MOST_NAMES = 1 << 16
"""File names of which is remembered what they say: a folder is listed again and again."""


@dataclass(frozen=True, slots=True, order=True)
class Session:
    """One life of one writer: from its creation until it closes or dies. Newer ones sort last."""

    start: int
    """Nanoseconds since 1970-01-01 UTC, later than every session of the run before it."""
    writer: str
    token: str

    @classmethod
    def new(cls, writer: str, start: int) -> Self:
        """Raises UsageError for a name that cannot be part of a file name."""
        return cls(start, check_writer(writer), secrets.token_hex(3))

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """The session that a text names, or None."""
        match = re.fullmatch(SESSION, text)
        return cls(int(match["start"], 16), match["writer"], match["token"]) if match else None

    def __str__(self) -> str:
        return f"{self.writer}-{self.start:016x}-{self.token}"


@lru_cache(maxsize=1024)
def _named_session(start: str, writer: str, token: str) -> Session:
    """One object for all names of a session, which are compared the faster."""
    return Session(int(start, 16), writer, token)


class Commits(NamedTuple):
    """Neighbouring commits of a session, both ends included."""

    session: Session
    first: int
    last: int

    def has(self, other: Commits) -> bool:
        """Whether the others are among these."""
        return (
            self.session == other.session and self.first <= other.first and other.last <= self.last
        )


@dataclass(frozen=True, slots=True)
class SegmentName:
    """Whose steps a segment holds: commits ``first`` to ``last`` of a session, both included.

    ``low`` and ``high`` are its training steps. A segment that was thinned in place counts its
    ``rewrite``; the highest replaces the others of the same commits.
    """

    session: Session
    first: int
    last: int
    low: int
    high: int
    rewrite: int = 0

    @staticmethod
    @lru_cache(maxsize=MOST_NAMES)
    def parse(text: str) -> SegmentName | None:
        """What a file name says, or None where it is not a segment's."""
        match = SEGMENT.fullmatch(text)
        if match is None:
            return None
        session = _named_session(match["start"], match["writer"], match["token"])
        first, last, low, high = map(int, match.group("first", "last", "low", "high"))
        if first > last or low > high:
            return None
        return SegmentName(session, first, last, low, high, int(match["rewrite"] or 0))

    def __str__(self) -> str:
        rewrite = f".v{self.rewrite}" if self.rewrite else ""
        return (
            f"{self.session}.s{self.first:08}-{self.last:08}.t{self.low:012}-{self.high:012}"
            f"{rewrite}.h5"
        )

    @property
    def commits(self) -> Commits:
        return Commits(self.session, self.first, self.last)

    def is_covered_by(self, other: SegmentName) -> bool:
        """Whether all that this one holds is in the other."""
        if self is other or (self.session is not other.session and self.session != other.session):
            return False
        if (self.first, self.last) == (other.first, other.last):
            return self.rewrite < other.rewrite
        return other.first <= self.first and self.last <= other.last


def uncovered_names(names: list[SegmentName]) -> list[SegmentName]:
    """The names that no other of the same session covers, in order of session and commit."""
    kept: list[SegmentName] = []
    for name in sorted(names, key=_order):
        if not (kept and name.is_covered_by(kept[-1])):
            kept.append(name)
    return kept


def _order(name: SegmentName) -> tuple[int, str, str, int, int, int]:
    """By session and commit, the larger ones first. Plain tuples compare the fastest."""
    of = name.session
    return of.start, of.writer, of.token, name.first, -name.last, -name.rewrite


@dataclass(frozen=True, slots=True, order=True)
class CompactedName:
    """All steps that a run had when it was compacted. Which segments it replaces, it says inside.

    compacted-00018f3c2a1b4c5d-a1b2c3.n00000064.t000000000000-000000006300.h5
              └when, ns        └random  └steps    └training steps
    """

    created: int
    token: str
    steps: int
    low: int
    high: int

    @classmethod
    def new(cls, steps: int, low: int, high: int) -> Self:
        return cls(time.time_ns(), secrets.token_hex(3), steps, low, high)

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """What a file name says, or None where it is not a compacted run's."""
        match = COMPACTED.fullmatch(text) if text.startswith("compacted-") else None
        if match is None:
            return None
        steps, low, high = (int(match[part]) for part in ("steps", "low", "high"))
        return cls(int(match["created"], 16), match["token"], steps, low, high)

    def __str__(self) -> str:
        return (
            f"compacted-{self.created:016x}-{self.token}.n{self.steps:08}"
            f".t{self.low:012}-{self.high:012}.h5"
        )


def is_of_run(text: str) -> bool:
    """Whether a file name is one that the store gives."""
    return (
        text in (RUN_FILE, PROBE_FILE)
        or SegmentName.parse(text) is not None
        or CompactedName.parse(text) is not None
    )


def seems_a_segment(text: str) -> bool:
    """Whether a file may hold steps, and whoever misses them should hear of it."""
    return text.endswith(".h5") or ALMOST.match(text) is not None


def commits_named(text: str) -> Commits | None:
    """The commits that a file name speaks of, though it may be no segment's any more."""
    match = LEFT.search(text)
    if match is None:
        return None
    session = _named_session(match["start"], match["writer"], match["token"])
    return Commits(session, int(match["first"]), int(match["last"]))


def claim_file(writer: str) -> str:
    """The file that says who records under a writer's name. Raises UsageError for no such name."""
    return f".claim-{check_writer(writer)}"


def check_writer(writer: str) -> str:
    """The name itself. Raises UsageError where it cannot be part of a file name."""
    if not WRITER.fullmatch(writer):
        raise UsageError(
            f"the writer's name is {writer!r}; it can be 1 to 40 letters, digits, '_' and '-'"
        )
    return writer


def is_passing(text: str) -> bool:
    """Whether a file name is one that the store gives to what comes and goes: drafts and claims."""
    return TEMPORARY.fullmatch(text) is not None or CLAIM.fullmatch(text) is not None


def temporary_name(folder: Path, what: str, number: int) -> Path:
    """A name that nobody reads, which says who is writing it: machine and process."""
    return folder / f".tmp-{what}-{this_place()}-{os.getpid()}-{number}"


@cache
def this_place() -> str:
    """Eight hex digits for where process ids mean something: host, boot and pid namespace."""
    parts = [socket.gethostname()]
    for path in ("/proc/sys/kernel/random/boot_id", "/proc/self/ns/pid"):
        try:
            parts.append(os.readlink(path) if "ns" in path else Path(path).read_text())
        except OSError:  # not Linux: the host's name has to do
            continue
    return f"{zlib.crc32('|'.join(parts).encode()):08x}"
