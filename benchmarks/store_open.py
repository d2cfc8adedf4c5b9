"""Opening a run of 1,000 steps × 40 series: until its steps and series are known.

    python -m benchmarks.store_open [FOLDER]

Measured in fresh processes, after the imports: of a run as its writer leaves it, of one that is
still being written (the newest steps not merged yet), and the first gallery after that.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.command import folder
from benchmarks.side_by_side import claim
from benchmarks.store_frames import load
from vizframe import store
from vizframe.testing.runs import fake_info

STEPS = 1000
SERIES = 40
TIMES = 7

PROGRAM = """
import json, sys, time
from vizframe import store
start = time.perf_counter()
history = store.open(sys.argv[1])
keys = list(history.declarations)
counts = [len(history.series_steps(key)) for key in keys]
opened = time.perf_counter()
history.tiles(keys[-1], history.steps[-1])
print(json.dumps([opened - start, time.perf_counter() - opened, len(counts), sum(counts)]))
"""


def open_page(run: Path) -> tuple[float, float]:
    """Milliseconds until the run is known, and until the first gallery after that."""
    found = []
    for _ in range(TIMES):
        ran = subprocess.run(
            [sys.executable, "-c", PROGRAM, str(run)], capture_output=True, text=True, check=True
        )
        first, gallery, series, frames = json.loads(ran.stdout)
        if (series, frames) != (SERIES, SERIES * STEPS):
            raise AssertionError(f"{series} series with {frames} frames were found")
        found.append((first, gallery))
    first, gallery = (1000 * statistics.median(each) for each in zip(*found, strict=True))
    return first, gallery


def files(run: Path) -> int:
    return len(list(run.glob("*.h5")))


def run(folder: Path) -> None:
    frames = load("maps", SERIES, 8, 12, 4)
    run = folder / "run"
    writer = store.create(run, fake_info("bench"))
    start = time.perf_counter()
    for step in range(STEPS):
        writer.commit(frames.record(step))
    seconds = time.perf_counter() - start
    print(f"{STEPS} steps × {SERIES} series written: {1000 * seconds / STEPS:.2f} ms per step")
    first, gallery = open_page(run)
    print(
        f"while it is written, {files(run)} files: {first:.0f} ms, first gallery {gallery:.1f} ms"
    )
    claim("opening a run of 1,000 × 40 that is being written", first / 1000, "≤ 0.3", "s")
    writer.close()
    first, gallery = open_page(run)
    print(
        f"when its writer has left, {files(run)} files: {first:.0f} ms, first gallery {gallery:.1f}"
    )
    claim("opening a run of 1,000 × 40", first / 1000, "≤ 0.3", "s")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(dir=folder(__doc__)) as made:
        run(Path(made))
