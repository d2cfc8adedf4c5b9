"""Choose how the frames of a series are compressed, and compress them."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import numpy.typing as npt

from vizframe.history import Declaration
from vizframe.history.encoding import Stored
from vizframe.store.format.image import Buffer, np_bytes
from vizframe.store.format.index import SeriesIndex
from vizframe.store.format.packing import Grid, Packing, Predictor, choose_group, is_colour, predict

PAYS = 0.9
"""A series is compressed where that leaves less than this part of it."""

SIMPLER = 0.97
"""Differences are only taken where they save another 3 %: plain tiles show in any HDF5 program."""

SAMPLE = 1 << 20
"""Bytes of a series that are compressed to choose, at most."""

MOST_SAMPLES = 64
"""Frames of a series that are, at most: small ones are each as good a sample as a large one."""

DENSE = 512
"""Bytes of a chunk for each of which deflate's tables are made as large again: to clear those that
fit a large one would take longer than to compress a small one."""


@dataclass(frozen=True, slots=True)
class Way:
    """How to compress. The strategy is how deflate looks for repetitions; inflating is the same.

    Runs and Huffman codes alone (``Z_RLE``) are smaller than deflate's usual search, and 3 to 15
    times as fast, on maps (0.40 to 0.42 of their size against 0.41 to 0.44) and on the differences
    of pictures (0.59 against 0.64): what repeats there by chance costs more than it saves.
    """

    packing: Packing
    strategy: int = zlib.Z_RLE

    def deflate(self, data: Buffer) -> bytes:
        window, memory = _tables(len(data))
        deflater = zlib.compressobj(6, zlib.DEFLATED, window, memory, self.strategy)
        return deflater.compress(data) + deflater.flush()


@cache
def _tables(size: int) -> tuple[int, int]:
    """The window and the memory level for a chunk of so many bytes."""
    steps = (size // DENSE).bit_length()
    return min(zlib.MAX_WBITS, 10 + steps), min(9, 3 + steps)


def choose_way(series: SeriesIndex, samples: Sequence[Stored]) -> Way | None:
    """The best way for these frames, (tiles, *picture_shape) each; None where none pays."""
    raw = sum(frame.nbytes for frame in samples)
    if not raw:
        return None
    group = choose_group(series.declaration, series.tile_bytes)
    best: Way | None = None
    smallest = float(raw)
    for packing in _packings(series.declaration, group, series.pixel.itemsize):
        way = Way(packing)
        size = _size(series, way, samples)
        if size < (smallest if best is None else SIMPLER * smallest):
            best, smallest = way, size
    usual = replace(best or Way(Packing(group)), strategy=zlib.Z_DEFAULT_STRATEGY)
    size = _size(series, usual, samples)
    if size < SIMPLER * smallest:
        best, smallest = usual, size
    return best if smallest < PAYS * raw else None


def _packings(declaration: Declaration, group: int, itemsize: int) -> Iterator[Packing]:
    yield Packing(group)
    if itemsize > 1:
        yield Packing(group, shuffle=itemsize)
    elif len(declaration.picture_shape) >= 2:
        predictors: tuple[Predictor, ...] = ("x", "yx")
        for predictor in predictors:
            yield Packing(group, predictor)


def _size(series: SeriesIndex, way: Way, samples: Sequence[Stored]) -> int:
    bounds = Grid.of(series.declaration.tile_shape, way.packing.group).bounds
    return sum(
        len(chunk) for frame in samples for chunk in deflate_frame(series, way, bounds, frame)
    )


def deflate_frame(
    series: SeriesIndex, way: Way, bounds: Sequence[tuple[int, int]], stored: Stored
) -> Iterator[bytes]:
    """The chunks of a frame, (tiles, *picture_shape), in order; their bounds are `Grid.bounds`."""
    for first, end in bounds:
        yield way.deflate(_chunk(series, way.packing, stored[first:end]))


def _chunk(series: SeriesIndex, packing: Packing, tiles: Stored) -> Buffer:
    """The bytes of a chunk before deflation; tiles that a last chunk lacks are zero."""
    missing = packing.group - len(tiles)
    if missing:
        tiles = np.concatenate([tiles, np.zeros((missing, *tiles.shape[1:]), tiles.dtype)])
    if packing.predictor:
        pixels: npt.NDArray[np.uint8] = tiles.view(np.uint8)
        return predict(pixels, packing.predictor, is_colour(series.declaration))
    if packing.shuffle > 1:
        flat = np.ascontiguousarray(tiles).reshape(-1).view(np.uint8)
        return flat.reshape(-1, packing.shuffle).T.tobytes()
    return np_bytes(tiles)
