"""What exporting costs: films of 64 units × 51 steps, in a map's colours and in true colour, and
the page of a whole run.

    python -m benchmarks.export_films [--cpu] [RUN]

Each is the command `vizframe export` in a process of its own, starting included. Its memory is at
most what is printed: a process counts what the one that starts it held. The page is that of RUN, by
default of the run with the maps.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.clock import on_processor
from benchmarks.command import command_line
from benchmarks.side_by_side import claim
from benchmarks.store_frames import Kind, load
from vizframe import store
from vizframe.history import RunInfo

UNITS, STEPS, PIXELS = 64, 51, 64
KINDS: tuple[Kind, ...] = ("maps", "pictures")
MEASURED = (
    "import resource, sys\n"
    "from vizframe.cli import main\n"
    "try:\n    main()\n"
    "finally:\n    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)"
)


def write_run(folder: Path, kind: Kind) -> Path:
    """A run of one layer, no two steps alike."""
    made = load(kind, layers=1, units=UNITS, side=PIXELS, steps=STEPS)
    with store.create(folder / kind, RunInfo(id=kind, name=kind, created=time.time())) as writer:
        for step in range(STEPS):
            writer.commit(made.record(step))
    return folder / kind


def command(*arguments: str) -> tuple[float, float]:
    """Seconds, and MiB at most, of the command line in a process of its own."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, *arguments], capture_output=True, text=True, check=True
    )
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    busy = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return (busy if on_processor else wall), int(done.stderr.split()[-1]) / 1024


def main() -> None:
    words = command_line(__doc__, clock=True)
    words.add_argument("run", nargs="?", type=Path, metavar="RUN")
    given = words.parse_args()
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        for kind in KINDS:
            run = write_run(folder, kind)
            took, memory = command("export", str(run), "--as", "gif", "--out", str(folder / "out"))
            claim(f"a GIF of {UNITS} × {STEPS} {kind} of {PIXELS}²", took, "≤ 3", "s")
            claim("its process's peak memory", memory, "≤ 300", "MiB")
        page = given.run or folder / "maps"
        took, memory = command("export", str(page), "--as", "html", "--out", str(folder / "out"))
        claim(f"the page of {page.name} ({memory:.0f} MiB)", took, "≤ 5", "s")


if __name__ == "__main__":
    main()
