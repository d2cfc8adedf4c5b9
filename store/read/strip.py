"""One tile over many steps: the film strip, read file by file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from vizframe.errors import HistoryError
from vizframe.history import Declaration, Tiles
from vizframe.history.selection import check_where
from vizframe.store.format.checksum import crc32
from vizframe.store.format.image import Buffer, np_bytes
from vizframe.store.format.index import SeriesIndex
from vizframe.store.format.layout import TILE, seeds
from vizframe.store.format.packing import read_packed_tile
from vizframe.store.format.source import FileSource, Source
from vizframe.store.read.frames import (
    LARGEST_READ,
    as_records,
    as_stored,
    as_tiles,
    tile_bytes,
    tile_number,
)
from vizframe.store.read.records import Records, Table
from vizframe.store.read.segment import Segment

Ints = npt.NDArray[np.int64]
Numbers = Ints | npt.NDArray[np.uint32]

SPAN = 1 << 17
"""Bytes of neighbouring tile records that are asked of an address at once, not one by one."""


def read_strip(
    segment_of: Callable[[int], Segment],
    files: Ints,
    rows: Ints,
    newest: Declaration,
    where: Sequence[int],
    kept: Records,
) -> Tiles:
    """One tile over steps, in the newest declaration's shape and encoding.

    A step that was recorded in another shape, or without this tile, comes back missing.

    Args:
        segment_of: the segment of a number.
        files: for each step the number of its segment.
        rows: for each step its row there.
        newest: the declaration to show.
        where: the tile's full index.
        kept: tile records that earlier strips have read.

    Raises:
        FileNotFoundError: a file was merged away.
        HistoryError: the tiles are more than fit into memory, as a forged declaration may say.
    """
    check_where(newest, where, whole=True)
    _check_size(newest, len(rows))
    found: list[_Part] = []
    all_places = np.arange(len(rows))
    for file, here in _group(files):
        segment, own_rows, places = segment_of(file), rows[here], all_places[here]
        series_of, frame_of = segment.rows["series"][own_rows], segment.rows["frame"][own_rows]
        with segment.file.open() as source:
            for number, own in _group(series_of):
                series = segment.index.series[number]
                if _is_alike(series.declaration, newest, where):
                    frames, tile = frame_of[own].astype(np.int64), tile_number(series, where)
                    tiles = _read_tiles(source, series, frames, tile)
                    records = _read_records(source, segment, number, frames, tile, kept)
                    found.append(_Part(places[own].tolist(), tiles, records))
    return _join(newest, found, len(rows))


def _check_size(declaration: Declaration, count: int) -> None:
    size = count * (tile_bytes(declaration) + TILE.itemsize)
    if size > LARGEST_READ:
        raise HistoryError(
            f"{count} tiles of {declaration.key} are {size} bytes; "
            f"it can be {LARGEST_READ} at once: ask for fewer steps"
        )


def _group(numbers: Numbers) -> Iterator[tuple[int, slice | list[int]]]:
    """Each number, with the places where it stands."""
    every = numbers.tolist()
    ends = [0, *(np.flatnonzero(numbers[1:] != numbers[:-1]) + 1).tolist(), len(every)]
    if len(dict.fromkeys(every)) == len(ends) - 1:  # as ever, but for several writers at once
        for start, end in pairwise(ends):
            yield every[start], slice(start, end)
        return
    places: dict[int, list[int]] = {}
    for place, number in enumerate(every):
        places.setdefault(number, []).append(place)
    yield from places.items()


class _Part(NamedTuple):
    """What one file gives of a strip: so many tiles, each with its record, and their places."""

    places: list[int]
    tiles: Sequence[Buffer]
    records: Table


def _join(declaration: Declaration, found: Sequence[_Part], count: int) -> Tiles:
    """The strip; what no file gave, or does not have its checksum, is missing."""
    places = [place for part in found for place in part.places]
    tiles = [tile for part in found for tile in part.tiles]
    every = [np.empty(0, TILE), *(part.records for part in found)]
    records = np.concatenate(every, dtype=TILE)  # told so: NumPy takes 10 µs to find it out
    if places != list(range(count)):
        tiles, records = _spread(declaration, places, tiles, records, count)
    stored = as_stored(declaration, bytearray().join(tiles), count)
    sums = list(map(crc32, tiles, seeds(records)))
    wanted = records["crc32"].tolist()
    missing = np.zeros(count, np.bool_)
    if sums != wanted or len(places) < count:
        given = set(places)
        missing[:] = [at not in given or sums[at] != wanted[at] for at in range(count)]
        stored[missing] = 0
        records[missing] = np.zeros((), TILE)
    return as_tiles(declaration, stored, records, missing, (count,))


def _spread(
    declaration: Declaration,
    places: Sequence[int],
    tiles: Sequence[Buffer],
    records: Table,
    count: int,
) -> tuple[list[Buffer], Table]:
    """Each tile in its place; zeros where there is none."""
    all_tiles: list[Buffer] = [bytes(tile_bytes(declaration))] * count
    all_records = np.zeros(count, TILE)
    all_records[places] = records
    for place, tile in zip(places, tiles, strict=True):
        all_tiles[place] = tile
    return all_tiles, all_records


def _read_records(
    source: Source, segment: Segment, number: int, frames: Ints, tile: int, kept: Records
) -> Table:
    """The records of one tile in several frames."""
    series = segment.index.series[number]
    if len(frames) > 1:
        if isinstance(source, FileSource):
            table = kept.table(source, segment, number)
            if table is not None:
                found: Table = table[tile][frames]
                return found
        elif _span(frames) * series.record_bytes <= SPAN:
            return _read_span(source, series, frames, tile)
    places = series.tiles + (frames * series.tile_count + tile) * TILE.itemsize
    parts = source.read_many(places.tolist(), [TILE.itemsize] * len(places))
    return as_records(bytearray().join(parts))


def _span(frames: Ints) -> int:
    """From the first frame to the last one."""
    return int(frames.max() - frames.min()) + 1


def _read_span(source: Source, series: SeriesIndex, frames: Ints, tile: int) -> Table:
    """The records of one tile in frames that lie close, in one read."""
    count, first = series.tile_count, int(frames.min())
    span = np.empty((_span(frames) - 1) * count + 1, TILE)
    source.read_into(np_bytes(span), series.tiles + (first * count + tile) * TILE.itemsize)
    found: Table = span[(frames - first) * count]
    return found


def _read_tiles(source: Source, series: SeriesIndex, frames: Ints, tile: int) -> Sequence[Buffer]:
    """One tile of several frames."""
    if series.packing is not None:
        return read_packed_tile(source, series, frames.tolist(), tile)
    size = series.tile_bytes
    offsets = series.stored + (frames * series.tile_count + tile) * size
    return source.read_many(offsets.tolist(), [size] * len(offsets))


def _is_alike(declaration: Declaration, newest: Declaration, where: Sequence[int]) -> bool:
    """Whether a step's declaration has this tile, and in the newest one's shape."""
    if declaration is newest:
        return True
    same = (declaration.picture_shape, declaration.encoding) == (
        newest.picture_shape,
        newest.encoding,
    )
    same &= declaration.axes == newest.axes or declaration.tile_axes == newest.tile_axes
    return same and all(at < count for at, count in zip(where, declaration.tile_shape, strict=True))
