"""Frames from segments into a merged one: read by the file, checked, and written run by run.

A small frame costs microseconds to check, and as much for each system call. So a small file is read
at once, and what lies side by side in the merged one is written at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from vizframe.store.format.checksum import crc32
from vizframe.store.format.image import Buffer, np_bytes
from vizframe.store.format.index import SeriesIndex
from vizframe.store.format.layout import Row
from vizframe.store.format.memory import MemorySource
from vizframe.store.format.source import Source, damage_error
from vizframe.store.read.frames import read_stored, room_for
from vizframe.store.write.disk import Disk
from vizframe.store.write.gather import Gathering, Part

SMALL = 1 << 22
"""Bytes of a file that is read at once."""

BATCH = 1 << 24
"""Bytes that wait to be written, and one frame more."""

GAP = 1 << 12
"""Bytes between two pieces that are written as zeros, which a new file has there anyway: a system
call costs more, and lets a busy main thread have the interpreter."""


@dataclass(slots=True)
class Batch:
    """Pieces on their way to their places in a new file, each place once."""

    disk: Disk
    fd: int
    gap: int = 0
    """Bytes between pieces that may be filled with zeros, since nothing is there yet."""
    _pieces: list[tuple[int, Buffer]] = field(default_factory=list)
    _bytes: int = 0

    def put(self, offset: int, piece: Buffer) -> None:
        if len(piece):
            self._pieces.append((offset, piece))
            self._bytes += len(piece)
            if self._bytes >= BATCH:
                self.flush()

    def flush(self) -> None:
        """Write them, neighbours together."""
        run: list[Buffer] = []
        begin = end = 0
        for offset, piece in sorted(self._pieces, key=_offset):
            if run and end <= offset <= end + self.gap:
                run += [bytes(offset - end), piece] if offset > end else [piece]
            else:
                self._write(run, begin)
                run, begin = [piece], offset
            end = offset + len(piece)
        self._write(run, begin)
        self._pieces, self._bytes, self.gap = [], 0, 0

    def _write(self, run: Sequence[Buffer], begin: int) -> None:
        if run:
            self.disk.write(self.fd, run, begin)


def _offset(piece: tuple[int, Buffer]) -> int:
    return piece[0]


def copy_frames(
    batch: Batch, parts: Sequence[Part], gathering: Gathering, target: Sequence[SeriesIndex]
) -> None:
    """All frames that were gathered, to their places in the target's series.

    Raises:
        DamagedSegment: a frame does not have its checksums.
        OSError: the disk refused.
    """
    rows = gathering.rows
    places = list(zip(rows["series"].tolist(), rows["frame"].tolist(), strict=True))
    for part, of_part in zip(parts, _by_part(gathering, len(parts)), strict=True):
        if not len(of_part):
            continue
        olds = part.segment.rows[gathering.origins[of_part, 1]].tolist()
        with part.segment.file.open() as source:
            whole = _read_whole(source)
            for row, new in zip(olds, of_part.tolist(), strict=True):
                old = Row._make(row)
                series, frame = places[new]
                taken = _take(source, whole, part.segment.index.series[old.series], old)
                for offset, piece in zip(_extents(target[series], frame), taken, strict=True):
                    batch.put(offset, piece)


def _by_part(gathering: Gathering, parts: int) -> Iterator[npt.NDArray[np.intp]]:
    """The rows that come from each part."""
    numbers = gathering.origins[:, 0]
    order = np.argsort(numbers, kind="stable")
    bounds = np.searchsorted(numbers[order], np.arange(parts + 1))
    for first, end in pairwise(bounds.tolist()):
        yield order[first:end]


def _read_whole(source: Source) -> memoryview | None:
    """A small file's bytes."""
    if isinstance(source, MemorySource):
        return source.data
    if source.size > SMALL:
        return None
    whole = memoryview(bytearray(source.size))
    source.read_into(whole, 0)
    return whole


def _extents(series: SeriesIndex, frame: int) -> tuple[int, int, int]:
    """Where a frame, its tile records and its columns lie."""
    return (
        series.stored + frame * series.frame_bytes,
        series.tiles + frame * series.record_bytes,
        series.columns + frame * series.column_bytes,
    )


def _take(
    source: Source, whole: memoryview | None, series: SeriesIndex, row: Row
) -> Sequence[memoryview]:
    """A frame's bytes, its tile records' and its columns'. Raises DamagedSegment."""
    sizes = (series.frame_bytes, series.record_bytes, series.column_bytes)
    places = zip(_extents(series, row.frame), sizes, strict=True)
    if whole is not None and series.packing is None:
        taken = [whole[offset : offset + size] for offset, size in places]
    else:
        stored = room_for(series.declaration, series.tile_count)
        taken = [np_bytes(stored), *(memoryview(bytearray(size)) for size in sizes[1:])]
        read_stored(source, series, row.frame, 0, taken[0])
        for view, (offset, _) in list(zip(taken, places, strict=True))[1:]:
            source.read_into(view, offset)
    if tuple(map(crc32, taken)) != (row.stored, row.tiles, row.columns):
        raise damage_error(source, f"frame {row.frame} of {series.key} does not have its checksums")
    return taken
