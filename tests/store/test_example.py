"""The example reads a run with h5py alone, live, merged and compacted, as vizframe itself does."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import vizframe.store
from tests.store.small import INFO, SHAPES, declaration, write
from vizframe.history import SeriesKey, StepRecord
from vizframe.plugin.frame import Frame
from vizframe.store.write.merger import MergePlan
from vizframe.testing.runs import declare

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


def test_the_example_is_short() -> None:
    lines = [line for line in EXAMPLE.read_text().splitlines() if line.strip()]
    assert len(lines) < 50
