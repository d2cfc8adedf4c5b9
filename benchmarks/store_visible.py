"""How long after its commit a reader sees a step, while another process writes.

    python -m benchmarks.store_visible [FOLDER]

The reader refreshes every 0.2 s, as the web app does. A step counts as seen when its tiles have
been read. The writer's clock is the reader's: both are on this machine.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.command import folder
from benchmarks.side_by_side import claim
from vizframe import store
from vizframe.history import SeriesKey
from vizframe.testing.runs import LAYERS

STEPS = 100
POLL_S = 0.2
PAUSE_S = 0.137
"""Between commits; no multiple of the poll, so that all phases occur."""

WRITER = """
import sys, time
from vizframe import store
from vizframe.testing.runs import fake_info, records
with store.create(sys.argv[1], fake_info("bench")) as writer:
    print("ready", flush=True)
    for record in records(range(int(sys.argv[2]))):
        time.sleep(float(sys.argv[3]))
        writer.commit(record)
        print(time.time(), flush=True)
"""


def seen_after(run: Path) -> list[float]:
    """Seconds from each commit to its being seen."""
    key = SeriesKey(label="activation", layer=LAYERS[0].name)
    arguments = [sys.executable, "-c", WRITER, str(run), str(STEPS), str(PAUSE_S)]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
        history = store.open(run)
        seen: dict[int, float] = {}
        while len(seen) < STEPS:
            if writer.poll():
                raise RuntimeError(f"the writer left with exit code {writer.returncode}")
            time.sleep(POLL_S)
            if history.refresh():
                for step in history.steps:
                    if step not in seen:
                        history.tiles(key, step)
                        seen[step] = time.time()
        committed = [float(line) for line in writer.stdout]
    return [seen[step] - at for step, at in enumerate(committed)]


def run(folder: Path) -> None:
    delays = sorted(seen_after(folder / "run"))
    median, late = statistics.median(delays), delays[int(0.95 * len(delays))]
    print(f"{STEPS} steps: seen after {median:.3f} s (median), {late:.3f} s (95 %)")
    claim("a step is seen after, at most", delays[-1], "≤ 0.5", "s")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(dir=folder(__doc__)) as made:
        run(Path(made))
