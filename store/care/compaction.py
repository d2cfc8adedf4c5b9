"""Rewrite a run as one tidy file: all of it, compressed where that pays, atomically.

What later sessions hide is kept and stays hidden: nothing that was recorded is dropped.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from vizframe.errors import DamagedSegment, HistoryError, HistoryWriteError, UsageError
from vizframe.plugin import Progress, ignore_progress
from vizframe.store.care.tidy import Tidy, choose_ways
from vizframe.store.format.names import Commits, CompactedName, SegmentName
from vizframe.store.read.origin import Folder, Origin, SingleFile
from vizframe.store.read.union import Union
from vizframe.store.write.about import probe_parts
from vizframe.store.write.disk import Disk
from vizframe.store.write.gather import Gathering, Mask, Part, gather
from vizframe.store.write.publish import discard, publish

MOST_TRIES = 5
"""How often a compaction begins anew because its sources were merged away by who records."""

GRACE = 1.0
"""Seconds for which what was compacted stays: a reader may be in the midst of a listing."""


@dataclass(frozen=True, slots=True)
class Compaction:
    """What became of a run.

    Attributes:
        path: the one file.
        steps: in it.
        frames: in it.
        bytes_before: of the files it holds.
        bytes_after: of the file.
        damaged_tiles: that were so before, and are so in the copy.
        left_out: a sentence for each file that is not sound; in place, it stays.
    """

    path: Path
    steps: int
    frames: int
    bytes_before: int
    bytes_after: int
    damaged_tiles: int
    left_out: tuple[str, ...]


def compact(
    run: str | Path,
    target: str | Path | None = None,
    *,
    compress: bool = True,
    progress: Progress = ignore_progress,
    disk: Disk | None = None,
) -> Compaction:
    """Rewrite a run as one file.

    Args:
        run: its folder, or a compacted file.
        target: where to; it holds the run's description and probe too, and is read alone. None:
            in place. The segments are then removed a second later; a writer that still records
            goes on beside the file.
        compress: whether to deflate the series that shrink by a tenth or more.
        progress: called for each frame.
        disk: the system calls.

    Raises:
        HistoryError: it is no run, or has no steps.
        HistoryWriteError: the disk refused; the run is as before.
        UsageError: there is something at the target.
    """
    for _ in range(MOST_TRIES):
        with suppress(FileNotFoundError):
            return _compact(disk or Disk(), Path(run), target, compress, progress)
    raise HistoryError(
        f"{run} is being recorded, and its files change faster than they are compacted; compact it "
        "when the recording is over"
    )


def _compact(
    disk: Disk, path: Path, target: str | Path | None, compress: bool, progress: Progress
) -> Compaction:
    """Raises FileNotFoundError where a source was merged away meanwhile."""
    _check_target(path, target)
    origin = _origin(path)
    info = origin.info()
    origin.refresh()
    union = Union(origin.segments)
    if not len(union.steps):
        raise HistoryError(f"{path} has no steps to compact")
    sources = _sources(origin) if target is None else ()
    parts = [Part.whole(segment) for segment in union.segments]
    gathering = _gather(parts, union.visible, _covers(sources, union))
    tidy = Tidy(
        gathering,
        parts,
        choose_ways(gathering, parts) if compress else [None] * len(gathering.index.series),
        {"run": info.model_dump_json().encode(), **_probe_of(origin)},
    )
    name = CompactedName.new(len(union.steps), int(union.steps[0]), int(union.steps[-1]))
    place = path / str(name) if target is None else Path(target)
    try:
        publish(disk, lambda fd: tidy.write(disk, fd, progress), place, durable=True)
    except HistoryWriteError as refused:
        gone = _source_that_is_gone(refused)
        if gone is None:
            raise
        raise gone from None
    size = place.stat().st_size
    _remove(disk, path, sources)
    return Compaction(
        path=place,
        steps=len(union.steps),
        frames=tidy.frames,
        bytes_before=sum(segment.size for segment in union.segments),
        bytes_after=size,
        damaged_tiles=tidy.damaged,
        left_out=tuple(origin.faults),
    )


def _source_that_is_gone(refused: HistoryWriteError) -> FileNotFoundError | None:
    """What the refusal comes from, if it is no fault of the disk."""
    cause = refused.__cause__
    if not isinstance(cause, FileNotFoundError) or cause.filename is None:
        return None
    name = Path(os.fsdecode(cause.filename)).name
    return cause if SegmentName.parse(name) or CompactedName.parse(name) else None


def _check_target(path: Path, target: str | Path | None) -> None:
    """Raises UsageError."""
    if target is None and path.is_file():
        raise UsageError(f"{path} is one file already; give a name to write another one")
    if target is not None and Path(target).exists():
        raise UsageError(f"{target} is there already; give another name, or remove it first")


def _origin(path: Path) -> Origin:
    return SingleFile.at(path) if path.is_file() else Folder(path)


def _sources(origin: Origin) -> Sequence[str]:
    """The files of a folder that are no longer needed once it is compacted."""
    if not isinstance(origin, Folder):
        return ()
    return [*origin.listing.sound, *origin.listing.replaced]


def _gather(parts: Sequence[Part], visible: Sequence[Mask], covers: Sequence[Commits]) -> Gathering:
    gathering = gather(parts, visible)
    return replace(gathering, index=replace(gathering.index, covers=tuple(covers)))


def _covers(sources: Sequence[str], union: Union) -> Sequence[Commits]:
    """The commits of the files, neighbours together."""
    found = [commits for segment in union.segments for commits in segment.index.covers]
    found += [name.commits for text in sources if (name := SegmentName.parse(text))]
    together: list[Commits] = []
    for commits in sorted(found):
        last = together[-1] if together else None
        if last and last.session == commits.session and commits.first <= last.last + 1:
            together[-1] = last._replace(last=max(last.last, commits.last))
        else:
            together.append(commits)
    return together if sources else ()


def _probe_of(origin: Origin) -> Mapping[str, bytes]:
    """The parts of the probe, if there is one that is sound."""
    try:
        probe = origin.probe()
    except DamagedSegment:  # a fault of the run that it keeps: its own file stays where it is
        return {}
    return {name: part.tobytes() for name, part in probe_parts(probe).items()} if probe else {}


def _remove(disk: Disk, run: Path, sources: Sequence[str]) -> None:
    """Remove what was compacted in place, when readers have had time to see its successor."""
    if sources:
        time.sleep(GRACE)
    for text in sources:
        discard(disk, run / text)
