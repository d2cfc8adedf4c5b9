"""256 workers of one training, each with 1,000 recorded steps, in one run: opening it, and a look
for new steps. `python -m benchmarks.many_writers [--writers N] [--steps N] [--keep FOLDER]`

The writers are simulated, a few processes taking turns, but what they write goes the way of any
recorder's: claims, segments, merges. Each step has a loss, a fingerprint and one small picture.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from vizframe.history import Declaration, RunInfo, SeriesKey, StepRecord
from vizframe.history.memory import new_info
from vizframe.history.ranks import FINGERPRINT, RankWriter, ranks_of, scalars_of
from vizframe.plugin.frame import Frame
from vizframe.store import create
from vizframe.store import open as open_history

PICTURE = np.linspace(0, 1, 8 * 25, dtype=np.float32).reshape(8, 5, 5)


def record(step: int) -> StepRecord:
    declared = Declaration(
        key=SeriesKey(label="weights", layer="conv0"),
        plugin="weights",
        axes=("unit", "y", "x"),
        tile_shape=(8,),
        picture_shape=(5, 5),
    )
    return StepRecord(
        step=step,
        frames=[(declared, Frame("conv0", PICTURE))],
        scalars={"loss": 1 / (step + 1), FINGERPRINT: 1.0},
        time=time.time(),
    )


def write(run: Path, info: str, steps: int, rank: int) -> None:
    own = create(run, RunInfo.model_validate_json(info), writer=f"rank{rank}")
    with RankWriter(own, rank) as writer:
        for step in range(steps):
            writer.commit(record(step))


def simulate(run: Path, writers: int, steps: int) -> None:
    info = new_info("many").model_dump_json()
    create(run, RunInfo.model_validate_json(info), writer="main").close()
    with multiprocessing.get_context("spawn").Pool(os.cpu_count()) as pool:
        for done, _ in enumerate(
            pool.imap_unordered(partial(write, run, info, steps), range(writers)), 1
        ):
            print(f"\r{done} of {writers} writers", end="", flush=True)
    print()


def seconds(action: Callable[[], object]) -> float:
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def measure(run: Path, steps: int) -> None:
    names = os.listdir(run)
    size = sum((run / name).stat().st_size for name in names)
    print(f"{len(names)} files, {size / 1e6:.0f} MB")
    print(f"listing        {seconds(lambda: os.listdir(run)):7.3f} s")
    opening = [seconds(lambda: open_history(run)) for _ in range(3)]
    print(f"opening        {statistics.median(opening):7.3f} s   (at most 2)")
    history = open_history(run)
    print(f"its ranks      {seconds(lambda: ranks_of(history)):7.3f} s")
    print(f"one's numbers  {seconds(lambda: scalars_of(history, 1)):7.3f} s")
    nothing = [seconds(history.refresh) for _ in range(5)]
    print(f"no news        {statistics.median(nothing):7.3f} s")
    looks = []
    with create(run, history.info, writer="late") as writer:
        for step in range(steps, steps + 5):
            writer.commit(record(step))
            looks.append(seconds(lambda: (history.refresh(), history.steps)))
    print(f"a new step     {statistics.median(looks):7.3f} s   (at most 0.2)")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--writers", type=int, default=256)
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--keep", type=Path, help="where the run is, or is to be")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        run = given.keep or Path(folder) / "many"
        if not run.exists():
            simulate(run, given.writers, given.steps)
        measure(run, given.steps)


if __name__ == "__main__":
    main()
