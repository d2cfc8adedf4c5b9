"""Merge segments into a larger one, frame by frame, each checked on its way."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from vizframe.errors import DamagedSegment
from vizframe.store.format.checksum import crc32
from vizframe.store.format.image import np_bytes
from vizframe.store.format.index import LARGEST_INDEX, SeriesIndex
from vizframe.store.format.layout import TILE, Row
from vizframe.store.format.source import Source, damage_error
from vizframe.store.read.frames import read_stored, room_for
from vizframe.store.write.disk import Disk
from vizframe.store.write.gather import Gathering, Part, gather
from vizframe.store.write.plan import PlanKey, SegmentPlan, make_plan, room
from vizframe.store.write.publish import publish


def merge(disk: Disk, parts: Sequence[Part], target: Path) -> int:
    """Publish one segment with all that is taken of these; its bytes.

    Always on the disk before it is published: its sources are about to be removed, and a merge
    must not make a run less safe than it was. Memory: one frame.

    Raises:
        DamagedSegment: a source is not sound.
        HistoryWriteError: the disk refused.
        FileNotFoundError: a source is gone.
    """
    gathering = gather(parts)
    shape = PlanKey(
        gathering.index, len(gathering.steps), len(gathering.rows), room(len(gathering.notes))
    )
    plan = make_plan(shape)
    if len(plan.text) > LARGEST_INDEX // 2:  # declarations that change at every step
        raise DamagedSegment(f"{target} would have an index of {len(plan.text)} bytes")
    image = plan.image(gathering.steps, gathering.scalars, gathering.rows, gathering.notes)

    def fill(fd: int) -> None:
        disk.resize(fd, image.size)
        for offset, piece in image.pieces:
            disk.write(fd, [piece], offset)
        for number, part in enumerate(parts):
            with part.segment.file.open() as source:
                _copy(disk, fd, source, part, gathering, plan, number)

    publish(disk, fill, target, durable=True)
    return image.size


def _copy(
    disk: Disk,
    fd: int,
    source: Source,
    part: Part,
    gathering: Gathering,
    plan: SegmentPlan,
    number: int,
) -> None:
    """The frames of one source, to their places in the target."""
    for row in np.flatnonzero(gathering.origins[:, 0] == number):
        old = int(gathering.origins[row, 1])
        new = gathering.rows[row]
        _copy_frame(
            disk,
            fd,
            source,
            (part.segment.index.series[part.segment.row(old).series], part.segment.row(old)),
            (plan.index.series[int(new["series"])], int(new["frame"])),
        )


def _copy_frame(
    disk: Disk,
    fd: int,
    source: Source,
    old: tuple[SeriesIndex, Row],
    new: tuple[SeriesIndex, int],
) -> None:
    series, row = old
    target, place = new
    frame = row.frame
    stored = room_for(series.declaration, series.tile_count)
    records = np.empty(series.tile_count, TILE)
    columns = np.empty(series.tile_count, series.column)
    read_stored(source, series, frame, 0, np_bytes(stored))
    source.read_into(np_bytes(records), series.tiles + frame * series.record_bytes)
    source.read_into(np_bytes(columns), series.columns + frame * series.column_bytes)
    sums = tuple(crc32(np_bytes(array)) for array in (stored, records, columns))
    if sums != (row.stored, row.tiles, row.columns):
        raise damage_error(source, f"frame {frame} of {series.key} does not have its checksums")
    disk.write(fd, [np_bytes(stored)], target.stored + place * target.frame_bytes)
    disk.write(fd, [np_bytes(records)], target.tiles + place * target.record_bytes)
    disk.write(fd, [np_bytes(columns)], target.columns + place * target.column_bytes)
