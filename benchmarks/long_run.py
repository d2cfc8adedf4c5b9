"""A page over a run of 100,000 steps × 40 series × 40 curves that still grows.

    python -m benchmarks.long_run [--steps N] [--keep FOLDER]

Opening: until the steps of all series are known. A poll: a look for new steps, and what the page is
then told of the run and of its curves, as JSON. The run is made of one merged segment whose steps
are counted on; the steps that are polled for are committed as any.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.command import command_line
from benchmarks.side_by_side import claim
from vizframe import store
from vizframe.history import Declaration, SeriesKey, StepRecord
from vizframe.plugin.frame import Frame
from vizframe.store.format.names import SegmentName
from vizframe.store.read.listing import Listing
from vizframe.store.read.segment import Segment, read_segment
from vizframe.store.write.disk import Disk
from vizframe.store.write.gather import Part
from vizframe.store.write.merge import Plans, merge
from vizframe.testing.runs import fake_info
from vizframe.webapp import difference, manifest
from vizframe.webapp.caching import Document
from vizframe.webapp.sums import Sums

SERIES = 40
EACH = 1024
POLLS = 15
PICTURE = np.arange(8, dtype=np.float32).reshape(2, 2, 2)

NEVER = store.MergePlan(steps=10**9)


def record(step: int) -> StepRecord:
    declared = [
        Declaration(
            key=SeriesKey(label="activation", layer=f"layer{each}"),
            plugin="activation",
            axes=("unit", "y", "x"),
            tile_shape=(2,),
            picture_shape=(2, 2),
        )
        for each in range(SERIES)
    ]
    return StepRecord(
        step=step,
        frames=[(each, Frame(each.key.layer, PICTURE)) for each in declared],
        scalars={f"curve{each}": step + each / SERIES for each in range(SERIES)},
        time=1e9 + step,
        epoch=step / 1000,
    )


def make(run: Path, steps: int) -> None:
    """Merged segments as a writer of so many steps leaves them."""
    with store.create(run, fake_info("long"), merging=NEVER) as writer:
        for step in range(EACH):
            writer.commit(record(step))
        session = writer.session
    listing = Listing(run)
    listing.refresh()
    singles = [Part.whole(segment) for segment in listing.sound.values()]
    name = SegmentName(session, 0, EACH - 1, 0, EACH - 1)
    merge(Disk(), singles, run / str(name))
    for text in listing.sound:
        (run / text).unlink()
    first, plans = read_segment(run / str(name)), Plans()
    for begin in range(EACH, steps, EACH):
        name = SegmentName(session, begin, begin + EACH - 1, begin, begin + EACH - 1)
        merge(Disk(), [Part.whole(_later(first, begin))], run / str(name), plans)


def _later(segment: Segment, by: int) -> Segment:
    steps = segment.steps.copy()
    for field in ("step", "time"):
        steps[field] += by
    return replace(segment, steps=steps, scalars=segment.scalars + by)


def milliseconds(start: float) -> float:
    return 1000 * (time.perf_counter() - start)


def measure(run: Path) -> None:
    start = time.perf_counter()
    history = store.open(run)
    counts = {len(history.series_steps(key)) for key in history.declarations}
    opened = milliseconds(start)
    print(f"{len(os.listdir(run))} files, {max(counts)} steps × {len(history.declarations)} series")
    start, sums = time.perf_counter(), Sums()
    told = difference.told(manifest.manifest("long", history, None, sums), 0, "", sums)
    whole = Document.of(told)
    print(f"the whole of it for a page: {milliseconds(start):.0f} ms, {len(whole.data)} bytes")
    mark, curves = told["mark"], difference.curves_marks(history.scalars(), 0, sums)[1]
    times: list[list[float]] = []
    largest = 0
    with store.create(run, history.info) as writer:
        for _ in range(POLLS):
            known = len(history.steps)
            writer.commit(record(int(history.steps[-1]) + 1))
            start = time.perf_counter()
            history.refresh()
            looked = milliseconds(start)
            told = difference.told(
                manifest.manifest("long", history, None, sums), known, mark, sums
            )
            said = Document.of(told)
            ran = milliseconds(start)
            lines = difference.curves(history.scalars(), history.version, known, curves, sums)
            drawn = Document.of(lines)
            times.append([looked, ran, milliseconds(start) - ran])
            largest = max(largest, len(said.data), len(drawn.data))
            mark, curves = told["mark"], lines["mark"]
    look, poll, line = (statistics.median(each) for each in zip(*times, strict=True))
    claim("opening", opened / 1000, "≤ 1", "s")
    claim("a look that finds a step", look, "≤ 20", "ms")
    claim("a poll of the run that finds a step", poll, "≤ 20", "ms")
    claim("a poll of the curves that finds a step", line, "≤ 20", "ms")
    claim("the largest answer", largest / 1000, "≤ 50", "kB")


def main() -> None:
    parser = command_line(__doc__)
    parser.add_argument("--steps", type=int, default=100_000)
    parser.add_argument("--keep", type=Path, help="where the run is, or is to be")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        run = given.keep or Path(folder) / "long"
        if not run.exists():
            make(run, given.steps)
        measure(run)


if __name__ == "__main__":
    main()
