"""Write a whole run into one file: HDF5 keeps the chunks, the rest goes to its place directly."""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Self

import h5py
import numpy as np
import numpy.typing as npt

from vizframe.history.encoding import Stored
from vizframe.plugin import Progress
from vizframe.store.care.pack import MOST_SAMPLES, SAMPLE, Way, choose_way, deflate_frame
from vizframe.store.format.checksum import crc32
from vizframe.store.format.image import np_bytes
from vizframe.store.format.index import SeriesIndex
from vizframe.store.format.layout import BLOCK, FORMAT, TILE, VERSION, Block, Extent
from vizframe.store.format.packing import CHUNK, Grid
from vizframe.store.format.skeleton import LIBVER, META_BLOCK, Dataset, create_dataset
from vizframe.store.format.source import Source
from vizframe.store.read.frames import find_missing, read_stored, room_for
from vizframe.store.read.segment import Segment
from vizframe.store.write.copying import Batch
from vizframe.store.write.disk import Disk
from vizframe.store.write.gather import Gathering, Part
from vizframe.store.write.guarded import GuardedFile
from vizframe.store.write.plan import BLOCK_COPY, series_datasets

BLOCK_BYTES = 1 << 20
"""Bytes of small frames that are read at once."""

MOST_OPEN = 32
"""Files that are open at once while a run is compacted."""


@dataclass(frozen=True, slots=True, eq=False)
class StoredFrame:
    """A frame as it was read: nothing of it is checked on the way."""

    stored: Stored
    records: npt.NDArray[np.void]
    columns: npt.NDArray[np.void]


class OpenFiles:
    """Sources that stay open while frames are taken of them: neighbours are mostly of one file."""

    def __init__(self) -> None:
        self._open: OrderedDict[Segment, tuple[Source, ExitStack]] = OrderedDict()

    def of(self, segment: Segment) -> Source:
        """Raises DamagedSegment, OSError."""
        if segment not in self._open:
            with ExitStack() as stack:
                source = stack.enter_context(segment.file.open())
                self._open[segment] = source, stack.pop_all()
            if len(self._open) > MOST_OPEN:
                self._open.popitem(last=False)[1][1].close()
        self._open.move_to_end(segment)
        return self._open[segment][0]

    def close(self) -> None:
        for _, stack in self._open.values():
            stack.close()
        self._open.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


def take(files: OpenFiles, segment: Segment, number: int, count: int = 1) -> StoredFrame:
    """Read the frame of a row, with all that stands beside it; or ``count`` frames that lie side by
    side, as one of so many more tiles."""
    row = segment.row(number)
    series = segment.index.series[row.series]
    stored = room_for(series.declaration, count * series.tile_count)
    records = np.empty(count * series.tile_count, TILE)
    columns = np.empty(count * series.tile_count, series.column)
    source, view, size = files.of(segment), np_bytes(stored), series.frame_bytes
    if series.packing is None:
        source.read_into(view, series.stored + row.frame * size)
    else:
        for each in range(count):
            own = view[each * size : (each + 1) * size]
            read_stored(source, series, row.frame + each, 0, own)
    source.read_into(np_bytes(records), series.tiles + row.frame * series.record_bytes)
    source.read_into(np_bytes(columns), series.columns + row.frame * series.column_bytes)
    return StoredFrame(stored, records, columns)


