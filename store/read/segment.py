"""One file of a run as a reader knows it: its index, its steps, and where each frame lies.

Reading it takes one look at the user block and the parts; the frames stay where they are.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from vizframe.errors import DamagedSegment, UnreadableSegment
from vizframe.history import Failure, Finding
from vizframe.store.format.index import Index, SeriesIndex, known_fields, load_index
from vizframe.store.format.layout import BLOCK, NONSENSE, ROW, STEP, Row
from vizframe.store.format.source import (
    File,
    LocalFile,
    Source,
    VerifiedParts,
    damage_error,
    open_source,
)
from vizframe.store.read.identity import check_name

Ints = npt.NDArray[np.int64]

PARTS = ("index", "steps", "scalars", "rows", "notes")
"""The parts of a segment that its user block vouches for."""


@dataclass(frozen=True, slots=True, eq=False)
class Segment:
    """What is known of a sound file.

    Attributes:
        file: where it is read from.
        size: its bytes.
        index: its sessions, scalars and series.
        steps: of `layout.STEP`, increasing.
        scalars: (steps, names).
        rows: of `layout.ROW`, one per frame, in order of series and step.
        starts: where each series' rows start; one more for the end of the last.
        row_steps: the steps of the rows, in order.
        failures: what broke.
        findings: what rules found wrong with the training.
        notes: each row's sentences.
        doubt: what is wrong with the file, though it can be read.
        run: the id of the run that it belongs to; empty where it does not say.
    """

    file: File
    size: int
    index: Index
    steps: npt.NDArray[np.void]
    scalars: npt.NDArray[np.float64]
    rows: npt.NDArray[np.void]
    starts: Sequence[int]
    row_steps: npt.NDArray[np.uint32]
    failures: Sequence[Failure]
    findings: Sequence[Finding]
    notes: Mapping[int, Sequence[str]]
    doubt: str = ""
    run: str = ""

    @property
    def weight(self) -> int:
        """Bytes that it keeps in memory, beside its index."""
        tables = (self.steps, self.scalars, self.rows, self.row_steps)
        return sum(table.nbytes for table in tables) + 8 * len(self.starts)

    def row(self, number: int) -> Row:
        """A row as plain integers."""
        return Row._make(self.rows.item(number))


def read_segment(path: Path) -> Segment:
    """Read what a file says of itself.

    Raises:
        DamagedSegment: it is not sound, or no segment at all.
        UnreadableSegment: what it holds cannot be known now.
        FileNotFoundError: it is gone.
    """
    try:
        with open_source(path) as source:
            segment = load_segment(source, LocalFile(path))
            try:
                check_name(segment, path.name)
            except DamagedSegment as bad:
                raise damage_error(source, str(bad)) from bad
            return segment
    except FileNotFoundError:
        raise
    except OSError as refused:
        reason = refused.strerror or str(refused)
        raise UnreadableSegment(f"{path} cannot be read: {reason}") from refused


def load_segment(source: Source, file: File) -> Segment:
    """Raises DamagedSegment."""
    vouched = VerifiedParts(source)
    parts = {name: vouched.part(name) for name in PARTS}
    try:
        segment = parse_segment(file, source.size, parts, vouched.doubt)
        if segment.run or "run" not in vouched:
            return segment
        return replace(segment, run=_run_of(vouched.part("run")))
    except DamagedSegment as bad:
        raise damage_error(source, str(bad)) from bad


def _run_of(text: bytes) -> str:
    """The id in the description that a compacted run carries."""
    try:
        return str(json.loads(text)["id"])
    except NONSENSE as bad:
        raise DamagedSegment("it does not describe a run") from bad


def parse_segment(file: File, size: int, parts: Mapping[str, bytes], doubt: str = "") -> Segment:
    """Raises DamagedSegment, the reason alone, for parts that contradict each other or the file."""
    index = load_index(parts["index"])
    steps = _table(parts["steps"], STEP, "steps")
    rows = _table(parts["rows"], ROW, "rows")
    width = len(index.scalars)
    if len(parts["scalars"]) != 8 * width * len(steps):
        raise DamagedSegment("its scalars are not as many as its index says")
    scalars = np.frombuffer(parts["scalars"], "<f8").reshape(len(steps), width)
    said = _load_notes(parts["notes"])
    _check_steps(steps, len(index.sessions))
    _check_rows(rows, len(steps), index.series)
    for series in index.series:
        _check_extents(series, size)
    starts = _starts(rows, len(index.series))
    row_steps = np.ascontiguousarray(rows["step"])
    return Segment(
        file, size, index, steps, scalars, rows, starts, row_steps, *said, doubt, index.run
    )


FEW = 16
"""Rows that are looked at one by one: NumPy takes microseconds for any number of them, and most
files have few."""


def _starts(rows: npt.NDArray[np.void], series: int) -> Sequence[int]:
    if len(rows) > FEW:
        starts: list[int] = np.searchsorted(rows["series"], np.arange(series + 1)).tolist()
        return starts
    numbers = [row[0] for row in rows.tolist()]
    return [bisect_left(numbers, number) for number in range(series + 1)]


def _table(data: bytes, dtype: np.dtype[np.void], what: str) -> npt.NDArray[np.void]:
    if len(data) % dtype.itemsize:
        raise DamagedSegment(f"its {what} are not of layout 1")
    return np.frombuffer(data, dtype)


def _load_notes(
    text: bytes,
) -> tuple[Sequence[Failure], Sequence[Finding], Mapping[int, Sequence[str]]]:
    if text.rstrip() == b"{}":
        return (), (), {}
    try:
        said = json.loads(text)
        failures = tuple(
            Failure.model_validate(known_fields(Failure, each)) for each in said.get("failures", ())
        )
        findings = tuple(
            Finding.model_validate(known_fields(Finding, each)) for each in said.get("findings", ())
        )
        notes = {
            int(row): tuple(map(str, sentences)) for row, sentences in said.get("notes", {}).items()
        }
    except NONSENSE as bad:  # pydantic's errors are ValueErrors
        raise DamagedSegment("its notes are not of layout 1") from bad
    return failures, findings, notes


def _check_steps(steps: npt.NDArray[np.void], sessions: int) -> None:
    if not len(steps):
        raise DamagedSegment("it has no steps")
    if len(steps) == 1:
        step, _, _, session = steps.item(0)
        if step >= 0 and session < sessions:
            return
    if (steps["step"] < 0).any() or (np.diff(steps["step"]) < 0).any():
        raise DamagedSegment("its steps do not increase")
    if (steps["session"] >= sessions).any():
        raise DamagedSegment("its steps name sessions that it does not list")


def _check_rows(rows: npt.NDArray[np.void], steps: int, series: Sequence[SeriesIndex]) -> None:
    if len(rows) <= FEW and _are_sound(rows.tolist(), steps, series):
        return
    if (rows["series"] >= len(series)).any() or (rows["step"] >= steps).any():
        raise DamagedSegment("its rows name series or steps that it does not list")
    order = rows["series"].astype(np.int64) << 32 | rows["step"]
    if (np.diff(order) <= 0).any():
        raise DamagedSegment("its rows are not in order")
    frames = np.array([min(each.frames, 2**32) for each in series], np.int64)
    if (rows["frame"] >= frames[rows["series"]]).any():
        raise DamagedSegment("its rows name frames that it does not hold")


def _are_sound(rows: Sequence[tuple[int, ...]], steps: int, series: Sequence[SeriesIndex]) -> bool:
    """Whether none of a few rows has to be refused."""
    last = (-1, -1)
    for number, step, frame, *_ in rows:
        if number >= len(series) or step >= steps or (number, step) <= last:
            return False
        if frame >= series[number].frames:
            return False
        last = (number, step)
    return True


def _check_extents(series: SeriesIndex, size: int) -> None:
    """All in plain integers: a hostile shape of 2⁶² elements does not overflow here."""
    for name, offset, length in series.extents():
        if offset < BLOCK or offset + length > size:
            if not length:
                continue
            raise DamagedSegment(
                f"the dataset {series.path}/{name} would take the bytes {offset} to "
                f"{offset + length} of its {size}"
            )
