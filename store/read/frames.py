"""Frames out of a segment: by ``pread`` at their place, checked by CRC-32."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import cast

import numpy as np
import numpy.typing as npt

from vizframe.errors import HistoryError
from vizframe.history import Declaration, Tiles
from vizframe.history.encoding import Stored
from vizframe.history.levels import CODED
from vizframe.history.selection import check_where
from vizframe.network import FloatArray
from vizframe.store.format.checksum import crc32
from vizframe.store.format.image import np_bytes
from vizframe.store.format.index import SeriesIndex
from vizframe.store.format.layout import STORED, TILE, Row, tile_checksums
from vizframe.store.format.packing import read_packed
from vizframe.store.format.source import Source, damage_error
from vizframe.store.read.segment import Segment

LARGEST_READ = 1 << 28
"""Bytes of tiles, and of what stands beside them, that one request may read."""


def read_tiles(source: Source, segment: Segment, number: int, where: Sequence[int]) -> Tiles:
    """The tiles of a segment's row, or those under fixed leading tile axes.

    A whole frame is checked at once; only if that fails is it checked tile by tile.

    Raises:
        UsageError: ``where`` is outside of the tile axes.
        DamagedSegment: the file ends too early. Single damaged tiles come back as missing.
    """
    row = segment.row(number)
    series = segment.index.series[row.series]
    check_where(series.declaration, where)
    first = tile_number(series, where)
    shape = series.declaration.tile_shape[len(where) :]
    count = math.prod(shape)
    _check_size(source, count * (series.tile_bytes + TILE.itemsize))
    record_bytes = memoryview(bytearray(count * TILE.itemsize))
    pixels = np.empty(count * series.tile_bytes, np.uint8).data
    source.read_into(
        record_bytes, series.tiles + row.frame * series.record_bytes + first * TILE.itemsize
    )
    read_stored(source, series, row.frame, first, pixels)
    records, stored = as_records(record_bytes), as_stored(series.declaration, pixels, count)
    if not where and (crc32(pixels), crc32(record_bytes)) == (row.stored, row.tiles):
        return as_tiles(series.declaration, stored, records, np.zeros(count, np.bool_), shape)
    missing = find_missing(stored, records)
    stored[missing] = 0
    records[missing] = np.zeros((), TILE)
    return as_tiles(series.declaration, stored, records, missing, shape)


def read_stored(
    source: Source, series: SeriesIndex, frame: int, first: int, view: memoryview
) -> None:
    """Fill a view with the stored tiles of a frame, from the first on."""
    if series.packing is None:
        place = series.stored + frame * series.frame_bytes + first * series.tile_bytes
        source.read_into(view, place)
    else:
        read_packed(source, series, frame, first, view)


def room_for(declaration: Declaration, count: int) -> Stored:
    """An array for tiles as the declaration stores them, (count, *picture_shape)."""
    shape = (count, *declaration.picture_shape)
    return cast(Stored, np.empty(shape, STORED[declaration.encoding]))


def as_stored(declaration: Declaration, data: bytearray | memoryview, count: int) -> Stored:
    """Bytes as tiles, (count, *picture_shape)."""
    shape = (count, *declaration.picture_shape)
    return cast(Stored, np.ndarray(shape, STORED[declaration.encoding], data))


def as_records(data: bytearray | memoryview) -> npt.NDArray[np.void]:
    """Bytes as tile records."""
    return np.ndarray(len(data) // TILE.itemsize, TILE, data)


def tile_bytes(declaration: Declaration) -> int:
    """How many bytes a tile is stored in."""
    return math.prod(declaration.picture_shape) * STORED[declaration.encoding].itemsize


def find_missing(stored: Stored, records: npt.NDArray[np.void]) -> npt.NDArray[np.bool_]:
    """Which tiles do not have their checksum."""
    missing: npt.NDArray[np.bool_] = tile_checksums(np_bytes(stored), records) != records["crc32"]
    return missing


def as_tiles(
    declaration: Declaration,
    stored: Stored,
    records: npt.NDArray[np.void],
    missing: npt.NDArray[np.bool_],
    shape: tuple[int, ...],
) -> Tiles:
    """Stored tiles with their records, (count, …), as tiles of a shape; what is missing is zero."""
    table = records.reshape(shape)
    return Tiles(
        stored=stored.reshape(shape + declaration.picture_shape),
        low=table["low"],
        high=table["high"],
        nonfinite=table["nonfinite"] & ~CODED,
        missing=missing.reshape(shape),
        coded=(table["nonfinite"] & CODED) != 0,
    )


def tile_number(series: SeriesIndex, where: Sequence[int]) -> int:
    """The place of the first tile at leading indices, in a frame."""
    if not where:
        return 0
    number = 0
    for axis, size in enumerate(series.declaration.tile_shape):
        number = number * size + (where[axis] if axis < len(where) else 0)
    return number


def _check_size(source: Source, size: int) -> None:
    if size > LARGEST_READ:
        raise HistoryError(
            f"{source.name} has a frame of {size} bytes; {LARGEST_READ} can be read at once: ask "
            "for one probe image, or one unit"
        )


def read_columns(source: Source, series: SeriesIndex, row: Row) -> Mapping[str, FloatArray]:
    """The numbers beside the tiles. Raises DamagedSegment where they are not as written."""
    _check_size(source, series.column_bytes)
    columns = np.empty(series.tile_count, series.column)
    data = np_bytes(columns)
    source.read_into(data, series.columns + row.frame * series.column_bytes)
    if crc32(data) != row.columns:
        raise damage_error(source, f"the columns of {series.key} do not have their checksum")
    shape = series.declaration.tile_shape
    return {
        name: np.ascontiguousarray(columns[field]).reshape(shape + columns[field].shape[1:])
        for name, field in zip(series.declaration.columns, columns.dtype.names or (), strict=True)
    }
