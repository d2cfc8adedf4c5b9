"""Where bytes are read from: a regular file by ``pread``, opened for one request and closed again.

Nothing stays open between requests, so a reader of ten thousand segments holds no descriptor, and
a file that was merged away takes its space with it. Opening costs 4 µs.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path
from typing import Protocol, Self

from vizframe.errors import DamagedSegment
from vizframe.store.format.checksum import crc32
from vizframe.store.format.layout import BLOCK, MAGIC, SIGNATURE, Block, NewerLayout

LARGEST_PART = 1 << 28
"""Bytes of a part that are read at once: the steps, rows or numbers of a compacted run."""

LARGEST_PARTS = {"index": 1 << 23, **dict.fromkeys(("notes", "run", "about", "text"), 1 << 24)}
"""Of parts that are text: parsed, they take many times as much memory."""

SPARSE = 1 << 24
"""Bytes from which on a file is looked at for holes."""

DENSEST = 64
"""Of a file that a disk keeps in so many times less than its size, most was never written."""

HEAD = 1 << 14
"""Bytes that are read at once from a file's begin: most parts of a small segment lie there."""


def read_full(fd: int, view: memoryview, offset: int) -> int:
    """Fill the view with what lies at an offset of a file; how many bytes, fewer where it ends."""
    done = 0
    while done < len(view):
        more = os.preadv(fd, [view[done:]], offset + done)
        if not more:
            break
        done += more
    return done


class Source(Protocol):
    """Bytes at places."""

    @property
    def name(self) -> str:
        """What an error calls it."""
        ...

    @property
    def size(self) -> int: ...
    def read_into(self, view: memoryview, offset: int) -> None:
        """Fill a view of bytes. Raises DamagedSegment where the file ends before."""
        ...

    def read_many(self, offsets: Sequence[int], sizes: Sequence[int]) -> Sequence[bytes]:
        """So many bytes at each of the offsets; at an address all are asked for at once.

        Raises:
            DamagedSegment: the file ends before.
        """
        ...


class File(Protocol):
    """What can be opened for one request."""

    @property
    def name(self) -> str: ...
    def open(self) -> AbstractContextManager[Source]:
        """Raises DamagedSegment, OSError."""
        ...


class FileSource:
    """A file of this machine, or of a share it mounts; open within a ``with``."""

    def __init__(self, path: Path) -> None:
        """Never a link, and a FIFO is not waited for. Raises OSError."""
        self.path = path
        self._fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOFOLLOW)
        self._state: os.stat_result | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    @property
    def name(self) -> str:
        return str(self.path)

    @property
    def state(self) -> os.stat_result:
        """As it was when it was first asked for: a file of the store does not change."""
        if self._state is None:
            self._state = os.fstat(self._fd)
        return self._state

    @property
    def size(self) -> int:
        return self.state.st_size

    @property
    def is_regular(self) -> bool:
        return stat.S_ISREG(self.state.st_mode)

    @property
    def is_hollow(self) -> bool:
        """Whether it declares far more than is stored: a vizframe file has no holes."""
        state = self.state
        return state.st_size > SPARSE and 512 * state.st_blocks * DENSEST < state.st_size

    def close(self) -> None:
        os.close(self._fd)

    def read_into(self, view: memoryview, offset: int) -> None:
        done = read_full(self._fd, view, offset)
        if done < len(view):
            raise damage_error(self, f"it ends at byte {offset + done}, in the middle of its data")

    def read_many(self, offsets: Sequence[int], sizes: Sequence[int]) -> Sequence[bytes]:
        found = list(map(os.pread, repeat(self._fd), sizes, offsets))
        if sum(map(len, found)) < sum(sizes):  # short reads, which a signal may cause, or the end
            found = [self._read(offset, size) for offset, size in zip(offsets, sizes, strict=True)]
        return found

    def _read(self, offset: int, size: int) -> bytes:
        whole = bytearray(size)
        self.read_into(memoryview(whole), offset)
        return bytes(whole)


