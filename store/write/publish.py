"""Publish a file: written under a name nobody reads, then renamed. Only then does it exist.

.tmp-…  ── write ── (fsync) ──►  rename to its name  ──►  (fsync of the folder)
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from vizframe.errors import HistoryWriteError
from vizframe.store.format.image import Buffer, Image
from vizframe.store.format.names import temporary_name
from vizframe.store.write.disk import Disk

AT_ONCE = 1 << 24
"""Bytes from which on what comes before is written."""

_numbers = itertools.count()


def publish_image(disk: Disk, image: Image, target: Path, *, durable: bool) -> None:
    """Make the file of an image complete and visible at once, or leave no trace.

    Raises:
        HistoryWriteError: the disk refused; it carries the errno.
    """

    def fill(fd: int) -> None:
        place = 0
        for buffers in _together(image.buffers()):
            disk.write(fd, buffers, place)
            place += sum(map(len, buffers))

    publish(disk, fill, target, durable=durable)


def _together(buffers: Iterable[Buffer]) -> Iterator[list[Buffer]]:
    """Neighbours that are written at once: what is read for that is not in memory for long."""
    waiting: list[Buffer] = []
    size = 0
    for buffer in buffers:
        waiting.append(buffer)
        size += len(buffer)
        if size >= AT_ONCE:
            yield waiting
            waiting, size = [], 0
    yield waiting


def publish(disk: Disk, fill: Callable[[int], None], target: Path, *, durable: bool) -> None:
    """Make the file that ``fill`` writes complete and visible at once, or leave no trace."""
    draft = temporary_name(target.parent, target.name.split(".")[0], next(_numbers))
    try:
        _write(disk, fill, draft, durable)
        disk.rename(draft, target)
        if durable:
            _flush_name(disk, target)
    except OSError as refused:
        discard(disk, draft)
        raise refusal(target, refused) from refused
    except BaseException:  # Ctrl-C too leaves nothing behind
        discard(disk, draft)
        raise


def _flush_name(disk: Disk, target: Path) -> None:
    """A name that cannot be flushed was not committed, so it goes again."""
    try:
        disk.sync_folder(target.parent)
    except OSError:
        discard(disk, target)
        raise


def _write(disk: Disk, fill: Callable[[int], None], draft: Path, durable: bool) -> None:
    fd = disk.create(draft)
    try:
        fill(fd)
        if durable:
            disk.sync(fd)
    finally:
        disk.close(fd)


def discard(disk: Disk, path: Path) -> None:
    """Remove a file if it can be: what cannot is swept by the next writer."""
    try:
        disk.unlink(path)
    except OSError:
        return


def refusal(target: Path, refused: OSError) -> HistoryWriteError:
    """Why a file was not written, in a sentence."""
    return HistoryWriteError(
        f"{target} was not written: {refused.strerror or refused}; "
        "what was committed before is intact",
        errno=refused.errno,
    )
