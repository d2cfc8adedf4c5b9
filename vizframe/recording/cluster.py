"""Tasks on a Dask cluster: one that is there, or processes of this machine.

    --dask tcp://host:8786      a scheduler, as SLURM, Kubernetes or a cloud have started it
    --dask local:4              four processes here, while the command runs

Only a few tasks per worker are with the scheduler at a time, and none gives anything back: what the
client holds does not grow with their number.
"""

from __future__ import annotations

import importlib
import importlib.util
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Self

from vizframe.errors import MissingExtra, UsageError, VizframeError
from vizframe.plugin import Progress
from vizframe.recording.tasks import RenderPlan, Task

AHEAD = 4
"""Tasks per worker that are with the scheduler: enough that none waits for the client."""

MOST_TRIES = 5
"""How often a task is tried whose worker dies, or that cannot read or write its files."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """Which cluster: an address, or so many local processes."""

    address: str = ""
    local: int = 0

    @classmethod
    def of(cls, text: str) -> Self:
        """``local:4``, or an address. Raises UsageError."""
        kind, colon, rest = text.partition(":")
        if kind == "local":
            if rest.isascii() and rest.isdecimal() and 1 <= int(rest) <= 1024:
                return cls(local=int(rest))
        elif kind and colon and rest:
            return cls(address=text)
        raise UsageError(
            f"dask is {text!r}; it can be a scheduler's address such as tcp://host:8786, or "
            "local:4 for four processes here"
        )

    @contextmanager
    def client(self) -> Iterator[Any]:
        """A client of the cluster, open inside the block.

        Raises:
            MissingExtra: Dask is not installed.
            VizframeError: no scheduler answers.
        """
        distributed = _distributed()
        if self.local:
            with (
                distributed.LocalCluster(
                    n_workers=self.local,
                    threads_per_worker=1,
                    dashboard_address=None,
                    silence_logs="ERROR",
                ) as cluster,
                distributed.Client(cluster) as client,
            ):
                yield client
            return
        try:
            client = distributed.Client(self.address, timeout="20s")
        except (OSError, TimeoutError) as error:
            raise VizframeError(f"no Dask scheduler answers at {self.address}: {error}") from error
        with client:
            yield client


def render_on(cluster: Cluster, plan: RenderPlan, tasks: Sequence[Task], report: Progress) -> int:
    """Do the tasks, and give their number.

    Raises:
        VizframeError: one failed as often as it was tried, with the last reason.
    """
    with cluster.client() as client:
        return run_tasks(client, _render, plan, tasks, report)


def run_tasks(
    client: Any,
    work: Callable[[Any, Any], object],
    shared: object,
    tasks: Sequence[Any],
    report: Progress,
) -> int:
    """Call ``work(shared, task)`` on the cluster for each task, roughly in their order, and give
    their number."""
    batch = _Batch(client, work, shared, tasks)
    batch.refill()
    for count, _ in enumerate(batch.done(), 1):
        report(count, len(tasks), "")
        batch.refill()
    return len(tasks)


class _Batch:
    """Tasks, of which a few at a time are with the scheduler."""

    def __init__(
        self, client: Any, work: Callable[[Any, Any], object], shared: object, tasks: Sequence[Any]
    ) -> None:
        self._client, self._work, self._shared, self._tasks = client, work, shared, tasks
        self._waiting = iter(range(len(tasks)))
        self._tries: dict[int, int] = {}
        self._running: dict[Any, int] = {}
        self._ended = _distributed().as_completed()
        self._name = ""
        self._sent = self._send()

    def refill(self) -> None:
        """Give the scheduler what its workers will do next."""
        workers = max(1, len(self._client.scheduler_info()["workers"]))
        while len(self._running) < AHEAD * workers:
            number = next(self._waiting, None)
            if number is None:
                return
            self._submit(number)

    def done(self) -> Iterator[int]:
        """The number of each task when it is done; one that failed is tried again first.

        Raises:
            VizframeError: one failed `MOST_TRIES` times.
        """
        for future in self._ended:
            number = self._running.pop(future)
            if future.status == "finished":
                del self._tries[number]
                yield number
                continue
            error = future.exception() if future.status == "error" else None
            if self._tries[number] >= MOST_TRIES:
                raise _failure(self._tasks[number], error)
            if error is None:  # what they have in common went with the workers that had it
                self._sent = self._send()
            self._submit(number)

    def _submit(self, number: int) -> None:
        attempt = self._tries[number] = self._tries.get(number, 0) + 1
        future = self._client.submit(
            self._work,
            self._sent,
            self._tasks[number],
            pure=False,
            priority=-number,
            key=f"vizframe-{self._name}-{number}-{attempt}",
        )
        self._running[future] = number
        self._ended.add(future)

    def _send(self) -> Any:
        """Send what the tasks share once to every worker, rather than with every task."""
        self._name = secrets.token_hex(4)
        [sent] = self._client.scatter([self._shared], broadcast=True, hash=False)
        return sent


def _distributed() -> Any:
    """Dask's distributed part, which is half typed. Raises MissingExtra."""
    if importlib.util.find_spec("distributed") is None:
        raise MissingExtra("rendering on a cluster", "dask")
    return importlib.import_module("distributed")


def _render(plan: RenderPlan, task: Task) -> None:
    plan.render(task)


def _failure(task: object, error: BaseException | None) -> VizframeError:
    reason = "its workers were lost" if error is None else f"{type(error).__name__}: {error}"
    return VizframeError(f"{task} failed {MOST_TRIES} times; the last time: {reason}")
