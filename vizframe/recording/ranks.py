"""Which workers of a distributed training record, and how they come together in one run.

    rank 0 (the lowest that records)   names the run, writes run.json with the job, and the probe
    the others                         find the run of their job, or wait for it; write as rank N

They need nothing in common but the folder: no message goes between them, so a worker that dies, or
comes late, stops nobody.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from vizframe.errors import UsageError
from vizframe.network.worker import Worker
from vizframe.reading.runs_folder import RUNS
from vizframe.recording.past import make_run_folder

PATIENCE = 60.0
"""Seconds that a worker waits for the run of its job; a synchronous training waits as long for its
first update, since the leader records before it."""

LATE = 30.0
"""Seconds by which a worker may be younger than the run, and still have begun with it."""

_BORN = time.monotonic()


@dataclass(frozen=True, slots=True)
class Ranks:
    """The ranks that record; None for all."""

    chosen: tuple[int, ...] | None = (0,)

    @classmethod
    def of(cls, text: str | int) -> Self:
        """``"all"``, or ranks by comma. Raises UsageError."""
        words = [word.strip() for word in str(text).split(",")]
        if words == ["all"]:
            return cls(None)
        if not all(word.isascii() and word.isdecimal() and len(word) < 10 for word in words):
            raise UsageError(f"ranks is {text!r}; it can be 'all', or numbers such as 0 or 0,2,5")
        return cls(tuple(sorted({int(word) for word in words})))

    def has(self, rank: int) -> bool:
        return self.chosen is None or rank in self.chosen

    @property
    def leader(self) -> int:
        """Who names the run and whose probe and network it shows."""
        return 0 if self.chosen is None else self.chosen[0]

    def check(self, worker: Worker) -> None:
        """Raises UsageError where a rank is named that is not there."""
        beyond = [rank for rank in self.chosen or () if rank >= worker.size]
        if beyond:
            raise UsageError(
                f"ranks has {beyond[0]}; the training has {worker.size} workers, so it can be 0 to "
                f"{worker.size - 1}, or 'all'"
            )


@dataclass(frozen=True, slots=True)
class Meeting:
    """Where the workers of a job come together.

    Attributes:
        job: see `vizframe.network.worker.job_of_environment`.
        run: the run's folder, where it was given; None for the first free name of this stem.
        stem: what a free name begins with.
        runs: the folder in which a free name is looked for.
    """

    job: str
    run: Path | None
    stem: str
    runs: Path = RUNS

    def beside(self, run: Path) -> Meeting:
        """Where they come together when another training has this run."""
        return Meeting(self.job, None, run.name, run.parent)

    def has_run_of(self, group: str) -> bool:
        """Whether any run there is of this group, which the runs of one script share."""
        return any(_said(each, "group") == group for each in self._candidates())

    def path(self, worker: Worker | None, ranks: Ranks) -> Path | None:
        """The run's folder; None for a worker that is not asked to record.

        For the lowest rank that records it is a new one, unless it was said; for the others the
        one that the lowest has made. A training of one process is like the lowest.

        Raises:
            UsageError: it did not appear in time, or a rank is named that is not there.
        """
        if worker is None:
            return self.run or make_run_folder(self.stem, self.runs)
        ranks.check(worker)
        if not ranks.has(worker.rank):
            return None
        if worker.rank == ranks.leader:
            return self.run or self._own() or make_run_folder(self.stem, self.runs)
        found = self._wait()
        if found is None:
            where = self.run or self.runs / self.stem
            raise UsageError(
                f"rank {worker.rank} does not record: rank {ranks.leader} has made no run at "
                f"{str(where)!r} within {PATIENCE:.0f} s; give a folder that all workers see: "
                "--run FOLDER"
            )
        return found

    def _wait(self) -> Path | None:
        end = time.monotonic() + PATIENCE
        while (found := self._own()) is None and time.monotonic() < end:
            time.sleep(0.05)
        return found

    def _own(self) -> Path | None:
        """The folder of this job's run, if it is there."""
        if self.run is not None:
            return self.run if _is_made(self.run) else None
        own = (each for each in self._candidates() if _job_of(each) == self.job)
        return next((each for each in own if _is_made(each)), None)

    def _candidates(self) -> Iterator[Path]:
        """Newest first: the job's own is among the last that were made."""
        runs, stem = (self.run.parent, self.run.name) if self.run else (self.runs, self.stem)
        found = [each.parent for each in runs.glob(f"{_literal(stem)}*/run.json")]
        return iter(sorted(found, key=_stamp, reverse=True))


def came_late(run: Path) -> bool:
    """Whether this process began long after the run. The file system's clock tells the run's age,
    so that workers' clocks may be apart."""
    age = _now_there(run) - _stamp(run)
    return age > (time.monotonic() - _BORN) + LATE


def _now_there(run: Path) -> float:
    """The time by the clock that stamps the folder's files."""
    probe = run / f".tmp-clock-{os.getpid()}"
    probe.touch()
    try:
        return probe.stat().st_mtime
    finally:
        probe.unlink(missing_ok=True)


def _stamp(run: Path) -> float:
    try:
        return (run / "run.json").stat().st_mtime
    except OSError:  # removed meanwhile
        return 0.0


def _is_made(run: Path) -> bool:
    """Whether all that the others need is there; the probe is written after ``run.json``."""
    return _job_of(run) is not None and (run / "probe.h5").exists()


def _job_of(run: Path) -> str | None:
    """Which job made a run; None where there is no run (yet)."""
    return _said(run, "job")


def _said(run: Path, what: str) -> str | None:
    """An entry of a run's ``run.json``, "" where it has none; None where there is no run (yet)."""
    try:
        said = json.loads((run / "run.json").read_bytes())
    except (OSError, ValueError):
        return None
    return str(said.get(what, "")) if isinstance(said, dict) else None


def _literal(text: str) -> str:
    """A pattern for `Path.glob` that matches this text alone."""
    return "".join(f"[{each}]" if each in "*?[" else each for each in text)
