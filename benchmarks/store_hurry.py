"""20,000 steps × 12 series written as fast as possible: files, refreshes, and compaction.

    python -m benchmarks.store_hurry [--steps N] [FOLDER]

Small frames, so that all is overhead: 8 maps of 12 × 12 each. Looked at while it is written: the
most files that were there at any time, and how long a look takes that finds a new step; then the
whole run is compacted, beside deflating and writing the same bytes by hand.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
import zlib
from pathlib import Path

from benchmarks.command import command_line
from benchmarks.side_by_side import claim
from benchmarks.store_frames import load
from vizframe import store
from vizframe.testing.runs import fake_info

SERIES = 12
EVERY = 50
"""Steps between two counts of the files."""

LOOKS = 500
"""Steps between two looks at the run."""


def write(run: Path, steps: int) -> None:
    frames = load("maps", SERIES, 8, 12, 4)
    most, looks = 0, []
    with store.create(run, fake_info("hurry")) as writer:
        history = store.open(run)
        began = time.perf_counter()
        for step in range(steps):
            writer.commit(frames.record(step))
            if step % EVERY == 0:
                most = max(most, len(os.listdir(run)))
            if step % LOOKS in (LOOKS - 2, LOOKS - 1):  # the second look finds one new step
                start = time.perf_counter()
                history.refresh()
                keys = list(history.declarations)
                found = [len(history.series_steps(key)) for key in keys]
                assert len(history.steps) == found[0] == step + 1
                if step % LOOKS == LOOKS - 1:
                    looks.append(1000 * (time.perf_counter() - start))
        took = time.perf_counter() - began
    print(f"{steps} steps × {SERIES} series in {took:.0f} s: {steps / took:.0f} a second")
    claim("files at any time, at most", most, "≤ 300", "")
    claim("a look that finds a step, median", statistics.median(looks), "≤ 20", "ms")
    print(f"{'the longest of them':66} {max(looks):8.2f} ms")


def by_hand(run: Path, target: Path) -> float:
    """Seconds of processor time to read, deflate and write what the run's files hold."""
    start = time.process_time()
    with target.open("wb") as file:
        for path in sorted(run.glob("*.h5")):
            data = path.read_bytes()
            deflater = zlib.compressobj(6, zlib.DEFLATED, 15, 9, zlib.Z_RLE)
            file.write(deflater.compress(data) + deflater.flush())
    return time.process_time() - start


def compact(run: Path, folder: Path) -> None:
    hand = by_hand(run, folder / "by-hand")
    start, wall = time.process_time(), time.perf_counter()
    found = store.compact(run, folder / "run.h5")
    took, wall = time.process_time() - start, time.perf_counter() - wall
    size = found.bytes_before / 1e6
    print(f"{size:.0f} MB, {found.frames} frames; by hand {size / hand:.0f} MB/s")
    claim("compaction, processor time", size / took, "≥ 25", "MB/s")
    print(f"{'compaction, by the clock':66} {size / wall:8.2f} MB/s")


def main() -> None:
    parser = command_line(__doc__)
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--steps", type=int, default=20_000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=given.folder) as made:
        write(Path(made) / "run", given.steps)
        compact(Path(made) / "run", Path(made))


if __name__ == "__main__":
    main()
