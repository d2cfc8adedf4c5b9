"""Remove a run: the files that the store has written, and the folder if nothing else is in it."""

from __future__ import annotations

import time
from pathlib import Path

from vizframe.errors import HistoryError, HistoryWriteError
from vizframe.store.format.names import (
    RUN_FILE,
    SNAPSHOT_FILE,
    SNAPSHOT_FOLDER,
    TEMPORARY,
    WEIGHTS_FOLDER,
    is_of_run,
)
from vizframe.store.read.segment import read_segment

QUIET = 60.0
"""Seconds without a new file after which nobody seems to record."""


def remove(run: str | Path, *, force: bool = False) -> int:
    """Remove a run; the bytes that are free now.

    Files of other programs stay, and then the folder does.

    Args:
        run: its folder, or a compacted file.
        force: whether to do it though the run was written to in the last minute.

    Raises:
        HistoryError: it is no run, or a training may still record into it.
        HistoryWriteError: the disk refused; some of it may be left.
    """
    path = Path(run)
    if path.is_symlink():
        raise HistoryError(f"{path} is a link; remove the run that it leads to: {path.resolve()}")
    files = _files(path)
    if not force:
        _check_quiet(path, files)
    size = sum(each.lstat().st_size for each in files)
    try:
        for each in files:
            each.unlink(missing_ok=True)
        for folder in (*_snapshot_folders(path), path):
            if folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()
    except OSError as refused:
        raise HistoryWriteError(
            f"{path} was not removed: {refused.strerror or refused}", errno=refused.errno
        ) from refused
    return size


def _files(path: Path) -> list[Path]:
    """What the store wrote, ``run.json`` last: until then it is a run. Raises HistoryError."""
    if path.is_file():
        read_segment(path)
        return [path]
    found = [each for each in path.iterdir() if _is_ours(each)] if path.is_dir() else []
    found += [
        each
        for folder in _snapshot_folders(path)
        for each in folder.iterdir()
        if SNAPSHOT_FILE.fullmatch(each.name) and not each.is_dir()
    ]
    if not any(is_of_run(each.name) for each in found):
        raise HistoryError(f"{path} is no run: it has no {RUN_FILE} and no segment")
    return sorted(found, key=lambda each: each.name == RUN_FILE)


def _snapshot_folders(path: Path) -> list[Path]:
    """Where weights are kept; links are somebody else's."""
    if not path.is_dir():
        return []
    found = (
        each
        for each in path.iterdir()
        if SNAPSHOT_FOLDER.fullmatch(each.name) or each.name == WEIGHTS_FOLDER
    )
    return [each for each in found if each.is_dir() and not each.is_symlink()]


def _is_ours(path: Path) -> bool:
    named = is_of_run(path.name) or TEMPORARY.fullmatch(path.name) is not None
    return named and not path.is_dir()


def _check_quiet(run: Path, files: list[Path]) -> None:
    newest = max((each.lstat().st_mtime for each in files if each.name != RUN_FILE), default=0.0)
    age = time.time() - newest
    if run.is_dir() and age < QUIET:
        raise HistoryError(
            f"{run} was written to {max(0.0, age):.0f} seconds ago, so a training may still record "
            "into it; stop that first, or insist with force"
        )