def choose_ways(gathering: Gathering, parts: Sequence[Part]) -> Sequence[Way | None]:
    """For each series the way to compress it that pays, if any does, chosen on samples."""
    ways: list[Way | None] = []
    for place, series in enumerate(gathering.index.series):
        rows = np.flatnonzero(gathering.rows["series"] == place)
        count = min(len(rows), MOST_SAMPLES, max(1, SAMPLE // max(1, series.frame_bytes)))
        chosen = rows[np.linspace(0, len(rows) - 1, count).astype(np.int64)]
        origins = gathering.origins[chosen].tolist()
        with OpenFiles() as files:
            samples = [take(files, parts[part].segment, number).stored for part, number in origins]
        ways.append(choose_way(series, samples))
    return ways


class Tidy:
    """One file with all that was gathered, and what the run says of itself."""

    def __init__(
        self,
        gathering: Gathering,
        parts: Sequence[Part],
        ways: Sequence[Way | None],
        extra: Mapping[str, bytes],
    ) -> None:
        packed = tuple(
            replace(series, packing=way.packing if way else None)
            for series, way in zip(gathering.index.series, ways, strict=True)
        )
        self._gathering = gathering
        self._parts = parts
        self._ways = ways
        self._index = replace(gathering.index, series=packed)
        self._small: dict[str, bytes] = {
            "index": self._index.dump(),
            "steps": gathering.steps.tobytes(),
            "scalars": gathering.scalars.tobytes(),
            "rows": gathering.rows.tobytes(),
            "notes": gathering.notes,
            **extra,
        }
        self._offsets: dict[str, int] = {}
        self.damaged = 0
        """Tiles that were damaged in the source; they are so in the copy."""

    @property
    def frames(self) -> int:
        return len(self._gathering.rows)

    def write(self, disk: Disk, fd: int, progress: Progress) -> None:
        """Fill the file. Raises OSError."""
        guarded = GuardedFile(disk, fd)
        with h5py.File(
            guarded, "w", libver=LIBVER, userblock_size=BLOCK, meta_block_size=META_BLOCK
        ) as file:
            self._lay_out(file)
            self._copy_frames(disk, fd, file, progress)
        guarded.raise_error()
        self._seal(disk, fd)

    def _lay_out(self, file: h5py.File) -> None:
        file.attrs.create("format", np.bytes_(FORMAT.encode()))
        file.attrs.create("version", np.int64(VERSION))
        for dataset in (BLOCK_COPY, *self._small_datasets()):
            self._offsets[dataset.path] = create_dataset(file, dataset)
        self._index = replace(
            self._index, series=tuple(self._place(file, each) for each in self._index.series)
        )

    def _small_datasets(self) -> list[Dataset]:
        """The parts. The tables of numbers look as in any segment, the rest is text."""
        tables = {
            "steps": self._gathering.steps,
            "scalars": self._gathering.scalars,
            "rows": self._gathering.rows,
        }
        return [
            Dataset(name, tables[name].shape, tables[name].dtype)
            if name in tables
            else Dataset(name, (len(data),), np.dtype("u1"))
            for name, data in self._small.items()
        ]

    def _place(self, file: h5py.File, series: SeriesIndex) -> SeriesIndex:
        """Lay out a series' datasets; the series with their offsets."""
        offsets = {"columns": BLOCK, "stored": BLOCK}
        for dataset in series_datasets(series):
            name = dataset.path.rpartition("/")[2]
            if name == "stored" and series.packing:
                _create_packed(file, series, dataset)
            else:
                offsets[name] = create_dataset(file, dataset)
        packing = series.packing and replace(series.packing, chunks=offsets["chunks"])
        return replace(
            series,
            stored=offsets["stored"],
            tiles=offsets["tiles"],
            columns=offsets["columns"],
            packing=packing,
        )

    def _copy_frames(self, disk: Disk, fd: int, file: h5py.File, progress: Progress) -> None:
        """All frames, series by series."""
        batch, done = Batch(disk, fd), 0
        with OpenFiles() as files:
            for place, series in enumerate(self._index.series):
                first, end = np.searchsorted(self._gathering.rows["series"], [place, place + 1])
                key, way = str(series.key), self._ways[place]
                packed = Packed(file[f"{series.path}/stored"].id, series, way) if way else None
                for start, stop in self._neighbours(int(first), int(end)):
                    block = self._copy_block(files, batch, series, start, stop)
                    for frame, stored in enumerate(block, start - int(first)):
                        if packed is not None:
                            packed.write(frame, stored)
                        done += 1
                        progress(done, len(self._gathering.rows), key)
                if packed is not None and series.packing is not None:
                    batch.put(series.packing.chunks, np_bytes(packed.table()))
        batch.flush()

    def _neighbours(self, first: int, end: int) -> Iterator[tuple[int, int]]:
        """Rows of one series in runs that lie side by side in their source, some MB at most."""
        if first == end:
            return
        parts, olds = self._gathering.origins[first:end].T
        frames = np.array(
            [
                self._parts[part].segment.rows["frame"].item(old)
                for part, old in zip(parts.tolist(), olds.tolist(), strict=True)
            ]
        )
        size = self._index.series[int(self._gathering.rows["series"][first])].frame_bytes
        most = max(1, BLOCK_BYTES // max(1, size))
        apart = (np.diff(parts) != 0) | (np.diff(olds) != 1) | (np.diff(frames) != 1)
        bounds = [0, *(np.flatnonzero(apart) + 1).tolist(), end - first]
        for start, stop in pairwise(bounds):
            for begin in range(start, stop, most):
                yield first + begin, first + min(begin + most, stop)

    def _copy_block(
        self, files: OpenFiles, batch: Batch, series: SeriesIndex, start: int, stop: int
    ) -> Iterator[Stored]:
        """All but the packed tiles of neighbouring rows; the tiles of each."""
        part, old = self._gathering.origins[start].tolist()
        block = take(files, self._parts[part].segment, old, stop - start)
        rows, view = self._gathering.rows[start:stop], np_bytes(block.stored)
        frame, count = int(rows["frame"][0]), series.tile_count
        if series.packing is None:
            batch.put(series.stored + frame * series.frame_bytes, view)
        batch.put(series.tiles + frame * series.record_bytes, np_bytes(block.records))
        batch.put(series.columns + frame * series.column_bytes, np_bytes(block.columns))
        for number, expected in enumerate(rows["stored"].tolist()):
            stored = block.stored[number * count : (number + 1) * count]
            size = series.frame_bytes
            if crc32(view[number * size : (number + 1) * size]) != expected:
                records = block.records[number * count : (number + 1) * count]
                self.damaged += int(find_missing(stored, records).sum())
            yield stored

    def _seal(self, disk: Disk, fd: int) -> None:
        """Write the parts and the block, which vouches for them."""
        text = self._index.dump()
        self._small["index"] = text.ljust(len(self._small["index"]))
        size = os.fstat(fd).st_size
        extents: dict[str, Extent] = {}
        for name, data in self._small.items():
            extents[name] = Extent(self._offsets[name], len(data), crc32(data))
            disk.write(fd, [data], self._offsets[name])
        block = Block(size, extents).pack()
        disk.write(fd, [block], self._offsets["block"])
        disk.write(fd, [block], 0)


def _create_packed(file: h5py.File, series: SeriesIndex, dataset: Dataset) -> None:
    packing = series.packing
    assert packing is not None
    tiles = (1,) * (len(series.declaration.tile_shape) - 1)
    group = (packing.group,) if series.declaration.tile_shape else ()
    made = file.create_dataset(
        dataset.path,
        dataset.shape,
        dataset.dtype,
        chunks=(1, *tiles, *group, *series.declaration.picture_shape),
        compression="gzip",
        shuffle=packing.shuffle > 1,
        track_times=False,
    )
    attributes = {**dataset.attributes, "differences": packing.predictor}
    for key, value in attributes.items():
        made.attrs.create(key, np.bytes_(value.encode()))


class Packed:
    """A series whose frames HDF5 keeps in chunks, deflated by us."""

    def __init__(self, made: h5py.h5d.DatasetID, series: SeriesIndex, way: Way) -> None:
        self._made = made
        self._series = series
        self._way = way
        self._grid = Grid.of(series.declaration.tile_shape, way.packing.group)
        self._bounds = self._grid.bounds
        pixel = (0,) * len(series.declaration.picture_shape)
        self._corners = [
            (*_corner(series, self._grid, chunk), *pixel) for chunk in range(self._grid.count)
        ]
        """Of each chunk of a frame, its place there."""

    def write(self, frame: int, stored: Stored) -> None:
        """The chunks of a frame."""
        chunks = deflate_frame(self._series, self._way, self._bounds, stored)
        for corner, data in zip(self._corners, chunks, strict=True):
            self._made.write_direct_chunk((frame, *corner), data)

    def table(self) -> npt.NDArray[np.void]:
        """Where HDF5 has put the chunks, in our order."""
        table = np.zeros(self._series.frames * self._grid.count, CHUNK)
        number = {corner: place for place, corner in enumerate(self._corners)}

        def note(chunk: h5py.h5d.StoreInfo) -> None:
            frame, *corner = chunk.chunk_offset
            place = frame * self._grid.count + number[tuple(corner)]
            table[place] = (chunk.byte_offset, chunk.size)

        self._made.chunk_iter(note)
        return table


def _corner(series: SeriesIndex, grid: Grid, chunk: int) -> tuple[int, ...]:
    """The tile index of a chunk's first tile."""
    shape = series.declaration.tile_shape
    if not shape:
        return ()
    return tuple(int(at) for at in np.unravel_index(grid.tiles_of(chunk)[0], shape))
