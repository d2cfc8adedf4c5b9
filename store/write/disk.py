"""Every change that the store makes on a disk goes through here, and nothing else does.

One small class, so that a test can put a recorder in its place and replay a power cut between any
two system calls.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from vizframe.store.format.image import Buffer

MOST_BUFFERS = 512
"""Buffers in one system call; Linux takes 1,024."""


class Disk:
    """The operating system's calls, as the store uses them. All raise OSError."""

    def create(self, path: Path) -> int:
        """A descriptor of a new file; one that exists already, or a link, is an error."""
        flags = os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW
        return os.open(path, flags, 0o666)

    def write(self, fd: int, buffers: Sequence[Buffer], offset: int) -> None:
        """All buffers one after the other, from the offset on."""
        for start in range(0, len(buffers), MOST_BUFFERS):
            offset = self._write_all(fd, list(buffers[start : start + MOST_BUFFERS]), offset)

    def _write_all(self, fd: int, buffers: list[Buffer], offset: int) -> int:
        while buffers:
            done = os.pwritev(fd, buffers, offset)
            offset += done
            buffers = _rest(buffers, done)
        return offset

    def resize(self, fd: int, size: int) -> None:
        """Make the file this long; what was not written reads as zeros."""
        os.ftruncate(fd, size)

    def sync(self, fd: int) -> None:
        """Return when what was written is on the disk."""
        os.fsync(fd)

    def close(self, fd: int) -> None:
        os.close(fd)

    def rename(self, source: Path, target: Path) -> None:
        """Atomic: the target is the old file or the new one, never neither."""
        os.rename(source, target)

    def link(self, source: Path, target: Path) -> None:
        """Raises FileExistsError where there is a target: the first one wins."""
        os.link(source, target)

    def unlink(self, path: Path) -> None:
        os.unlink(path)

    def sync_folder(self, folder: Path) -> None:
        """Return when the folder's names are on the disk."""
        fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)


def _rest(buffers: list[Buffer], done: int) -> list[Buffer]:
    """What a short write left over."""
    rest: list[Buffer] = []
    for buffer in buffers:
        size = len(buffer)
        if done >= size:
            done -= size
        else:
            rest.append(memoryview(buffer)[done:])
            done = 0
    return rest
