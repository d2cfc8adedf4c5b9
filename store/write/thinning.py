"""Which segments of a writer give up frames when its run has become too large.

64 steps ──► every 2nd of them ──► every 4th ──► …      the oldest first, the newest never
"""

from __future__ import annotations

import os
from collections.abc import Container, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import numpy as np

from vizframe.errors import DamagedSegment, UnreadableSegment
from vizframe.store.format.names import WEIGHTS_FOLDER, SegmentName, Session, uncovered_names
from vizframe.store.read.segment import read_segment


@dataclass(frozen=True, slots=True)
class PublishedSegment:
    """A published segment that a writer may merge or thin.

    ``level``: how often its steps were merged, but for a first merge of a few; ``stride``: one of
    so many kept its frames; ``data``: the file's bytes, while they are in memory.
    """

    name: SegmentName
    size: int
    level: int = 0
    stride: int = 1
    data: memoryview | None = field(default=None, compare=False, repr=False)

    @property
    def commits(self) -> int:
        return self.name.last - self.name.first + 1

    def is_followed_by(self, other: PublishedSegment) -> bool:
        """Whether the other holds the next commits of the same session."""
        mine, its = self.name, other.name
        return mine.session == its.session and mine.last + 1 == its.first


def choose_thinnable(pieces: Sequence[PublishedSegment], most: int) -> Sequence[PublishedSegment]:
    """What to halve next: neighbours that kept equally much; never the newest piece.

    Of those that kept the most, the oldest. Where each kept a single frame, two of these. Empty
    where nothing can be halved.

    Args:
        pieces: in order of session and commit.
        most: bytes of neighbours that are taken at once, if that is more than one frame.
    """
    old = pieces[:-1]
    batches = [batch for batch in _batches(old, most) if _holds(batch) > 1]
    batches = batches or [pair for pair in pairwise(old) if pair[0].is_followed_by(pair[1])]
    return min(batches, key=stride_of, default=())


def stride_of(batch: Sequence[PublishedSegment]) -> int:
    """One of so many commits kept its frames, at least."""
    return max(piece.stride for piece in batch)


def _holds(batch: Sequence[PublishedSegment]) -> int:
    """About how many commits still have frames."""
    return sum(piece.commits // piece.stride for piece in batch)


def _batches(pieces: Sequence[PublishedSegment], most: int) -> Iterator[Sequence[PublishedSegment]]:
    """Runs of neighbours of one stride."""
    batch: list[PublishedSegment] = []
    for piece in pieces:
        full = _holds(batch) > 1 and sum(each.size for each in batch) + piece.size > most
        apart = batch and not batch[-1].is_followed_by(piece)
        if full or apart or (batch and batch[-1].stride != piece.stride):
            yield batch
            batch = []
        batch.append(piece)
    yield batch


def find_inherited(run: Path, session: Session) -> list[PublishedSegment]:
    """The sound segments that older sessions of the same writer left, in order.

    Raises:
        OSError: the folder cannot be listed.
    """
    names = [name for text in os.listdir(run) if (name := SegmentName.parse(text))]
    older = [name for name in names if name.session.writer == session.writer]
    found = (_piece(run, name) for name in uncovered_names(older) if name.session < session)
    return [piece for piece in found if piece is not None]


def _piece(run: Path, name: SegmentName) -> PublishedSegment | None:
    """None where the segment is damaged, or gone."""
    try:
        segment = read_segment(run / str(name))
    except (DamagedSegment, UnreadableSegment, FileNotFoundError):
        return None
    kept = len(np.unique(segment.rows["step"]))
    stride = max(1, len(segment.steps) // max(1, kept))
    return PublishedSegment(name, segment.size, int(name.last > name.first), stride)


def weights_bytes(run: Path) -> int:
    """The bytes of the newest weights, where the run keeps them."""
    try:
        return folder_bytes(run / WEIGHTS_FOLDER, ())
    except (FileNotFoundError, NotADirectoryError):
        return 0


def folder_bytes(folder: Path, besides: Container[str]) -> int:
    """The bytes of the files in a folder, but for some."""
    total = 0
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name not in besides:
                with suppress(FileNotFoundError):  # another writer has merged it away
                    total += entry.stat(follow_symlinks=False).st_size
    return total
