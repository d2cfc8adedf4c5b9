"""Tasks on a Dask cluster whose scheduler and workers are processes of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from vizframe.recording.cluster import Cluster, run_tasks

pytest.importorskip("distributed")
ROOT = Path(__file__).parents[2]


def tell(folder: str, number: int) -> None:
    """What a task does: say which process did it. The first of a process waits for the other's, so
    that neither does all alone, however slow one is."""
    (Path(folder) / f"{number}-{os.getpid()}").touch()
    wait_for(lambda: len(processes(folder)) == 2)


def processes(folder: str | Path) -> set[str]:
    return {each.name.partition("-")[2] for each in Path(folder).iterdir()}


@contextmanager
def started(*words: str) -> Iterator[subprocess.Popen[bytes]]:
    """A program of Dask's, until the block ends."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore"}
    process = subprocess.Popen(
        [sys.executable, "-m", *words], env=environment, stderr=subprocess.DEVNULL
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@pytest.mark.slow
def test_a_worker_that_is_killed_costs_no_task(tmp_path: Path) -> None:
    address = tmp_path / "scheduler.json"
    at = ("--scheduler-file", str(address))
    worker = ("distributed.cli.dask_worker", *at, "--no-nanny", "--nthreads", "1", "--no-dashboard")
    scheduler = ("distributed.cli.dask_scheduler", *at, "--host", "127.0.0.1", "--port", "0")
    with started(*scheduler, "--no-dashboard"):
        wait_for(lambda: address.exists() and address.stat().st_size > 0)
        with started(*worker) as first, started(*worker):
            cluster = Cluster.of(json.loads(address.read_text())["address"])
            with cluster.client() as client:
                client.wait_for_workers(2, timeout=60)
                told = tmp_path / "told"
                told.mkdir()
                # Both have imported this module before the first task is handed out: a worker
                # that imports while the other is at work already may come too late for any.
                ready = tmp_path / "ready"
                ready.mkdir()
                client.run(tell, str(ready), 0)

                def report(_count: int, _total: int, _words: str) -> None:
                    first.kill()  # at the first task that is done: both are at work

                assert run_tasks(client, tell, str(told), range(60), report) == 60
    assert {int(each.name.partition("-")[0]) for each in told.iterdir()} == set(range(60))
    assert len(processes(told)) == 2


def wait_for(what: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not what():
        assert time.monotonic() < end
        time.sleep(0.05)
