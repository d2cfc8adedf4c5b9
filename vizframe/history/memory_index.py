"""What the commits of a run in memory amount to: which stand, and which frame each series has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np

from vizframe.history.contract import Scalars, StepRecord
from vizframe.history.declaration import Declaration, SeriesKey
from vizframe.history.encoding import encode_frame
from vizframe.history.tiles import Tiles
from vizframe.network import FloatArray
from vizframe.plugin.frame import Frame


@dataclass(frozen=True, slots=True, eq=False)
class KeptFrame:
    """A frame as it was committed, encoded."""

    declaration: Declaration
    tiles: Tiles
    columns: Mapping[str, FloatArray]
    notes: tuple[str, ...]

    @property
    def bytes(self) -> int:
        return self.tiles.stored.nbytes + sum(column.nbytes for column in self.columns.values())


@dataclass(frozen=True, slots=True, eq=False)
class Commit:
    """A step of one writer's session."""

    writer: str
    session: int
    record: StepRecord
    frames: Mapping[SeriesKey, KeptFrame]


def keep(declaration: Declaration, frame: Frame) -> KeptFrame:
    """Raises HistoryWriteError for a frame that is not as declared."""
    tiles = encode_frame(declaration, frame)
    if np.shares_memory(tiles.stored, frame.values):  # the caller may write to its array again
        tiles = replace(tiles, stored=tiles.stored.copy())
    columns = {name: np.array(column, np.float32) for name, column in frame.columns.items()}
    for array in (tiles.stored, tiles.low, tiles.high, *columns.values()):
        array.setflags(write=False)  # readers are given views
    return KeptFrame(declaration, tiles, columns, tuple(frame.notes))


@dataclass(frozen=True, slots=True, eq=False)
class CommitIndex:
    """What the commits seen so far amount to."""

    commits: tuple[Commit, ...] = ()
    series: Mapping[SeriesKey, Mapping[int, KeptFrame]] = field(default_factory=dict)

    @classmethod
    def of(cls, commits: Sequence[Commit]) -> Self:
        ordered = sorted(_standing_commits(commits), key=lambda commit: commit.record.step)
        series: dict[SeriesKey, dict[int, KeptFrame]] = {}
        for commit in ordered:
            for key, kept in commit.frames.items():
                series.setdefault(key, {})[commit.record.step] = kept
        return cls(tuple(ordered), series)


def _standing_commits(commits: Sequence[Commit]) -> Iterator[Commit]:
    """The commits that no later session of the same writer has replaced, oldest first: it replaces
    those behind its first one, and shares that one."""
    resumed: dict[tuple[str, int], int] = {}
    for commit in commits:
        resumed.setdefault((commit.writer, commit.session), commit.record.step)
    for commit in commits:
        later = (
            step
            for (writer, session), step in resumed.items()
            if writer == commit.writer and session > commit.session
        )
        # The first step of a session shows the weights that it goes on from; 0 begins anew.
        if commit.record.step <= min((step or -1 for step in later), default=commit.record.step):
            yield commit


def merge_scalars(records: Sequence[StepRecord]) -> Scalars:
    """The numbers of records in order of their steps, as columns. Of two records of one step the
    later one wins, name by name."""
    steps = sorted({record.step for record in records})
    row = {step: number for number, step in enumerate(steps)}
    names = dict.fromkeys(name for record in records for name in record.scalars)
    values = {name: np.full(len(steps), np.nan) for name in names}
    time_, epoch = np.zeros(len(steps)), np.full(len(steps), np.nan)
    for record in records:
        at = row[record.step]
        time_[at] = record.time
        epoch[at] = epoch[at] if record.epoch is None else record.epoch
        for name, value in record.scalars.items():
            values[name][at] = value
    return Scalars(np.array(steps, np.int64), time_, epoch, values)
