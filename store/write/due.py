"""Which segments of a session are merged next.

    1 1 1 … 1   ──►  16     16 16 16 16  ──►  64     64 64 … 64  ──►  1,024

The first merge is for small segments alone: it is done again with three others. Small ones are
merged by four on the way to 1,024, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from vizframe.store.write.thinning import PublishedSegment

SMALL = 1 << 22
"""Bytes of a quarter of a merge that are merged for the time being, and then once more."""

SMALL_FAN = 4
"""Small segments that are merged once more: writing them again costs little, and each file that a
run has costs whoever opens it."""

LEAST = 32
"""Steps of a merge from which on a quarter of it is worth while."""


@dataclass(frozen=True, slots=True)
class MergePlan:
    """How many segments make a larger one.

    Attributes:
        steps: that a merged segment has at first; small ones are merged at a quarter of it too.
        fan: merged segments that are merged once more, and so on; of small ones, four.
        bytes: a merged segment is not planned larger than this; single steps of more stay alone.
        grace: seconds for which the sources of a merge stay.
        files: of one step, or merged away already, that may be there. A writer who is faster than
            that waits: a folder of thousands of files is slow for everybody.
    """

    steps: int = 64
    fan: int = 16
    bytes: int = 1 << 29
    grace: float = 1.0
    files: int = 192


def segments_due(pieces: Sequence[PublishedSegment], plan: MergePlan) -> Sequence[PublishedSegment]:
    """The pieces to merge next, neighbours of one level; empty where none are due."""
    for level in range(max((each.level for each in pieces), default=-1) + 1):
        batch = _batch([each for each in pieces if each.level == level], plan)
        if batch:
            return batch
    return _quarter([each for each in pieces if not each.level], plan)


def _batch(pieces: Sequence[PublishedSegment], plan: MergePlan) -> Sequence[PublishedSegment]:
    """The first neighbours of one level that are many enough, or large enough together."""
    batch: list[PublishedSegment] = []
    size = 0
    for piece in pieces:
        apart = batch and not batch[-1].is_followed_by(piece)
        if apart or size + piece.size > plan.bytes:
            if len(batch) > 1 and not apart:
                return batch
            batch, size = [], 0
        batch.append(piece)
        size += piece.size
        if len(batch) > 1 and _are_enough(batch, plan):
            return batch
    return ()


def _are_enough(batch: Sequence[PublishedSegment], plan: MergePlan) -> bool:
    """Of the first level steps are counted, of the others segments."""
    if batch[0].level:
        is_small = sum(piece.size for piece in batch) <= SMALL
        return len(batch) >= (min(plan.fan, SMALL_FAN) if is_small else plan.fan)
    return sum(piece.commits for piece in batch) >= plan.steps


def _quarter(pieces: Sequence[PublishedSegment], plan: MergePlan) -> Sequence[PublishedSegment]:
    """The first neighbours of one step each that are a quarter of a merge, if they are small."""
    count = plan.steps // 4 if plan.steps >= LEAST else 0
    batch: list[PublishedSegment] = []
    for piece in pieces:
        if piece.commits > 1 or (batch and not batch[-1].is_followed_by(piece)):
            batch = []
        if count and piece.commits == 1:
            batch.append(piece)
        if batch and len(batch) == count:
            if is_quarter(batch, plan):
                return batch
            batch = []
    return ()


def is_quarter(batch: Sequence[PublishedSegment], plan: MergePlan) -> bool:
    """Whether pieces stay of their level when they are merged: they will be merged with others."""
    size, commits = (sum(getattr(each, name) for each in batch) for name in ("size", "commits"))
    is_first = not batch[0].level and plan.steps >= LEAST
    return is_first and commits < plan.steps // 2 and size <= min(SMALL, plan.bytes // 4)
