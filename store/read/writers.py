"""Who has written what into a run: how many steps each writer has committed, by its name."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from vizframe.errors import DamagedSegment
from vizframe.store.format.names import Commits, CompactedName, SegmentName
from vizframe.store.read.segment import read_segment


def commits_by_writer(path: str | os.PathLike[str]) -> Mapping[str, int]:
    """The number of commits in the longest session of each writer, merged and compacted ones too.

    Only names are read, and the indexes of compacted files: ten thousand segments cost some
    milliseconds.

    Raises:
        OSError: the folder cannot be listed.
    """
    counts: dict[str, int] = {}
    for commits in _all_commits(Path(path)):
        writer = commits.session.writer
        counts[writer] = max(counts.get(writer, 0), commits.last + 1)
    return counts


def _all_commits(run: Path) -> Iterator[Commits]:
    for text in os.listdir(run):
        name = SegmentName.parse(text)
        if name is not None:
            yield name.commits
        elif CompactedName.parse(text) is not None:
            try:
                yield from read_segment(run / text).index.covers
            except (DamagedSegment, FileNotFoundError):
                continue
