"""Notes and stars on a run, its steps and units: a small file beside the run.

    runs/mnist/                 the run, which notes never touch
    runs/mnist.notes.json       {"version": 1, "notes": [{"run": id, "layer": …, "text": …}, …]}

A place has one note. Writers take turns by a lock on a file of its own, and what they write is
renamed into place, so that no note is lost and no reader sees half a file. A file that is not what
it should be is left alone. What a note says is text, whoever wrote it.
"""

from __future__ import annotations

import json
import os
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Protocol, runtime_checkable

from vizframe.errors import HistoryError, UsageError

MOST_TEXT = 10_000
"""Characters of a note."""

MOST_NOTES = 10_000
MOST_BYTES = 32 << 20
PATIENCE = 10.0
"""Seconds until a lock that nobody gives back counts as held by someone who hangs."""

Place = tuple[str | None, int | None, int | None]
"""Layer, unit and step; None of what a note is not about: of all three, it is about the run."""


@dataclass(frozen=True, slots=True)
class Note:
    """What somebody wrote about a place.

    Attributes:
        text: empty where there is a star alone.
        star: whether it is one to come back to.
        layer, unit, step: what it is about; all None: the run.
        time: when it was written, in seconds since 1970.
    """

    text: str = ""
    star: bool = False
    layer: str | None = None
    unit: int | None = None
    step: int | None = None
    time: float = 0.0

    def __post_init__(self) -> None:
        if len(self.text) > MOST_TEXT:
            raise UsageError(
                f"a note has {len(self.text):,} characters; it can have up to {MOST_TEXT:,}"
            )
        if self.unit is not None and self.layer is None:
            raise UsageError("a note is about a unit without its layer; give both")

    @property
    def place(self) -> Place:
        return self.layer, self.unit, self.step

    @property
    def is_empty(self) -> bool:
        return not self.star and not self.text.strip()

    def says(self, words: str) -> bool:
        """Whether all these words stand in it, or in the name of what it is about."""
        about = f"{self.text} {self.layer or ''} unit {self.unit} step {self.step}".casefold()
        return all(word in about for word in words.casefold().split())


class Notes(Protocol):
    """The notes of one run."""

    def all(self) -> Sequence[Note]:
        """Newest first. Raises HistoryError where they cannot be read."""
        ...

    def put(self, note: Note) -> None:
        """Keep a note in place of the one that this place had; an empty one removes that.

        Raises:
            HistoryError: it cannot be kept.
        """
        ...


@runtime_checkable
class HasNotes(Protocol):
    """A catalog that keeps notes beside its runs; one of remote runs does not."""

    def notes(self, name: str) -> Notes:
        """The notes of the run of that name. Raises as `Catalog.open` does."""
        ...


@dataclass(slots=True, eq=False)
class MemoryNotes:
    """Notes that go with the process."""

    _notes: dict[Place, Note] = field(default_factory=dict)

    def all(self) -> Sequence[Note]:
        return newest_first(self._notes.values())

    def put(self, note: Note) -> None:
        self._notes.pop(note.place, None)
        if not note.is_empty:
            self._notes[note.place] = note


def newest_first(notes: Iterable[Note]) -> list[Note]:
    """The notes by the time at which they were written."""
    return sorted(notes, key=lambda note: -note.time)


@dataclass(frozen=True, slots=True)
class NotesFile:
    """The notes of a run in the file beside it.

    Attributes:
        path: of the file.
        run: the run's id: notes of one that had the same name are kept, and not shown.
    """

    path: Path
    run: str

    def all(self) -> Sequence[Note]:
        return newest_first([note for run, note in _read(self.path) if run == self.run])

    def put(self, note: Note) -> None:
        with _turn(self.path):
            kept = [
                (run, each)
                for run, each in _read(self.path)
                if (run, each.place) != (self.run, note.place)
            ]
            if not note.is_empty:
                kept.append((self.run, note))
            if len(kept) > MOST_NOTES:
                raise UsageError(f"{self.path} has {MOST_NOTES:,} notes; take some away first")
            _write(self.path, kept)


def notes_path(run: Path) -> Path:
    """Where the notes of a run lie: beside its folder, or the file it was compacted to."""
    whole = run.resolve() if run.name in ("", ".", "..") else run
    return whole.with_name(f"{whole.name.removesuffix('.h5')}.notes.json")


def _read(path: Path) -> list[tuple[str, Note]]:
    """Every note with the id of its run.

    Raises:
        HistoryError: the file is not what it should be.
    """
    try:
        if path.stat().st_size > MOST_BYTES:
            raise HistoryError(f"{path} is larger than notes can be; it is left as it is")
        given = json.loads(path.read_bytes())
    except FileNotFoundError:
        return []
    except (OSError, ValueError, RecursionError) as error:
        raise HistoryError(f"{path} cannot be read and is left as it is: {error}") from error
    entries = given.get("notes") if isinstance(given, dict) else None
    if not isinstance(entries, list) or given.get("version") != 1:
        raise HistoryError(f"{path} holds no notes of version 1; it is left as it is")
    return [_note(path, each) for each in entries]


def _note(path: Path, entry: object) -> tuple[str, Note]:
    if isinstance(entry, dict):
        run, text, star = entry.get("run"), entry.get("text", ""), entry.get("star", False)
        layer, unit, step = (entry.get(name) for name in ("layer", "unit", "step"))
        when = entry.get("time", 0.0)
        sound = (
            isinstance(run, str)
            and isinstance(text, str)
            and isinstance(star, bool)
            and (layer is None or isinstance(layer, str))
            and all(each is None or type(each) is int for each in (unit, step))
            and type(when) in (int, float)
        )
        if sound:
            try:
                return str(run), Note(text, star, layer, unit, step, float(when))
            except UsageError as error:
                raise HistoryError(f"{path}: {error}") from None
    raise HistoryError(f"{path} holds something that is no note; it is left as it is")


def _write(path: Path, notes: Sequence[tuple[str, Note]]) -> None:
    entries = [{"run": run, **asdict(note)} for run, note in notes]
    words = json.dumps({"version": 1, "notes": entries}, ensure_ascii=True, indent=1)
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
        try:
            with os.fdopen(handle, "w", encoding="ascii") as file:
                file.write(words)
                file.flush()
                os.fsync(file.fileno())
            os.chmod(name, 0o644)
            os.replace(name, path)
        except BaseException:
            with suppress(OSError):
                os.unlink(name)
            raise
    except OSError as refused:
        raise HistoryError(
            f"the note is not kept: {path.parent} cannot be written ({refused.strerror})"
        ) from refused


_OWN_TURN = threading.Lock()


@contextmanager
def _turn(path: Path) -> Iterator[None]:
    """Inside, no other writer of these notes writes, in this process or another.

    The lock is a file that is there while somebody writes: what every file system can do. One that
    stays behind a writer that died is taken away after a while.
    """
    lock = path.with_name(f".{path.name}.lock")
    with _OWN_TURN:
        _take(lock)
        try:
            yield
        finally:
            lock.unlink(missing_ok=True)


def _take(lock: Path) -> None:
    while True:
        try:
            os.close(os.open(lock, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
            return
        except FileExistsError:
            with suppress(FileNotFoundError):
                if time.time() - lock.stat().st_mtime > PATIENCE:
                    lock.unlink()
            time.sleep(0.005)
        except OSError as refused:
            raise HistoryError(
                f"the note is not kept: {lock.parent} cannot be written ({refused.strerror})"
            ) from refused
