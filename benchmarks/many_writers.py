"""256 workers of one training, each with 1,000 recorded steps, in one run: opening it, and a look
for new steps. `python -m benchmarks.many_writers [--writers N] [--steps N] [--keep FOLDER]`

The writers are simulated: one goes the way of any recorder, with its claim, segments and merges,
but does not wait for the disk, since no power is cut here; the others leave the same files as it
did, under their own names. Each step has a loss, a fingerprint and one small picture. On a busy
machine ``--cpu`` measures processor seconds.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.command import command_line
from vizframe.history import Declaration, RunInfo, SeriesKey, StepRecord
from vizframe.history.memory import new_info
from vizframe.history.rank_names import ranked_scalar, split_rank
from vizframe.history.ranks import FINGERPRINT, RankWriter, ranks_of, scalars_of
from vizframe.plugin.frame import Frame
from vizframe.store import create
from vizframe.store import open as open_history
from vizframe.store.format.index import Index
from vizframe.store.format.names import SegmentName, Session
from vizframe.store.read.segment import read_segment
from vizframe.store.write.disk import Disk
from vizframe.store.write.gather import Part
from vizframe.store.write.merge import Plans, merge

PICTURE = np.linspace(0, 1, 8 * 25, dtype=np.float32).reshape(8, 5, 5)


class Unsynced(Disk):
    """A disk that is not waited for."""

    def sync(self, fd: int) -> None: ...
    def sync_folder(self, folder: Path) -> None: ...


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


def write(run: Path, info: RunInfo, steps: int, rank: int) -> list[Path]:
    """One writer, the whole way; its files."""
    own = create(run, info, writer=f"rank{rank}", disk=Unsynced())
    with RankWriter(own, rank) as writer:
        for step in range(steps):
            writer.commit(record(step))
    return sorted(run.glob(f"rank{rank}-*.h5"))


def write_alike(run: Path, files: Sequence[Path], rank: int) -> None:
    """What another writer would have left: the same files under its own names."""
    session = Session.new(f"rank{rank}", time.time_ns())
    plans = Plans()
    for path in files:
        segment, name = read_segment(path), SegmentName.parse(path.name)
        assert name is not None
        renamed = replace(segment, index=_of_rank(segment.index, session, rank))
        target = run / str(replace(name, session=session))
        merge(Unsynced(), [Part.whole(renamed)], target, plans)


def _of_rank(index: Index, session: Session, rank: int) -> Index:
    series = [
        replace(each, declaration=declared.model_copy(update={"key": key}))
        for each in index.series
        for declared in [each.declaration]
        for key in [declared.key.model_copy(update={"rank": rank})]
    ]
    return replace(
        index,
        sessions=((session, 0),),
        scalars=tuple(ranked_scalar(split_rank(name)[0], rank) for name in index.scalars),
        series=tuple(series),
        hides=((session, ()),),
    )


def simulate(run: Path, writers: int, steps: int) -> None:
    info = new_info("many")
    create(run, info, writer="main").close()
    files = write(run, info, steps, 1)
    for rank in range(2, writers + 1):
        write_alike(run, files, rank)
        print(f"\r{rank} of {writers} writers", end="", flush=True)
    print()


def measure(run: Path, steps: int, clock: Callable[[], float]) -> None:
    def seconds(action: Callable[[], object]) -> float:
        started = clock()
        action()
        return clock() - started

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
    parser = command_line(__doc__, clock=True)
    parser.add_argument("--writers", type=int, default=256)
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--keep", type=Path, help="where the run is, or is to be")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        run = given.keep or Path(folder) / "many"
        if not run.exists():
            simulate(run, given.writers, given.steps)
        measure(run, given.steps, time.process_time if given.cpu else time.perf_counter)


if __name__ == "__main__":
    main()
