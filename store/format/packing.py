"""Compressed frames of a compacted run: chunks of whole tiles, deflated as HDF5's own filter does.

A chunk holds ``group`` neighbours of the last tile axis, at one place of the others. What any HDF5
program inflates are the stored tiles, or, where that is smaller, their *differences*: each byte
less its left neighbour of the same channel (``x``), and then less its upper one too (``yx``), as
PNG does it. A cumulative sum modulo 256 along these axes gives the tiles back.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from vizframe.history import Declaration
from vizframe.store.format.deflate import inflate
from vizframe.store.format.image import np_bytes
from vizframe.store.format.source import Source, damage_error

if TYPE_CHECKING:
    from vizframe.store.format.index import SeriesIndex

Predictor = Literal["", "x", "yx"]

CHUNK = np.dtype([("offset", "<u8"), ("size", "<u4")])
"""Where a chunk lies in the file."""

GROUP_BYTES = 1 << 15
"""Bytes of tiles in a chunk: smaller ones compress less, larger ones make film strips expensive."""

LARGEST_CHUNK = 1 << 28
"""Bytes that a chunk may be inflated to."""

MOST_GROWTH = 2
"""A deflated chunk is never this many times its tiles; 1.001 times is the most there is."""


@dataclass(frozen=True, slots=True)
class Packing:
    """How the frames of a series are compressed."""

    group: int
    """Tiles in a chunk."""
    predictor: Predictor = ""
    shuffle: int = 1
    """Bytes of a number that HDF5's shuffle filter has taken apart; 1: it was not used."""
    chunks: int = 10**15
    """Where the table of chunks lies, (frames, chunks of a frame) of `CHUNK`."""


