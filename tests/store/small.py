"""Small runs for tests: three series, some of them with columns, every step told apart."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

import vizframe.store
from vizframe.history import Declaration, History, SeriesKey, StepRecord
from vizframe.history.encoding import stored_frame
from vizframe.plugin.frame import Frame
from vizframe.store.care import checking
from vizframe.store.write.due import MergePlan
from vizframe.store.write.writer import StoreWriter
from vizframe.testing.runs import declare, fake_info, fake_probe

SHAPES = {"conv0": (4, 12, 12), "conv1": (6, 5, 5), "dense": (3, 8, 8)}
INFO = fake_info("small")
PROBE = fake_probe()
NEVER = MergePlan(steps=10**9)
"""One segment per step for good."""


@cache
def declaration(layer: str) -> Declaration:
    key = SeriesKey(label="activation", layer=layer)
    columns = {"norm": 0, "curve": 3} if layer == "conv0" else {}
    return declare(key, ("unit", "y", "x"), SHAPES[layer], value_range=(0, 1), columns=columns)


@cache
def frame(layer: str, step: int) -> Frame:
    generator = np.random.default_rng([list(SHAPES).index(layer), step])
    pixels = generator.integers(0, 256, SHAPES[layer], np.uint8)
    columns = {
        name: np.full((SHAPES[layer][0], *((length,) if length else ())), step, np.float32)
        for name, length in declaration(layer).columns.items()
    }
    return Frame(layer, pixels, columns=columns, notes=(f"{layer} at {step}",))


def record(step: int) -> StepRecord:
    return StepRecord(
        step=step,
        frames=[(declaration(layer), frame(layer, step)) for layer in SHAPES],
        scalars={"loss": 1 / (step + 1)},
        time=1000.0 + step,
    )


def spooled(writer: StoreWriter, record: StepRecord) -> StepRecord:
    """The record, whose frames have gone through the writer's spool: all of them, where
    `vizframe.store.write.spool.HELD` is 0."""
    aside = writer.aside()
    frames = [(each, aside.frame(each, stored_frame(each, made))) for each, made in record.frames]
    return replace(record, frames=frames)


def write(
    run: Path, steps: Iterable[int], *, writer: str = "main", merging: MergePlan = NEVER
) -> None:
    """A run of these steps."""
    with vizframe.store.create(run, INFO, PROBE, writer=writer, merging=merging) as store:
        for step in steps:
            store.commit(record(step))


def segments(run: Path) -> list[Path]:
    """The run's segments, in order of commit."""
    return sorted(path for path in run.glob("*.h5") if path.name != "probe.h5")


def assert_whole(history: History, steps: Iterable[int]) -> None:
    """See that all of these steps are there, bit by bit."""
    for step in steps:
        for layer in SHAPES:
            assert not damage(history, layer, step), f"{layer} is damaged at step {step}"


def damage(history: History, layer: str, step: int) -> int:
    """How many tiles are missing; what is not missing is as it was written."""
    tiles = history.tiles(declaration(layer).key, step)
    expected = frame(layer, step)
    sound = ~tiles.missing
    assert (tiles.stored[sound] == expected.values[sound]).all()
    assert not tiles.stored[tiles.missing].any()
    assert (tiles.low[sound] == 0).all()
    assert (tiles.high[sound] == 1).all()
    return int(tiles.missing.sum())


def spare_hdf5(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let `check` not ask HDF5, in a process of its own, what it thinks of each file: that takes a
    second, and test_check.py sees to it."""
    monkeypatch.setattr(checking, "examine", lambda paths: ((path, ()) for path in paths))
