"""A runs directory: every run below it, by its path from there.

A run is a folder with files of the store in it, or the one file that a run was compacted to.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from threading import Lock

from vizframe.errors import UnknownName
from vizframe.history import History, RunSummary
from vizframe.history.notes import Notes, NotesFile, notes_path
from vizframe.store.format.layout import MAGIC
from vizframe.store.format.names import RUN_FILE, is_of_run
from vizframe.store.format.source import LocalFile
from vizframe.store.read.listing import State
from vizframe.store.read.origin import Folder, SingleFile
from vizframe.store.read.reader import StoreHistory
from vizframe.store.read.summary import summarize_file, summarize_folder

MOST_OPEN = 256
"""Histories that are kept for the next question; a folder may have thousands of runs."""

DEEPEST = 4
"""How many folders below the runs directory runs are looked for."""


class RunCatalog:
    """The runs of a directory; a `vizframe.history.Catalog`.

    Given a run itself, the catalog has just that one, under its own name.
    """

    def __init__(self, runs_dir: str | os.PathLike[str]) -> None:
        self.runs_dir = Path(runs_dir)
        self._open: dict[str, tuple[State | None, StoreHistory]] = {}
        self._lock = Lock()

    def runs(self) -> Sequence[RunSummary]:
        """Newest first. No segment is opened: names say the steps."""
        return sorted((self._summarize(run) for run in self._runs()), key=_age)

    def open(self, name: str) -> History:
        """The run's history; the same one again while it is the same run.

        Raises:
            UnknownName: there is no such run.
            HistoryError: it cannot be read.
        """
        try:
            run = self._find(name)
        except UnknownName:
            self._open.pop(name, None)
            raise
        state = State.of(run / RUN_FILE if run.is_dir() else run)
        with self._lock:
            known = self._open.pop(name, None)  # and in again, behind those not asked since
            if known is None or known[0] != state:
                origin = Folder(run) if run.is_dir() else SingleFile(LocalFile(run))
                known = state, StoreHistory(origin)
            self._open[name] = known
            for longest_ago in [*self._open][:-MOST_OPEN]:
                del self._open[longest_ago]
            return known[1]

    def folder(self, name: str) -> Path:
        """Where the run lies: a folder, or the one file of a compacted run. Raises UnknownName."""
        return self._find(name)

    def notes(self, name: str) -> Notes:
        """What was noted about the run, in a file beside it.

        Raises:
            UnknownName, HistoryError: as `open` does.
        """
        return NotesFile(notes_path(self._find(name)), self.open(name).info.id)

    def _runs(self) -> Iterator[Path]:
        if is_run(self.runs_dir):
            yield self.runs_dir
        else:
            yield from _runs_below(self.runs_dir, 1)

    def _name(self, run: Path) -> str:
        if run == self.runs_dir:
            return run.resolve().name
        return run.relative_to(self.runs_dir).as_posix()

    def _find(self, name: str) -> Path:
        """The place of a run; a name never leads out of the directory. Raises UnknownName."""
        path = PurePosixPath(name)
        if name == path.as_posix() and not path.is_absolute() and ".." not in path.parts:
            run = self.runs_dir / path
            if run != self.runs_dir and is_run(run) and not _is_linked(run, self.runs_dir):
                return run
        known = {self._name(run): run for run in self._runs()}
        if name not in known:
            raise UnknownName("run", name, sorted(known))
        return known[name]

    def _summarize(self, run: Path) -> RunSummary:
        name = self._name(run)
        return summarize_folder(name, run) if run.is_dir() else summarize_file(name, run)


def is_run(path: Path) -> bool:
    """Whether it is a run's folder, or a file that begins as a compacted run does."""
    try:
        if path.suffix == ".h5" and path.is_file() and not path.is_symlink():
            with path.open("rb") as file:
                return file.read(len(MAGIC)) == MAGIC
        return any(is_of_run(name) for name in os.listdir(path))
    except (OSError, ValueError):  # gone, no folder, not ours to read; or no path at all
        return False


def _runs_below(folder: Path, depth: int) -> Iterator[Path]:
    """The runs in a folder; links are not followed, so that none leads out or round."""
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:  # gone, or not ours to read: no run is there for us
        return
    for entry in entries:
        path = folder / entry.name
        if entry.name.startswith(".") or entry.is_symlink():
            continue
        if is_run(path):
            yield path
        elif depth < DEEPEST and entry.is_dir():
            yield from _runs_below(path, depth + 1)


def _is_linked(run: Path, above: Path) -> bool:
    """Whether the run, or a folder between it and the one above, is a link."""
    between = [run, *run.parents]
    return any(path.is_symlink() for path in between[: between.index(above)])


def _age(summary: RunSummary) -> tuple[float, str]:
    """Newest first, then by name."""
    created = summary.info.created if summary.info else summary.last_time or 0.0
    return -created, summary.name
