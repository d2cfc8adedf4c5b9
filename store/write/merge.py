"""Merge segments into a larger one, frame by frame, each checked on its way."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from vizframe.errors import DamagedSegment
from vizframe.store.format.index import LARGEST_INDEX
from vizframe.store.write.copying import GAP, Batch, copy_frames
from vizframe.store.write.disk import Disk
from vizframe.store.write.gather import Gathering, Part, gather
from vizframe.store.write.plan import PlanKey, SegmentPlan, make_plan, room
from vizframe.store.write.publish import publish

MOST_PLANS = 4
"""Kept by a writer: of each size of merge one, while the steps have the same shapes."""


@dataclass(slots=True)
class Plans:
    """Plans of merges, by what they depend on: laying out thirty datasets takes HDF5 a while."""

    _known: OrderedDict[tuple[bytes, int, int, int], SegmentPlan] = field(
        default_factory=OrderedDict
    )

    def of(self, gathering: Gathering) -> SegmentPlan:
        sizes = len(gathering.steps), len(gathering.rows), room(len(gathering.notes))
        key = (gathering.index.dump(), *sizes)
        plan = self._known.get(key) or make_plan(PlanKey(gathering.index, *sizes))
        self._known[key] = plan
        self._known.move_to_end(key)
        if len(self._known) > MOST_PLANS:
            self._known.popitem(last=False)
        return plan


def merge(disk: Disk, parts: Sequence[Part], target: Path, plans: Plans | None = None) -> int:
    """Publish one segment with all that is taken of these; its bytes.

    Always on the disk before it is published: its sources are about to be removed, and a merge
    must not make a run less safe than it was. Memory: `copying.BATCH`, and one frame.

    Raises:
        DamagedSegment: a source is not sound.
        HistoryWriteError: the disk refused.
        FileNotFoundError: a source is gone.
    """
    gathering = gather(parts)
    plan = (plans or Plans()).of(gathering)
    if len(plan.text) > LARGEST_INDEX // 2:  # declarations that change at every step
        raise DamagedSegment(f"{target} would have an index of {len(plan.text)} bytes")
    image = plan.image(gathering.steps, gathering.scalars, gathering.rows, gathering.notes)

    def fill(fd: int) -> None:
        disk.resize(fd, image.size)
        batch = Batch(disk, fd, GAP)
        for offset, piece in image.pieces:
            batch.put(offset, piece)
        copy_frames(batch, parts, gathering, plan.index.series)
        batch.flush()

    publish(disk, fill, target, durable=True)
    return image.size
