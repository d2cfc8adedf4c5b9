"""Several segments as one: which steps and frames it has, in which order, and from where.

Merging, thinning and compacting are this, with all of the frames or some of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vizframe.store.format.index import After, Hides, Index, SeriesIndex, group_path
from vizframe.store.format.layout import ROW, STEP
from vizframe.store.format.names import Session
from vizframe.store.read.segment import Segment
from vizframe.store.write.plan import dump_notes

Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """What of a segment is taken: a mask of its steps, and one of its rows (their steps taken)."""

    segment: Segment
    steps: Mask
    rows: Mask

    @classmethod
    def whole(cls, segment: Segment) -> Part:
        return cls(segment, np.ones(len(segment.steps), bool), np.ones(len(segment.rows), bool))


@dataclass(frozen=True, slots=True, eq=False)
class Gathering:
    """The tables of the one, and where its frames come from.

    Attributes:
        index: without offsets.
        steps: of `layout.STEP`.
        scalars: (steps, names).
        rows: of `layout.ROW`, in order.
        origins: for each row the numbers of its part and of its row there, (rows, 2).
        notes: as JSON.
    """

    index: Index
    steps: npt.NDArray[np.void]
    scalars: npt.NDArray[np.float64]
    rows: npt.NDArray[np.void]
    origins: Ints
    notes: bytes


def gather(parts: Sequence[Part], visible: Sequence[Mask] | None = None) -> Gathering:
    """The tables of one segment with all that is taken of these.

    Args:
        visible: of each part's steps, those that are not hidden by a later session: only what went
            wrong at these is taken, since it is kept by step alone. None: all that are taken.
    """
    sessions = _sessions(parts)
    steps, places = _steps(parts, [session for session, _ in sessions])
    names, scalars = _scalars(parts, places, len(steps))
    series, numbers = _series(parts)
    rows, origins = _rows(parts, places, numbers)
    counted = np.bincount(rows["series"], minlength=len(series))
    index = Index(
        sessions,
        names,
        tuple(
            SeriesIndex(each.declaration, each.path, int(frames))
            for each, frames in zip(series, counted, strict=True)
        ),
        run=next((part.segment.run for part in parts if part.segment.run), ""),
        hides=_hides(parts),
        after=_after(parts),
    )
    return Gathering(index, steps, scalars, rows, origins, _notes(parts, origins, visible))


def _sessions(parts: Sequence[Part]) -> tuple[tuple[Session, int], ...]:
    found: dict[Session, int] = {}
    for part in parts:
        found.update(part.segment.index.sessions)
    return tuple(sorted(found.items()))


def _hides(parts: Sequence[Part]) -> Hides:
    return tuple(sorted(dict(each for part in parts for each in part.segment.index.hides).items()))


def _after(parts: Sequence[Part]) -> After:
    return tuple(sorted(dict(each for part in parts for each in part.segment.index.after).items()))


def _steps(
    parts: Sequence[Part], sessions: Sequence[Session]
) -> tuple[npt.NDArray[np.void], Sequence[Ints]]:
    """All steps in order, and for each part the new place of each of its steps (−1: not taken)."""
    number = {session: place for place, session in enumerate(sessions)}
    taken: list[npt.NDArray[np.void]] = []
    for part in parts:
        steps = part.segment.steps[part.steps].copy()
        renumbered = [number[session] for session, _ in part.segment.index.sessions]
        steps["session"] = np.array(renumbered, np.uint32)[steps["session"]]
        taken.append(steps)
    together = np.concatenate(taken) if taken else np.empty(0, STEP)
    order = np.lexsort((together["session"], together["step"]))
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    places, begin = [], 0
    for part, steps in zip(parts, taken, strict=True):
        own = np.full(len(part.steps), -1)
        own[part.steps] = place[begin : begin + len(steps)]
        begin += len(steps)
        places.append(own)
    return together[order], places


def _scalars(
    parts: Sequence[Part], places: Sequence[Ints], steps: int
) -> tuple[tuple[str, ...], npt.NDArray[np.float64]]:
    shown = (part for part in parts if np.any(part.steps))  # others stand for what they hide alone
    names = tuple(dict.fromkeys(name for part in shown for name in part.segment.index.scalars))
    column = {name: place for place, name in enumerate(names)}
    scalars = np.full((steps, len(names)), np.nan)
    for part, place in zip(parts, places, strict=True):
        if not np.any(part.steps):
            continue
        columns = [column[name] for name in part.segment.index.scalars]
        at = place[part.steps]
        scalars[at[:, None], np.array(columns, np.int64)] = part.segment.scalars[part.steps]
    return names, scalars


def _series(parts: Sequence[Part]) -> tuple[Sequence[SeriesIndex], Sequence[Ints]]:
    """The distinct declarations, and for each part the numbers that its series have among them."""
    found: dict[str, SeriesIndex] = {}
    paths: set[str] = set()
    of_index: dict[int, Ints] = {}
    order: dict[str, int] = {}
    for part in parts:
        index = part.segment.index
        if id(index) in of_index:
            continue
        for series in index.series:
            if series.identity not in found:
                path = group_path(series.key, paths)
                paths.add(path)
                order[series.identity] = len(found)
                found[series.identity] = SeriesIndex(series.declaration, path, 0)
        of_index[id(index)] = np.array([order[each.identity] for each in index.series], np.int64)
    return list(found.values()), [of_index[id(part.segment.index)] for part in parts]


def _rows(
    parts: Sequence[Part], places: Sequence[Ints], numbers: Sequence[Ints]
) -> tuple[npt.NDArray[np.void], Ints]:
    """The rows in order of series and step, and where each comes from."""
    tables: list[npt.NDArray[np.void]] = []
    origins: list[Ints] = []
    for number, (part, place, series) in enumerate(zip(parts, places, numbers, strict=True)):
        taken = np.flatnonzero(part.rows & part.steps[part.segment.rows["step"]])
        rows = part.segment.rows[taken].copy()
        rows["step"] = place[rows["step"]]
        rows["series"] = series[rows["series"]] if len(rows) else rows["series"]
        tables.append(rows)
        origins.append(np.column_stack([np.full(len(taken), number), taken]))
    table = np.concatenate(tables) if tables else np.empty(0, ROW)
    order = np.lexsort((table["step"], table["series"]))
    table = table[order]
    table["frame"] = np.arange(len(table)) - np.searchsorted(table["series"], table["series"])
    return table, np.concatenate(origins)[order] if origins else np.empty((0, 2), np.int64)


def _notes(parts: Sequence[Part], origins: Ints, visible: Sequence[Mask] | None) -> bytes:
    masks = [part.steps for part in parts] if visible is None else visible
    shown = [
        (part.segment, part.segment.steps["step"][mask])
        for part, mask in zip(parts, masks, strict=True)
        if part.segment.failures or part.segment.findings
    ]
    failures = [each for of, steps in shown for each in of.failures if each.step in steps]
    findings = [each for of, steps in shown for each in of.findings if each.step in steps]
    said: Mapping[int, Sequence[str]] = {
        row: parts[part].segment.notes[old]
        for row, (part, old) in enumerate(origins.tolist())
        if old in parts[part].segment.notes
    }
    return dump_notes(failures, findings, said)
