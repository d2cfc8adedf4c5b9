"""The HDF5 side of a file, made without a disk: groups, datasets and attributes, no pixels.

HDF5 is asked to lay out a file of given datasets; what it writes is caught in memory, and where
each dataset's bytes belong is remembered. The pixels then go to the disk straight from the arrays,
and the same skeleton serves every step that has the same shapes: a dataset costs its 0.1 ms once a
run, and HDF5 never sees the disk, so a full one cannot crash it (with data to flush it segfaults).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import h5py
import numpy as np

from vizframe.store.format.image import Image
from vizframe.store.format.layout import BLOCK, FORMAT, VERSION

LIBVER = ("v110", "v110")
"""What ``latest`` writes, no HDF5 before 2.0 can open."""

META_BLOCK = 1 << 15
"""Metadata is allocated in blocks of this many bytes, so that a remote reader asks less often."""


@dataclass(frozen=True, slots=True)
class Dataset:
    """A contiguous, fixed dataset to be laid out."""

    path: str
    shape: tuple[int, ...]
    dtype: np.dtype[np.generic]
    attributes: Mapping[str, str] = field(default_factory=dict)

    @property
    def nbytes(self) -> int:
        return int(np.prod(self.shape, dtype=object)) * self.dtype.itemsize


@dataclass(frozen=True, slots=True)
class Skeleton:
    """What HDF5 wrote, and where the bytes of each dataset belong."""

    size: int
    metadata: Sequence[tuple[int, bytes]]
    offsets: Mapping[str, int]

    def image(self) -> Image:
        """A file of it that waits for its data."""
        return Image(self.size, list(self.metadata))


class Catcher:
    """A file object that keeps what HDF5 writes, in memory and by place."""

    def __init__(self) -> None:
        self.written: dict[int, bytes] = {}
        self.size = 0
        self._place = 0

    def seek(self, offset: int, whence: int = 0) -> int:
        self._place = offset + (0, self._place, self.size)[whence]
        return self._place

    def tell(self) -> int:
        return self._place

    def write(self, data: memoryview) -> int:
        self.written[self._place] = bytes(data)
        self._place += len(data)
        self.size = max(self.size, self._place)
        return len(data)

    def readinto(self, buffer: memoryview) -> int:
        """HDF5 reads back only what it wrote there: metadata that left its cache."""
        known = self.written.get(self._place, b"")[: len(buffer)]
        buffer[:] = known.ljust(len(buffer), b"\0")
        self._place += len(buffer)
        return len(buffer)

    read = readinto  # h5py asks whether there is one

    def truncate(self, size: int) -> int:
        self.size = size
        return size

    def flush(self) -> None: ...


def lay_out(datasets: Sequence[Dataset]) -> Skeleton:
    """A file of these datasets, each in place and empty."""
    catcher = Catcher()
    offsets: dict[str, int] = {}
    with h5py.File(
        catcher, "w", libver=LIBVER, userblock_size=BLOCK, meta_block_size=META_BLOCK
    ) as file:
        file.attrs.create("format", np.bytes_(FORMAT.encode()))
        file.attrs.create("version", np.int64(VERSION))
        for dataset in datasets:
            offsets[dataset.path] = create_dataset(file, dataset)
    return Skeleton(catcher.size, sorted(catcher.written.items()), offsets)


def create_dataset(file: h5py.File, dataset: Dataset) -> int:
    """Lay a dataset out; its offset in the file, 0 for one without any bytes."""
    group, _, name = dataset.path.rpartition("/")
    made = h5py.h5d.create(
        (file.require_group(group) if group else file).id,
        name.encode(),
        h5py.h5t.py_create(dataset.dtype, logical=True),
        h5py.h5s.create_simple(dataset.shape),
        _in_place(),
    )
    attributes = h5py.Dataset(made).attrs
    for key, value in dataset.attributes.items():
        attributes.create(key, np.bytes_(value.encode()))
    return int(made.get_offset() or 0)


def _in_place() -> h5py.h5p.PropDCID:
    """Contiguous, allocated at once, filled by nobody, without times."""
    how = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    how.set_layout(h5py.h5d.CONTIGUOUS)
    how.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
    how.set_fill_time(h5py.h5d.FILL_TIME_NEVER)
    how.set_obj_track_times(False)
    return how
