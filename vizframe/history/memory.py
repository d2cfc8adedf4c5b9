"""A history in memory: the same interface as the HDF5 store, for tests and notebooks.

    MemoryRun ──writer()──► MemoryWriter ──commit──► run ──history()──► MemoryHistory
    MemoryShelf: several runs by name, as the web app sees a runs directory

Frames are encoded as a store encodes them, so what comes back is what a file would give back.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

from vizframe.errors import HistoryWriteError, UnknownName
from vizframe.history.contract import History, RunSummary, Scalars, StepRecord
from vizframe.history.declaration import Declaration, RunInfo, SeriesKey
from vizframe.history.finding import Failure, Finding
from vizframe.history.memory_index import Commit, CommitIndex, KeptFrame, keep, merge_scalars
from vizframe.history.notes import MemoryNotes, Notes
from vizframe.history.selection import check_where, one_tile, sheet, stack
from vizframe.history.tiles import Tiles
from vizframe.network import FloatArray
from vizframe.network.probe import Probe


@dataclass(eq=False)
class MemoryRun:
    """What a run folder is on disk: any number of writers, any number of readers."""

    info: RunInfo = field(default_factory=lambda: new_info("memory"))
    probe: Probe | None = None
    commits: list[Commit] = field(default_factory=list)
    sessions: int = 0

    def writer(self, name: str = "main") -> MemoryWriter:
        """A new session of the named writer. Where it starts at an earlier step than a former
        session of the same name ended, it replaces that session's later steps; that step has what
        both say of it."""
        self.sessions += 1
        return MemoryWriter(self, name, self.sessions)

    def history(self) -> MemoryHistory:
        return MemoryHistory(self)


def new_info(name: str) -> RunInfo:
    return RunInfo(id=str(uuid.uuid4()), name=name, created=time.time())


class MemoryWriter:
    """One session of one writer."""

    def __init__(self, run: MemoryRun, name: str, session: int) -> None:
        self._run = run
        self._name = name
        self._session = session
        self._last = -1
        self._closed = False

    def commit(self, record: StepRecord) -> None:
        """See `HistoryWriter.commit`."""
        if self._closed:
            raise HistoryWriteError(f"the writer {self._name!r} is closed; open another one")
        if record.step <= self._last:
            raise HistoryWriteError(
                f"the step is {record.step}; it can be {self._last + 1} or more"
            )
        frames: dict[SeriesKey, KeptFrame] = {}
        for declaration, frame in record.frames:
            if declaration.key in frames:
                raise HistoryWriteError(f"step {record.step} has {declaration.key} twice")
            frames[declaration.key] = keep(declaration, frame)
        bare = StepRecord(
            step=record.step,
            scalars=dict(record.scalars),
            time=record.time,
            epoch=record.epoch,
            failures=tuple(record.failures),
            findings=tuple(record.findings),
        )
        self._run.commits.append(Commit(self._name, self._session, bare, frames))
        self._last = record.step

    def close(self) -> None:
        self._closed = True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


class MemoryHistory:
    """A reader of a `MemoryRun`. It sees what was committed up to its last `refresh`."""

    def __init__(self, run: MemoryRun) -> None:
        self._run = run
        self._seen = 0
        self._index = CommitIndex()
        self._merged: Scalars | None = None
        self.refresh()

    @property
    def info(self) -> RunInfo:
        return self._run.info

    @property
    def probe(self) -> Probe | None:
        return self._run.probe

    @property
    def version(self) -> int:
        return self._seen

    def refresh(self) -> bool:
        commits = tuple(self._run.commits)
        if len(commits) == self._seen:
            return False
        self._index = CommitIndex.of(commits)
        self._merged = None
        self._seen = len(commits)
        return True

    @property
    def steps(self) -> Sequence[int]:
        return sorted({commit.record.step for commit in self._index.commits})

    @property
    def declarations(self) -> Mapping[SeriesKey, Declaration]:
        return {key: frames[max(frames)].declaration for key, frames in self._index.series.items()}

    def series_steps(self, key: SeriesKey) -> Sequence[int]:
        return sorted(self._series(key))

    def tiles(self, key: SeriesKey, step: int, where: Sequence[int] = ()) -> Tiles:
        kept = self._kept(key, step)
        check_where(kept.declaration, where)
        return sheet(kept.tiles, where)

    def strip(self, key: SeriesKey, where: Sequence[int], steps: Sequence[int]) -> Tiles:
        frames = self._series(key)
        kept = [self._kept(key, step) for step in steps]
        newest = frames[max(frames)].declaration
        check_where(newest, where, whole=True)
        return stack(
            [one_tile(each.declaration, each.tiles, newest, where) for each in kept], newest
        )

    def columns(self, key: SeriesKey, step: int) -> Mapping[str, FloatArray]:
        return self._kept(key, step).columns

    def notes(self, key: SeriesKey, step: int) -> Sequence[str]:
        return self._kept(key, step).notes

    def scalars(self) -> Scalars:
        if self._merged is None:
            self._merged = merge_scalars([commit.record for commit in self._index.commits])
        return self._merged

    def failures(self) -> Sequence[Failure]:
        return [each for commit in self._index.commits for each in commit.record.failures]

    def findings(self) -> Sequence[Finding]:
        return [each for commit in self._index.commits for each in commit.record.findings]

    def faults(self) -> Sequence[str]:
        return ()

    def close(self) -> None:
        """Nothing is held open."""

    def _series(self, key: SeriesKey) -> Mapping[int, KeptFrame]:
        if key not in self._index.series:
            raise UnknownName("series", str(key), map(str, self._index.series))
        return self._index.series[key]

    def _kept(self, key: SeriesKey, step: int) -> KeptFrame:
        frames = self._series(key)
        if step not in frames:
            raise UnknownName("step", str(step), map(str, sorted(frames)))
        return frames[step]


class MemoryCatalog:
    """Runs by name, as the store gives those of a directory."""

    def __init__(self, runs: Mapping[str, MemoryRun] | None = None) -> None:
        self._runs = dict(runs or {})
        self._open: dict[str, MemoryHistory] = {}
        self._notes: dict[str, MemoryNotes] = {}

    def add(self, name: str, run: MemoryRun) -> None:
        """Put a run in the catalog, in place of the one that had its name."""
        self._runs[name] = run
        self._open.pop(name, None)

    def notes(self, name: str) -> Notes:
        """What was noted about the run."""
        return self._notes.setdefault(self.open(name).info.id, MemoryNotes())

    def runs(self) -> Sequence[RunSummary]:
        found = [_summary(name, run) for name, run in self._runs.items()]
        return sorted(found, key=lambda each: each.info.created if each.info else 0, reverse=True)

    def open(self, name: str) -> History:
        if name not in self._runs:
            raise UnknownName("run", name, self._runs)
        if name not in self._open:
            self._open[name] = self._runs[name].history()
        return self._open[name]


def _summary(name: str, run: MemoryRun) -> RunSummary:
    history = run.history()
    newest = max((commit.record.time for commit in run.commits), default=None)
    return RunSummary(
        name=name,
        info=run.info,
        steps=len(history.steps),
        last_step=max(history.steps, default=None),
        last_time=newest,
        bytes=sum(kept.bytes for commit in run.commits for kept in commit.frames.values()),
    )
