"""A spool: a file without a name, in which most of a step waits for its commit.

plugin ─► frame ─► encoded ─► spool ─┐          the first of a step wait in memory: a small step
                                     ├─► draft  is written once
     index, numbers, the first frames┘

The file loses its name as soon as it is made, so that nothing of it stays however the process ends;
its bytes go with the last frame that lies in it. A disk that refuses one is not asked again: what
comes then stays in memory, and the commit says what is wrong with the disk.
"""

from __future__ import annotations

import errno
import itertools
import os
import weakref
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from vizframe.history import Declaration, Tiles
from vizframe.history.aside import Array
from vizframe.history.stored_frame import StoredFrame
from vizframe.store.format.checksum import crc32
from vizframe.store.format.image import Buffer, np_bytes
from vizframe.store.format.layout import STORED
from vizframe.store.format.names import temporary_name
from vizframe.store.format.source import read_full
from vizframe.store.write.disk import Disk
from vizframe.store.write.publish import discard
from vizframe.store.write.records import tile_records

HELD = 1 << 24
"""Bytes of a step that wait in memory: to write so few twice takes longer than it saves room."""

PIECE = 1 << 22
"""Bytes that are read at once on the way from the spool to the draft."""

_numbers = itertools.count()


class _File:
    """Closed when nobody refers to it any more."""

    def __init__(self, disk: Disk, folder: Path) -> None:
        path = temporary_name(folder, "spool", next(_numbers))
        self.fd = disk.create(path)
        weakref.finalize(self, os.close, self.fd)
        discard(disk, path)


@dataclass(frozen=True, slots=True, eq=False)
class SpooledBytes:
    """Bytes in a spool, a `vizframe.store.format.image.Blocks`."""

    file: _File
    offset: int
    size: int
    crc32: int

    def __len__(self) -> int:
        return self.size

    def blocks(self) -> Iterator[Buffer]:
        """All of them, a few at a time. Raises OSError."""
        for begin in range(0, self.size, PIECE):
            block = bytearray(min(PIECE, self.size - begin))
            self._read(memoryview(block), begin)
            yield block

    def read(self, dtype: np.dtype[Any], shape: tuple[int, ...]) -> Array:
        """All of them at once, as an array. Raises OSError."""
        values = np.empty(shape, dtype)
        self._read(np_bytes(values), 0)
        return values

    def _read(self, view: memoryview, begin: int) -> None:
        if read_full(self.file.fd, view, self.offset + begin) < len(view):
            raise OSError(errno.EIO, os.strerror(errno.EIO))


class SpooledFrame(StoredFrame):
    """A stored frame whose pixels are in a spool; whoever asks for its tiles has them read.

    Attributes:
        piece: the pixels.
        records: what a segment keeps beside each tile.
        dtype: of a pixel.
    """

    __slots__ = ("_shape", "dtype", "piece", "records")
    piece: SpooledBytes
    records: npt.NDArray[np.void]
    dtype: np.dtype[Any]
    _shape: tuple[int, ...]

    def __init__(
        self, frame: StoredFrame, piece: SpooledBytes, records: npt.NDArray[np.void]
    ) -> None:
        stored = frame.tiles.stored
        super().__init__(frame, replace(frame.tiles, stored=stored[:0].copy()))  # no view of all
        own = {"piece": piece, "records": records, "dtype": stored.dtype, "_shape": stored.shape}
        for name, each in own.items():
            object.__setattr__(self, name, each)

    @property
    def tiles(self) -> Tiles:
        """Raises OSError."""
        return replace(self._tiles, stored=self.piece.read(self.dtype, self._shape))

    @property
    def stored_shape(self) -> tuple[int, ...]:
        return self._shape


class Spool:
    """Room for one step, a `vizframe.history.aside.Aside`."""

    def __init__(self, disk: Disk, folder: Path) -> None:
        self._disk, self._folder = disk, folder
        self._file: _File | None = None
        self._held = self._end = 0
        self._refused = False

    def frame(self, declaration: Declaration, frame: StoredFrame) -> StoredFrame:
        tiles = frame.tiles
        pixels = STORED[declaration.encoding]
        if self._may_stay(tiles.stored.nbytes) or tiles.stored.dtype != pixels:
            return frame
        stored = np_bytes(tiles.stored)
        piece = self._put(stored)
        return frame if piece is None else SpooledFrame(frame, piece, tile_records(tiles, stored))

    def array(self, values: Array) -> Callable[[], Array]:
        if self._may_stay(values.nbytes):
            return lambda: values
        piece, dtype, shape = self._put(np_bytes(values)), values.dtype, values.shape
        if piece is None:
            return lambda: values
        return lambda: piece.read(dtype, shape)

    def _may_stay(self, size: int) -> bool:
        """Whether so many bytes more are few; they then stay in memory."""
        if self._refused or self._held + size <= HELD:
            self._held += size
            return True
        return False

    def _put(self, data: memoryview) -> SpooledBytes | None:
        """None where the disk refuses it."""
        try:
            if self._file is None:
                self._file = _File(self._disk, self._folder)
            self._disk.write(self._file.fd, [data], self._end)
        except OSError:  # the commit says so, as it needs the same disk
            self._refused = True
            return None
        piece = SpooledBytes(self._file, self._end, len(data), crc32(data))
        self._end += len(data)
        return piece
