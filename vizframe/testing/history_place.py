"""Where a contract test puts a run: what a subclass must give."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numpy as np
import numpy.typing as npt
import pytest

from vizframe.history import Declaration, History, HistoryWriter, RunInfo, SeriesKey, StepRecord
from vizframe.history.encoding import encode_frame
from vizframe.network import FloatArray
from vizframe.network.probe import Probe
from vizframe.plugin.frame import Frame
from vizframe.testing.runs import declare, fake_info, fake_probe

MAPS = SeriesKey(label="activation", layer="conv0")


class HistoryPlace(Protocol):
    """One run, fresh for each test, of `PlaceContract.info` and `PlaceContract.probe`."""

    def writer(self, name: str = "main") -> HistoryWriter:
        """A new session of the named writer: the first creates the run, later ones resume it."""
        ...

    def history(self) -> History:
        """A new reader. The run has been created."""
        ...


class PlaceContract:
    """The base of the contract classes."""

    info: RunInfo = fake_info("a run")
    probe: Probe = fake_probe()

    @pytest.fixture
    def place(self) -> HistoryPlace:
        """Override: an empty place for `info` and `probe`."""
        raise NotImplementedError("a contract test class gives the fixture `place`")


def maps(shape: tuple[int, ...] = (4, 6, 6), key: SeriesKey = MAPS) -> Declaration:
    """A declaration of (unit, y, x) frames."""
    return declare(key, ("unit", "y", "x"), shape)


def noise(declaration: Declaration, seed: int) -> Frame:
    """A frame of the declaration, another one for each seed."""
    generator = np.random.default_rng(seed)
    values = generator.standard_normal(
        declaration.tile_shape + declaration.picture_shape, np.float32
    )
    columns: dict[str, FloatArray] = {}
    for name, length in declaration.columns.items():
        shape = declaration.tile_shape + ((length,) if length else ())
        columns[name] = generator.standard_normal(shape, np.float32)
    return Frame(declaration.key.layer, values, declaration.key.part, columns)


def frame_of(values: npt.NDArray[np.float32], axes: tuple[str, ...]) -> tuple[Declaration, Frame]:
    """A declared frame of these very values."""
    return declare(MAPS, axes, values.shape), Frame("conv0", values)


def commit(
    writer: HistoryWriter,
    step: int,
    *frames: tuple[Declaration, Frame],
    scalars: Mapping[str, float] | None = None,
) -> None:
    """Commit frames and numbers at a step, one second apart."""
    record = StepRecord(step=step, frames=frames, scalars=scalars or {}, time=1000.0 + step)
    writer.commit(record)


def write_step(place: HistoryPlace, *frames: tuple[Declaration, Frame], step: int = 3) -> History:
    """A reader of a run with these frames at one step."""
    with place.writer() as writer:
        commit(writer, step, *frames)
    return place.history()


def assert_same(history: History, declaration: Declaration, frame: Frame, step: int) -> None:
    """See that the frame came back as `vizframe.history.encoding` stores it."""
    expected = encode_frame(declaration, frame)
    tiles = history.tiles(declaration.key, step)
    assert tiles.stored.dtype == expected.stored.dtype
    np.testing.assert_array_equal(tiles.stored, expected.stored)
    np.testing.assert_array_equal(tiles.low, expected.low)
    np.testing.assert_array_equal(tiles.high, expected.high)
    np.testing.assert_array_equal(tiles.nonfinite, expected.nonfinite)
    assert tiles.missing.shape == declaration.tile_shape
    assert not tiles.missing.any()