@dataclass(frozen=True, slots=True)
class Grid:
    """How the tiles of a frame fall into chunks."""

    last: int
    group: int
    rows: int

    @classmethod
    def of(cls, tile_shape: tuple[int, ...], group: int) -> Grid:
        last = tile_shape[-1] if tile_shape else 1
        return cls(last, group, math.prod(tile_shape[:-1]))

    @property
    def per_row(self) -> int:
        return -(-self.last // self.group) if self.group else 0

    @property
    def count(self) -> int:
        """Chunks of a frame."""
        return self.rows * self.per_row

    @property
    def bounds(self) -> list[tuple[int, int]]:
        """Of every chunk, its first tile and the one behind its last."""
        return [self.tiles_of(chunk) for chunk in range(self.count)]

    def chunk_of(self, tile: int) -> int:
        return tile // self.last * self.per_row + tile % self.last // self.group

    def tiles_of(self, chunk: int) -> tuple[int, int]:
        """The first tile of a chunk, and the one behind its last."""
        row, place = divmod(chunk, self.per_row)
        first = row * self.last + place * self.group
        return first, min(first + self.group, (row + 1) * self.last)


def choose_group(declaration: Declaration, tile_bytes: int) -> int:
    """How many tiles a chunk holds."""
    last = declaration.tile_shape[-1] if declaration.tile_shape else 1
    return max(1, min(last, GROUP_BYTES // max(1, tile_bytes)))


def predict(tiles: npt.NDArray[np.uint8], predictor: Predictor, colour: bool) -> bytes:
    """The differences of tiles, (tiles, y, x) or (tiles, y, x, channel)."""
    for axis in _axes(tiles.ndim, predictor, colour):
        tiles = np.diff(tiles, axis=axis, prepend=np.uint8(0))
    return tiles.tobytes()


def restore(tiles: npt.NDArray[np.uint8], predictor: Predictor, colour: bool) -> None:
    """The tiles of their differences, in place."""
    for axis in reversed(_axes(tiles.ndim, predictor, colour)):
        np.cumsum(tiles, axis=axis, dtype=np.uint8, out=tiles)


def _axes(ndim: int, predictor: Predictor, colour: bool) -> tuple[int, ...]:
    x = ndim - 2 if colour else ndim - 1
    return {"": (), "x": (x,), "yx": (x, x - 1)}[predictor]


def is_colour(declaration: Declaration) -> bool:
    return len(declaration.picture_shape) == 3


def read_packed(
    source: Source, series: SeriesIndex, frame: int, first: int, view: memoryview
) -> None:
    """Fill a view with the tiles of a frame from the first on; what cannot be inflated is zero.

    Raises:
        DamagedSegment: the table of chunks names what is not in the file.
    """
    packing = series.packing
    assert packing is not None
    grid = Grid.of(series.declaration.tile_shape, packing.group)
    size = series.tile_bytes
    if not len(view):
        return
    end = first + len(view) // size
    low, high = grid.chunk_of(first), grid.chunk_of(end - 1) + 1
    table = np.empty(high - low, CHUNK)
    source.read_into(np_bytes(table), packing.chunks + (frame * grid.count + low) * CHUNK.itemsize)
    for chunk, data in zip(range(low, high), _read_chunks(source, series, table), strict=True):
        begin, stop = grid.tiles_of(chunk)
        tiles = unpack(data, series, packing)
        own = slice((max(first, begin) - begin) * size, (min(end, stop) - begin) * size)
        place = (max(first, begin) - first) * size
        view[place : place + own.stop - own.start] = tiles[own]


def read_packed_tile(
    source: Source, series: SeriesIndex, frames: Sequence[int], tile: int
) -> list[memoryview]:
    """One tile of several frames; what cannot be inflated is zero.

    Raises:
        DamagedSegment: the table of chunks names what is not in the file.
    """
    packing = series.packing
    assert packing is not None
    grid = Grid.of(series.declaration.tile_shape, packing.group)
    chunk = grid.chunk_of(tile)
    first = (tile - grid.tiles_of(chunk)[0]) * series.tile_bytes
    item = CHUNK.itemsize
    places = [packing.chunks + (frame * grid.count + chunk) * item for frame in frames]
    table = np.frombuffer(b"".join(source.read_many(places, [item] * len(places))), CHUNK)
    found = source.read_many(*_extents(source, series, table))
    return [
        unpack(memoryview(each), series, packing)[first : first + series.tile_bytes]
        for each in found
    ]


def _extents(
    source: Source, series: SeriesIndex, table: npt.NDArray[np.void]
) -> tuple[list[int], list[int]]:
    """The offsets and sizes of chunks. Raises DamagedSegment."""
    offsets, sizes = table["offset"].tolist(), table["size"].tolist()
    if any(offset + size > source.size for offset, size in zip(offsets, sizes, strict=True)):
        raise damage_error(source, f"the chunks of {series.key} lie outside of it")
    assert series.packing is not None
    if series.packing.group * series.tile_bytes > LARGEST_CHUNK:
        raise damage_error(source, f"the chunks of {series.key} are larger than {LARGEST_CHUNK}")
    if max(sizes) > MOST_GROWTH * (series.packing.group * series.tile_bytes + 1024):
        raise damage_error(source, f"the chunks of {series.key} are larger than their tiles")
    return offsets, sizes


def _read_chunks(
    source: Source, series: SeriesIndex, table: npt.NDArray[np.void]
) -> list[memoryview]:
    """The bytes of the chunks: in one read where they are neighbours."""
    offsets, sizes = _extents(source, series, table)
    start, end = min(offsets), max(o + s for o, s in zip(offsets, sizes, strict=True))
    if end - start <= 2 * sum(sizes):
        data = memoryview(bytearray(end - start))
        source.read_into(data, start)
        return [data[o - start : o - start + s] for o, s in zip(offsets, sizes, strict=True)]
    return [memoryview(each) for each in source.read_many(offsets, sizes)]


def unpack(data: memoryview, series: SeriesIndex, packing: Packing) -> memoryview:
    """The tiles of a chunk; zeros where it cannot be inflated to just its size."""
    size = packing.group * series.tile_bytes
    flat = inflate(data, size)
    if flat is None:
        return memoryview(bytes(size))
    if packing.shuffle > 1:
        flat = np.frombuffer(flat, np.uint8).reshape(packing.shuffle, -1).T.tobytes()
    if packing.predictor:
        tiles = np.frombuffer(bytearray(flat), np.uint8).reshape(
            packing.group, *series.declaration.picture_shape
        )
        restore(tiles, packing.predictor, is_colour(series.declaration))
        return np_bytes(tiles)
    return memoryview(flat)
