"""One committed step on its way to the disk: frames encoded, checksummed, and put in place."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from vizframe.errors import HistoryWriteError
from vizframe.history import Declaration, SeriesKey, StepRecord
from vizframe.history.encoding import check_frame, encode_frame
from vizframe.plugin.frame import Frame
from vizframe.store.format.checksum import crc32
from vizframe.store.format.image import Image, np_bytes
from vizframe.store.format.index import Index, SeriesIndex, group_path
from vizframe.store.format.layout import ROW, STEP
from vizframe.store.format.names import Session
from vizframe.store.write.plan import PlanKey, SegmentPlan, dump_notes, make_plan, room
from vizframe.store.write.records import tile_records
from vizframe.store.write.spool import SpooledBytes, SpooledFrame

MOST_PLANS = 16
"""Plans kept: schedules per plugin give a few shapes of steps that alternate."""


@dataclass(frozen=True, slots=True, eq=False)
class EncodedFrame:
    """A frame as it is stored: the tiles and their CRC-32, their records, the columns."""

    stored: memoryview | SpooledBytes
    crc32: int
    records: npt.NDArray[np.void]
    columns: npt.NDArray[np.void]


def encode(declaration: Declaration, frame: Frame, series: SeriesIndex) -> EncodedFrame:
    """Raises HistoryWriteError where the frame is not what its declaration says."""
    if isinstance(frame, SpooledFrame) and frame.dtype == series.pixel:
        check_frame(declaration, frame)
        columns = _columns(declaration, frame, series)
        return EncodedFrame(frame.piece, frame.piece.crc32, frame.records, columns)
    tiles = encode_frame(declaration, frame)
    stored = np_bytes(tiles.stored.astype(series.pixel, copy=False))
    columns = _columns(declaration, frame, series)
    return EncodedFrame(stored, crc32(stored), tile_records(tiles, stored), columns)


def _columns(declaration: Declaration, frame: Frame, series: SeriesIndex) -> npt.NDArray[np.void]:
    columns = np.zeros(series.tile_count, series.column)
    for name in declaration.columns:
        values = np.asarray(frame.columns[name], "<f4")
        columns[name] = values.reshape(columns[name].shape)
    return columns


@dataclass(slots=True)
class Drafter:
    """Makes the images of one session's steps; remembers their plans.

    Attributes:
        session: whose steps.
        resumed_at: its first one.
        run: the id of the run.
        hidden: the older sessions that have steps behind that, each with its last one.
        after: the newest of the older sessions, if there are any.
    """

    session: Session
    resumed_at: int
    run: str = ""
    hidden: tuple[tuple[Session, int], ...] = ()
    after: tuple[Session, ...] = ()
    _plans: OrderedDict[Hashable, SegmentPlan] = field(default_factory=OrderedDict)
    _names: dict[int, tuple[Declaration, str]] = field(default_factory=dict)
    """What the last step's declarations say, by their identity: most come again as they are."""

    def draft(self, record: StepRecord) -> Image:
        """The whole segment of one step.

        Raises:
            HistoryWriteError: a frame is not what its declaration says.
        """
        _check_once(record)
        said = dump_notes(
            record.failures,
            record.findings,
            {row: frame.notes for row, (_, frame) in enumerate(record.frames) if frame.notes},
        )
        plan = self._plan(record, room(len(said)))
        frames = [
            encode(declaration, frame, series)
            for (declaration, frame), series in zip(record.frames, plan.index.series, strict=True)
        ]
        image = plan.image(_step(record), _scalars(record), _rows(frames), said)
        for series, frame in zip(plan.index.series, frames, strict=True):
            image.put(series.stored, frame.stored)
            image.put(series.tiles, frame.records)
            image.put(series.columns, frame.columns)
        return image

    def _name(self, declarations: Sequence[Declaration]) -> tuple[str, ...]:
        """What tells the declarations apart: all they say."""
        known, self._names = self._names, {}
        for each in declarations:
            name = known.get(id(each)) or (each, json.dumps(each.model_dump(mode="json")))
            self._names[id(each)] = name
        return tuple(self._names[id(each)][1] for each in declarations)

    def _plan(self, record: StepRecord, notes: int) -> SegmentPlan:
        texts = self._name([declaration for declaration, _ in record.frames])
        key = (texts, tuple(record.scalars), notes)
        plan = self._plans.get(key)
        if plan is None:
            index = Index(
                ((self.session, self.resumed_at),),
                tuple(record.scalars),
                _series(record.frames),
                run=self.run,
                hides=((self.session, self.hidden),),
                after=((self.session, self.after),),
            )
            plan = self._plans[key] = make_plan(PlanKey(index, 1, len(texts), notes))
        self._plans.move_to_end(key)
        if len(self._plans) > MOST_PLANS:
            self._plans.popitem(last=False)
        return plan


def _check_once(record: StepRecord) -> None:
    """Raises HistoryWriteError where a series has two frames."""
    seen: set[SeriesKey] = set()
    for declaration, _ in record.frames:
        if declaration.key in seen:
            raise HistoryWriteError(f"step {record.step} has {declaration.key} twice")
        seen.add(declaration.key)


def _series(frames: Sequence[tuple[Declaration, Frame]]) -> tuple[SeriesIndex, ...]:
    paths: list[str] = []
    for declaration, _ in frames:
        paths.append(group_path(declaration.key, paths))
    return tuple(
        SeriesIndex(declaration, path, 1)
        for (declaration, _), path in zip(frames, paths, strict=True)
    )


def _step(record: StepRecord) -> npt.NDArray[np.void]:
    epoch = np.nan if record.epoch is None else record.epoch
    return np.array([(record.step, record.time, epoch, 0)], STEP)


def _scalars(record: StepRecord) -> npt.NDArray[np.float64]:
    return np.array([list(record.scalars.values())], "<f8").reshape(1, -1)


def _rows(frames: Sequence[EncodedFrame]) -> npt.NDArray[np.void]:
    return np.array(
        [
            (
                place,
                0,
                0,
                frame.crc32,
                crc32(np_bytes(frame.records)),
                crc32(np_bytes(frame.columns)),
            )
            for place, frame in enumerate(frames)
        ],
        ROW,
    )
