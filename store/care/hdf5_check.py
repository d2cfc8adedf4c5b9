"""What HDF5 itself says of a file. Runs in the child of `examine` alone: it may hang or crash."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import h5py

from vizframe.store.format.index import SeriesIndex
from vizframe.store.format.layout import TILE
from vizframe.store.format.packing import CHUNK, Grid
from vizframe.store.format.source import LocalFile, VerifiedParts, open_source
from vizframe.store.read.segment import load_segment


def _own(file: h5py.File, path: str) -> h5py.Dataset:
    """A dataset whose bytes lie in this very file.

    External links and raw files would read any file of the machine, virtual datasets another.
    """
    if not isinstance(file.get(path, getlink=True), h5py.HardLink):
        raise ValueError(f"its /{path} is a link to elsewhere")
    dataset = file[path]
    if not isinstance(dataset, h5py.Dataset):
        raise ValueError(f"its /{path} is no dataset")
    if dataset.is_virtual or dataset.external:
        raise ValueError(f"its /{path} lies in another file")
    return dataset


def findings(path: Path) -> list[str]:
    """Where HDF5 sees something else than the user block and the index say."""
    with open_source(path) as source:
        block = VerifiedParts(source).block
        series = (
            load_segment(source, LocalFile(path)).index.series if "index" in block.parts else ()
        )
    with h5py.File(path, "r", locking=False) as file:
        found = [] if file.attrs.get("format") else ["it has no attribute 'format'"]
        for name, part in block.parts.items():
            dataset = _own(file, name)
            if part.size and (dataset.id.get_offset(), dataset.nbytes) != (part.offset, part.size):
                found.append(f"HDF5 sees its part {name!r} elsewhere")
        for each in series:
            found += _differences(file, each)
    return found


def _differences(file: h5py.File, series: SeriesIndex) -> Iterator[str]:
    declaration = series.declaration
    tiles = (series.frames, *declaration.tile_shape)
    wanted = {
        "stored": (tiles + declaration.picture_shape, series.pixel),
        "tiles": (tiles, TILE),
        "columns": (tiles, series.column),
    }
    if series.packing is not None:
        count = Grid.of(declaration.tile_shape, series.packing.group).count
        wanted["chunks"] = ((series.frames, count), CHUNK)
    for name, offset, size in series.extents():
        if name == "columns" and not declaration.columns:
            continue
        dataset = _own(file, f"{series.path}/{name}")
        shape, dtype = wanted[name]
        if dataset.shape != shape or dataset.dtype != dtype:
            yield f"HDF5 sees {series.path}/{name} as {dataset.dtype} of shape {dataset.shape}"
        elif size and dataset.id.get_offset() != offset:
            yield f"HDF5 sees {series.path}/{name} at byte {dataset.id.get_offset()}, not {offset}"
