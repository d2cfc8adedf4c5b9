"""How far a run goes over its limit of size while steps come at several rates.

python benchmarks/size_limit.py
"""

from __future__ import annotations

import tempfile
import threading
import time
from pathlib import Path

import numpy as np

import vizframe.store
from benchmarks.command import command_line
from vizframe.history import SeriesKey, StepRecord
from vizframe.plugin.frame import Frame
from vizframe.store.write.thinning import folder_bytes
from vizframe.testing.runs import declare, fake_info

FRAME = 256 * 1024
SECONDS = 4.0


def peak_of(limit: int, rate: float) -> tuple[float, float]:
    """The largest size over the limit, and the commits per second that there were."""
    key = SeriesKey(label="activation", layer="conv0")
    declaration = declare(key, ("unit", "y", "x"), (FRAME // 1024, 32, 32), value_range=(0, 1))
    pixels = np.random.default_rng(0).integers(0, 256, (FRAME // 1024, 32, 32), np.uint8)
    peaks = [0]
    ended = threading.Event()
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder)

        def watch() -> None:
            while not ended.wait(0.02):
                peaks.append(folder_bytes(run, frozenset()))

        retention = vizframe.store.Retention(max_bytes=limit)
        with vizframe.store.create(run, fake_info("limit"), retention=retention) as writer:
            watching = threading.Thread(target=watch)
            watching.start()
            started, count = time.perf_counter(), 0
            while (passed := time.perf_counter() - started) < SECONDS:
                frames = [(declaration, Frame("conv0", pixels))]
                writer.commit(StepRecord(step=count, frames=frames, time=time.time()))
                count += 1
                time.sleep(max(0.0, count / rate - passed))
        ended.set()
        watching.join()
    return max(peaks) / limit, count / SECONDS


def main() -> None:
    command_line(__doc__).parse_args()
    for limit, rate in ((10_000_000, 5), (10_000_000, 25), (10_000_000, 100), (2_000_000, 25)):
        peak, commits = peak_of(limit, rate)
        print(
            f"limit {limit / 1e6:.0f} MB, {rate} steps/s asked: "
            f"at most {peak:.2f} times the limit, {commits:.0f} steps/s"
        )


if __name__ == "__main__":
    main()
