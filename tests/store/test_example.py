"""The example reads a run with h5py alone, live, merged and compacted, as vizframe itself does."""

from __future__ import annotations

import runpy
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import vizframe.store
from tests.store.small import INFO, SHAPES, declaration, write
from vizframe.history import SeriesKey, StepRecord
from vizframe.plugin.frame import Encoding, Frame
from vizframe.store.write.due import MergePlan
from vizframe.testing.runs import declare

KEY = SeriesKey(label="odd", layer="conv0")
EXAMPLE = Path(__file__).parents[2] / "examples" / "read_with_h5py.py"


def read(run: Path, label: str, layer: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, EXAMPLE, run, label, layer], capture_output=True, text=True, check=True
    )
    return done.stdout.splitlines()


def expected(run: Path, key: SeriesKey) -> list[str]:
    history = vizframe.store.open(run)
    lines = []
    for step in history.series_steps(key):
        values = history.tiles(key, step).values()
        lines.append(f"step {step}: {values.shape} from {values.min():.3g} to {values.max():.3g}")
    return lines


@pytest.mark.parametrize("compacted", [False, True])
def test_the_example_reads_what_vizframe_reads(tmp_path: Path, compacted: bool) -> None:
    write(tmp_path, range(10), merging=MergePlan(steps=4, grace=0))
    if compacted:
        vizframe.store.compact(tmp_path)
    for layer in SHAPES:
        lines = read(tmp_path, "activation", layer)
        assert len(lines) == 10
        assert lines == expected(tmp_path, declaration(layer).key)


def test_the_example_undoes_differences(tmp_path: Path) -> None:
    key = SeriesKey(label="ascent", layer="features.3")
    declared = declare(key, ("unit", "y", "x", "channel"), (2, 40, 40, 3))
    y, x = np.meshgrid(np.arange(40), np.arange(40), indexing="ij")
    with vizframe.store.create(tmp_path, INFO) as store:
        for step in range(3):
            wave = np.sin((y + 2 * x) / 20 + step)[None, :, :, None]
            values = np.broadcast_to(wave, (2, 40, 40, 3)).astype(np.float32)
            store.commit(StepRecord(step, [(declared, Frame("features.3", values))]))
    vizframe.store.compact(tmp_path)
    assert read(tmp_path, "ascent", "features.3") == expected(tmp_path, key)


@pytest.mark.parametrize("encoding", ["uint8", "float16", "float32"])
def test_the_example_gives_back_what_is_not_finite(tmp_path: Path, encoding: Encoding) -> None:
    values = np.array([[[-1, 0, 2], [np.nan, np.inf, -np.inf]], [[0, 1, 2], [3, 4, 5]]], np.float32)
    for number, size in enumerate((1e-20, 1, 1e20)):
        declared = declare(KEY, ("unit", "y", "x"), values.shape, encoding=encoding)
        with vizframe.store.create(tmp_path / str(number), INFO) as store:
            frame = Frame("conv0", values * np.float32(size))
            store.commit(StepRecord(0, [(declared, frame)]))
        example = runpy.run_path(str(EXAMPLE))["frames"](tmp_path / str(number), "odd", "conv0")[0]
        history = vizframe.store.open(tmp_path / str(number))
        np.testing.assert_array_equal(example, history.tiles(KEY, 0).values())
        np.testing.assert_array_equal(np.isfinite(example), np.isfinite(values))


def test_the_example_is_short() -> None:
    lines = [line for line in EXAMPLE.read_text().splitlines() if line.strip()]
    assert len(lines) < 50