def open_source(path: Path) -> FileSource:
    """A regular file to read from.

    Raises:
        DamagedSegment: it is something else.
        OSError: it cannot be opened; FileNotFoundError where it is gone.
    """
    source = FileSource(path)
    if not source.is_regular:
        source.close()
        raise DamagedSegment(f"{path} is not a regular file")
    if source.is_hollow:
        source.close()
        raise DamagedSegment(f"{path} is damaged or foreign: most of it was never written")
    return source


def seems_ours(path: Path) -> bool:
    """Whether a file, whatever its name, begins as the store's do; not where it is unreadable."""
    try:
        with FileSource(path) as source:
            return source.is_regular and source.read_many([0], [len(MAGIC)])[0] == MAGIC
    except (OSError, DamagedSegment):
        return False


def _what_is(head: bytes) -> str:
    """What a file that is not ours seems to be. HDF5 looks for its signature at these places."""
    if any(head[place:].startswith(SIGNATURE) for place in (0, 512, 1024, 2048, 4096, 8192)):
        return "another program wrote it, or its first 16 KiB are lost"
    return "it is no HDF5 file" if head.strip(b"\0") else "it is all zeros"


@dataclass(frozen=True, slots=True)
class LocalFile:
    """A file of this machine."""

    path: Path

    @property
    def name(self) -> str:
        return str(self.path)

    def open(self) -> AbstractContextManager[Source]:
        """Not looked at again: a FIFO that took its place since cannot be read at an offset."""
        return FileSource(self.path)


@dataclass(frozen=True, slots=True)
class HeldFile:
    """A source that is open all the time: one at an address."""

    source: Source

    @property
    def name(self) -> str:
        return self.source.name

    def open(self) -> AbstractContextManager[Source]:
        return nullcontext(self.source)


def read_bytes(source: Source, offset: int, size: int) -> bytes:
    """Raises DamagedSegment where the file is shorter, or where it asks for too much at once."""
    if size > LARGEST_PART or offset + size > source.size:
        raise damage_error(
            source,
            f"it has {source.size} bytes and claims {size} at {offset}; it can be {LARGEST_PART}",
        )
    data = bytearray(size)
    source.read_into(memoryview(data), offset)
    return bytes(data)


class VerifiedParts:
    """The parts of a source that its user block vouches for.

    Raises DamagedSegment, naming the file, where the block is not sound.
    """

    def __init__(self, source: Source) -> None:
        self.source = source
        self.doubt = ""
        """What was wrong with a file that can be read all the same."""
        if source.size == 0:
            raise damage_error(source, "it is empty")
        self._head = read_bytes(source, 0, min(HEAD, source.size))
        try:
            self.block = self._read_block()
        except DamagedSegment as bad:
            raise damage_error(source, str(bad)) from bad
        if self.block.size != source.size:
            raise damage_error(
                source, f"it has {source.size} bytes; it was written with {self.block.size}"
            )

    def _read_block(self) -> Block:
        """The user block; or, where that is not sound, its copy."""
        try:
            return Block.unpack(self._head[:BLOCK])
        except NewerLayout:
            raise
        except DamagedSegment as bad:
            place = self._head.find(MAGIC, BLOCK)
            if place < 0:
                raise DamagedSegment(_what_is(self._head)) from bad
            self.doubt = f"{self.source.name} is damaged, and read all the same: {bad}"
            return Block.unpack(self._head[place : place + BLOCK])

    def __contains__(self, name: str) -> bool:
        return name in self.block.parts

    def part(self, name: str) -> bytes:
        """The bytes of a part, checked. Raises DamagedSegment, naming the file."""
        part = self.block.parts.get(name)
        if part is None:
            raise damage_error(self.source, f"it has no part {name!r}")
        most = LARGEST_PARTS.get(name, LARGEST_PART)
        if part.size > most:
            raise damage_error(
                self.source, f"its part {name!r} claims {part.size} bytes; it can be {most}"
            )
        if part.end <= len(self._head):
            data = self._head[part.offset : part.end]
        else:
            data = read_bytes(self.source, part.offset, part.size)
        if crc32(data) != part.crc32:
            raise damage_error(self.source, f"its part {name!r} does not have its checksum")
        return data


def damage_error(source: Source, reason: str) -> DamagedSegment:
    """The sentence of a file that is not sound."""
    return DamagedSegment(f"{source.name} is damaged or foreign: {reason}")
