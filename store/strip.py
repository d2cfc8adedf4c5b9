"""One tile over many steps: the film strip, read file by file."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from vizframe.history import Declaration, Tiles
from vizframe.selection import check_where
from vizframe.store.checksum import crc32
from vizframe.store.frames import as_tiles, room_for, tile_number
from vizframe.store.image import np_bytes
from vizframe.store.index import Series
from vizframe.store.layout import TILE, seeds
from vizframe.store.packing import read_packed_tile
from vizframe.store.records import Records
from vizframe.store.segment import Segment
from vizframe.store.source import FileSource, Source

Ints = npt.NDArray[np.int64]

SPAN = 1 << 17
"""Bytes of neighbouring tile records that are rather read at once than one by one."""


def read_strip(
    segments: Sequence[Segment],
    files: Ints,
    rows: Ints,
    newest: Declaration,
    where: Sequence[int],
    kept: Records,
) -> Tiles:
    """One tile over steps, in the newest declaration's shape and encoding.

    A step that was recorded in another shape, or without this tile, comes back missing.

    Args:
        segments: of the run.
        files: for each step the number of its segment.
        rows: for each step its row there.
        newest: the declaration to show.
        where: the tile's full index.
        kept: tile records that earlier strips have read.

    Raises:
        FileNotFoundError: a file was merged away.
    """
    check_where(newest, where, whole=True)
    records = np.zeros(len(rows), TILE)
    stored = room_for(newest, len(rows))
    view = np_bytes(stored)
    size = len(view) // max(1, len(rows))
    views = [view[place * size : (place + 1) * size] for place in range(len(rows))]
    absent = np.ones(len(rows), np.bool_)
    for file in dict.fromkeys(files.tolist()):
        segment = segments[file]
        numbers = np.flatnonzero(files == file)
        table = segment.rows[rows[numbers]]
        with segment.file.open() as source:
            for place in dict.fromkeys(table["series"].tolist()):
                series = segment.index.series[place]
                if not _is_alike(series.declaration, newest, where):
                    continue
                chosen = table["series"] == place
                frames = table["frame"][chosen].astype(np.int64)
                tile = tile_number(series, where)
                own = numbers[chosen]
                absent[own] = False
                records[own] = _read_records(source, segment, place, frames, tile, kept)
                _read_tiles(source, series, frames, tile, [views[at] for at in own.tolist()])
    sums = [crc32(tile, seed) for tile, seed in zip(views, seeds(records), strict=True)]
    missing = (np.array(sums, np.uint32) != records["crc32"]) | absent
    stored[missing] = 0
    records[missing] = np.zeros((), TILE)
    return as_tiles(newest, stored, records, missing, (len(rows),))


def _read_records(
    source: Source, segment: Segment, place: int, frames: Ints, tile: int, kept: Records
) -> npt.NDArray[np.void]:
    """The records of one tile in several frames: in one read where they lie close."""
    series = segment.index.series[place]
    first, last = int(frames.min()), int(frames.max())
    count = series.tile_count
    if (last - first + 1) * series.record_bytes <= SPAN:
        span = np.empty((last - first) * count + 1, TILE)
        source.read_into(np_bytes(span), series.tiles + (first * count + tile) * TILE.itemsize)
        found: npt.NDArray[np.void] = span[(frames - first) * count]
        return found
    table = kept.table(source, segment, place) if isinstance(source, FileSource) else None
    if table is not None:
        chosen: npt.NDArray[np.void] = table[frames, tile]
        return chosen
    places = series.tiles + (frames * count + tile) * TILE.itemsize
    parts = source.read_many(places.tolist(), [TILE.itemsize] * len(places))
    return np.frombuffer(b"".join(parts), TILE)


def _read_tiles(
    source: Source, series: Series, frames: Ints, tile: int, views: Sequence[memoryview]
) -> None:
    """One tile of several frames, each into its view."""
    size = series.tile_bytes
    offsets = (series.stored + (frames * series.tile_count + tile) * size).tolist()
    if series.packing is None and isinstance(source, FileSource):
        for view, offset in zip(views, offsets, strict=True):  # straight there: no copy, no pages
            source.read_into(view, offset)
        return
    if series.packing is None:
        tiles = [memoryview(each) for each in source.read_many(offsets, [size] * len(offsets))]
    else:
        tiles = read_packed_tile(source, series, frames.tolist(), tile)
    for view, each in zip(views, tiles, strict=True):
        view[:] = each


def _is_alike(declaration: Declaration, newest: Declaration, where: Sequence[int]) -> bool:
    """Whether a step's declaration has this tile, and in the newest one's shape."""
    if declaration is newest:
        return True
    same = (declaration.picture_shape, declaration.encoding, declaration.tile_axes) == (
        newest.picture_shape,
        newest.encoding,
        newest.tile_axes,
    )
    return same and all(at < count for at, count in zip(where, declaration.tile_shape, strict=True))
