"""The plan of a segment: where each of its bytes will be, before there are any.

A plan depends on shapes and declarations alone. The steps of a training have the same ones, so a
writer makes a plan once and fills it at every step.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from vizframe.history import Failure, Finding
from vizframe.store.format.checksum import crc32
from vizframe.store.format.image import Buffer, Image, np_bytes
from vizframe.store.format.index import Index, SeriesIndex
from vizframe.store.format.layout import BLOCK, ROW, STEP, TILE, Block, Extent
from vizframe.store.format.packing import CHUNK, Grid
from vizframe.store.format.skeleton import Dataset, Skeleton, lay_out

NOTES_STEP = 256
"""Room for the notes comes in multiples of this, so that a longer sentence needs no new plan."""

BLOCK_COPY = Dataset("block", (BLOCK,), np.dtype("u1"), {"content": "a copy of the user block"})


@dataclass(frozen=True, slots=True)
class PlanKey:
    """What a plan depends on."""

    index: Index
    steps: int
    rows: int
    notes: int
    """Bytes of room for the notes."""


@dataclass(frozen=True, slots=True)
class SegmentPlan:
    """Where all will be: the index with its offsets filled in, and the HDF5 around it."""

    index: Index
    text: bytes
    skeleton: Skeleton
    shape: PlanKey

    def image(
        self,
        steps: npt.NDArray[np.void],
        scalars: npt.NDArray[np.float64],
        rows: npt.NDArray[np.void],
        notes: bytes,
    ) -> Image:
        """The segment without its frames: the block, HDF5's own, and the parts."""
        parts: dict[str, Buffer] = {
            "index": self.text,
            "steps": np_bytes(steps),
            "scalars": np_bytes(scalars),
            "rows": np_bytes(rows),
            "notes": notes.ljust(self.shape.notes),
        }
        image = self.skeleton.image()
        extents: dict[str, Extent] = {}
        for name, part in parts.items():
            offset = self.skeleton.offsets[name]
            extents[name] = Extent(offset, len(part), crc32(part))
            image.put(offset, part)
        put_block(image, self.skeleton, extents)
        return image


def put_block(image: Image, skeleton: Skeleton, parts: Mapping[str, Extent]) -> None:
    """Lay down the user block, and its copy in the dataset ``/block``."""
    block = Block(image.size, parts).pack()
    image.put(0, block)
    image.put(skeleton.offsets["block"], block)


def make_plan(shape: PlanKey) -> SegmentPlan:
    """Lay out a segment. Costs some 0.1 ms a dataset."""
    text = shape.index.dump()
    datasets = [
        BLOCK_COPY,
        Dataset("index", (len(text),), np.dtype("u1"), {"content": "JSON, UTF-8"}),
        Dataset("steps", (shape.steps,), STEP),
        Dataset("scalars", (shape.steps, len(shape.index.scalars)), np.dtype("<f8")),
        Dataset("rows", (shape.rows,), ROW),
        Dataset("notes", (shape.notes,), np.dtype("u1"), {"content": "JSON, UTF-8"}),
    ]
    for series in shape.index.series:
        datasets += series_datasets(series)
    skeleton = lay_out(datasets)
    index = replace(
        shape.index, series=tuple(_with_offsets(s, skeleton.offsets) for s in shape.index.series)
    )
    return SegmentPlan(index, index.dump().ljust(len(text)), skeleton, shape)


def series_datasets(series: SeriesIndex) -> list[Dataset]:
    """The HDF5 datasets of a series' frames: what they look like to any HDF5 program."""
    declaration = series.declaration
    tiles = (series.frames, *declaration.tile_shape)
    axes = ",".join(("frame", *declaration.axes))
    made = [
        Dataset(
            f"{series.path}/stored",
            tiles + declaration.picture_shape,
            series.pixel,
            {"axes": axes, "layer": declaration.key.layer, "kind": declaration.key.kind},
        ),
        Dataset(f"{series.path}/tiles", tiles, TILE),
    ]
    if series.packing:
        count = Grid.of(declaration.tile_shape, series.packing.group).count
        made.append(Dataset(f"{series.path}/chunks", (series.frames, count), CHUNK))
    if declaration.columns:
        made.append(Dataset(f"{series.path}/columns", tiles, series.column))
    return made


def _with_offsets(series: SeriesIndex, offsets: Mapping[str, int]) -> SeriesIndex:
    return replace(
        series,
        stored=offsets[f"{series.path}/stored"],
        tiles=offsets[f"{series.path}/tiles"],
        columns=offsets.get(f"{series.path}/columns", BLOCK),
    )


def dump_notes(
    failures: Sequence[Failure],
    findings: Sequence[Finding],
    notes: Mapping[int, Sequence[str]],
) -> bytes:
    """What was said beside the numbers: broken plugins, what is wrong with the training, and each
    row's sentences."""
    said: dict[str, object] = {}
    if failures:
        said["failures"] = [failure.model_dump() for failure in failures]
    if findings:
        said["findings"] = [finding.model_dump(mode="json") for finding in findings]
    if notes:
        said["notes"] = {str(row): list(sentences) for row, sentences in notes.items()}
    return json.dumps(said, separators=(",", ":")).encode()


def room(size: int) -> int:
    """How much room notes of this size get."""
    return -(-size // NOTES_STEP) * NOTES_STEP
