"""Checkpoints rendered by one and by two processes of a Dask cluster, and ten thousand tasks.

    python -m benchmarks.dask_rendering      two or three minutes; OMP_NUM_THREADS=1

Checkpoints of the demo's network, the usual plugins and a short gradient ascent. The workers have
imported MXNet before the clock starts. Claims: two workers at least 1.7 times one; the client does
not grow with the number of tasks.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from benchmarks.command import command_line
from vizframe.demo.mnist import network
from vizframe.gluon.compat import mx
from vizframe.network.layer import select
from vizframe.recording.cluster import Cluster, run_tasks
from vizframe.recording.config import Config
from vizframe.recording.from_checkpoints import Rendering as Wanted
from vizframe.recording.spread import spread
from vizframe.recording.tasks import RenderPlan

CHOSEN = Config(
    plugins=("activation", "deconvolution", "saliency", "gradient_ascent"),
    set={"gradient_ascent": {"iterations": 32}},
)

MODEL = """
import numpy as np
from vizframe.demo.mnist import network
def make():
    return network(), np.random.default_rng(0).random((16, 1, 28, 28), np.float32)
"""


def checkpoints(folder: Path, count: int) -> None:
    net = network()
    for step in range(count):
        mx.random.seed(step)
        net.initialize(mx.init.Xavier(), force_reinit=True)
        net.save_parameters(str(folder / f"ckpt-{step:04}.params"))


def render(folder: Path, workers: int) -> float:
    """Seconds for all tasks."""
    wanted = Wanted(str(folder / "ckpt-*.params"), f"{folder / 'own_model.py'}:make")
    rendering = spread(wanted, folder / f"run-{workers}", CHOSEN)
    plan = rendering.plan
    opened = rendering.source.open(_probe(rendering.run), None, None)
    tasks = plan.undone(plan.tasks(select(opened.network.layers, ()), rendering.source.steps))
    with Cluster(local=workers).client() as client:
        client.run(_import)
        started = time.perf_counter()
        run_tasks(client, RenderPlan.render, plan, tasks, lambda *_: None)
        seconds = time.perf_counter() - started
    print(f"{workers} workers: {len(tasks)} tasks in {seconds:.1f} s")
    return seconds


def _probe(run: Path):  # type: ignore[no-untyped-def]  # of a library whose type is known there
    from vizframe.store import open as open_history

    return open_history(run).probe


def _import() -> None:
    import vizframe.gluon.adapter
    import vizframe.plugins.gradient_ascent
    import vizframe.plugins.saliency  # noqa: F401  # what a first task would import


def nothing(_shared: object, _task: object) -> None:
    """A task of no work."""


def resident() -> float:
    """Megabytes of memory that this process has."""
    with open("/proc/self/statm") as told:
        return int(told.read().split()[1]) * 4096 / 1e6


def many(count: int) -> None:
    with Cluster(local=1).client() as client:
        run_tasks(client, nothing, "", range(1000), lambda *_: None)
        before = resident()
        started = time.perf_counter()
        run_tasks(client, nothing, "", range(count), lambda *_: None)
        seconds = time.perf_counter() - started
        print(f"{count} tasks: {seconds:.0f} s, {resident() - before:+.0f} MB after 1,000 before")


def main() -> None:
    words = command_line(__doc__)
    words.add_argument("--quick", action="store_true", help="A thousand tasks.")
    given = words.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "own_model.py").write_text(MODEL)
        checkpoints(folder, 12)
        one, two = render(folder, 1), render(folder, 2)
        print(f"two workers over one: {one / two:.2f}   (at least 1.7)")
    many(1000 if given.quick else 10_000)


if __name__ == "__main__":
    main()
