"""A line about a run, as cheaply as it can be had."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from vizframe.errors import HistoryError
from vizframe.history import RunInfo, RunSummary
from vizframe.store.format.names import (
    WEIGHTS_FOLDER,
    CompactedName,
    SegmentName,
    uncovered_names,
)
from vizframe.store.format.source import LocalFile
from vizframe.store.read.about import read_info
from vizframe.store.read.origin import SingleFile
from vizframe.store.read.union import Union


def summarize_folder(name: str, run: Path) -> RunSummary:
    """From names and sizes alone. Steps that a resumed training hides are counted."""
    info: RunInfo | None = None
    fault: str | None = None
    try:
        info = read_info(run)
    except HistoryError as bad:
        fault = str(bad)
    segments, compacted, size, newest = _look(run)
    highest = [each.high for each in segments] + [each.high for each in compacted]
    return RunSummary(
        name=name,
        info=info,
        steps=_count_steps(segments) + sum(each.steps for each in compacted[-1:]),
        last_step=max(highest, default=None),
        last_time=newest,
        bytes=size,
        fault=fault,
    )


def _count_steps(segments: Sequence[SegmentName]) -> int:
    """How many there are at least, and nearly always: several writers have the same steps, such as
    the workers of a training, or one that writes findings alone."""
    of_one: Counter[str] = Counter()
    for each in segments:
        of_one[each.commits.session.writer] += each.last - each.first + 1
    alone = {each.low for each in segments if each.low == each.high}
    return max(len(alone), *of_one.values(), 0)


def _look(
    run: Path,
) -> tuple[Sequence[SegmentName], Sequence[CompactedName], int, float | None]:
    """The standing segments, the compacted runs, oldest first, the bytes of all files, and when
    the newest of them was written."""
    segments: list[SegmentName] = []
    compacted: list[CompactedName] = []
    size, newest = 0, None
    for entry in _entries(run):
        try:
            state = entry.stat(follow_symlinks=False)
        except OSError:  # merged away since it was listed
            continue
        size += state.st_size
        if entry.name == WEIGHTS_FOLDER and entry.is_dir(follow_symlinks=False):
            size += _bytes(run / entry.name)
        segment, whole = SegmentName.parse(entry.name), CompactedName.parse(entry.name)
        if segment is not None:
            segments.append(segment)
        if whole is not None:
            compacted.append(whole)
        if segment is not None or whole is not None:
            newest = max(newest or 0.0, state.st_mtime)
    return uncovered_names(segments), sorted(compacted), size, newest


def _bytes(folder: Path) -> int:
    """Of the files in it; those that go meanwhile count nothing."""
    size = 0
    for entry in _entries(folder):
        with suppress(OSError):
            size += entry.stat(follow_symlinks=False).st_size
    return size


def _entries(run: Path) -> Sequence[os.DirEntry[str]]:
    try:
        with os.scandir(run) as entries:
            return list(entries)
    except OSError:  # gone since it was found: a run of no steps
        return ()


def summarize_file(name: str, file: Path) -> RunSummary:
    """From the index of a compacted run."""
    try:
        size, newest = file.stat().st_size, file.stat().st_mtime
        origin = SingleFile(LocalFile(file))
        info, steps = origin.info(), Union(origin.segments).steps
    except (HistoryError, OSError) as bad:
        return RunSummary(name, None, 0, None, None, 0, str(bad))
    return RunSummary(name, info, len(steps), int(steps[-1]), newest, size)
