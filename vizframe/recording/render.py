"""Rendering: pictures made of weights that are kept, here in order, or by many processes at once.

    in order      one writer, one process, step after step; waits for more where asked to
    on a cluster  tasks, each a writer of its own: `tasks` and `cluster`

Both make the same pictures, bit for bit.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from itertools import count as count_from
from pathlib import Path

from vizframe.errors import UsageError
from vizframe.history import RunInfo
from vizframe.history.aside import aside_of
from vizframe.history.ranks import RankWriter
from vizframe.network.layer import select
from vizframe.network.probe import Probe
from vizframe.plugin import Progress, Scene
from vizframe.recording.cluster import Cluster, render_on
from vizframe.recording.config import Config
from vizframe.recording.jobs import Job, jobs
from vizframe.recording.snapshots import Snapshots, render_options
from vizframe.recording.sources import SnapshotSource, Source
from vizframe.recording.step_frames import make_frames
from vizframe.recording.tasks import RenderPlan, record_of
from vizframe.store import create
from vizframe.store import open as open_history
from vizframe.store.read.writers import commits_by_writer

Bar = Callable[[str], AbstractContextManager[Progress]]

LOOK = 1.0
"""Seconds between two looks for new snapshots."""


@dataclass(frozen=True, slots=True)
class Rendering:
    """What is to be rendered into a run that exists."""

    run: Path
    source: Source
    chosen: Config

    def kept_steps(self) -> Sequence[int]:
        """The snapshots that are there now."""
        return Snapshots(self.run, self.source.rank).steps

    @property
    def plan(self) -> RenderPlan:
        info, _, _ = _about(self.run)
        return RenderPlan(
            str(self.run.absolute()),
            self.source,
            render_options(self.chosen),
            info.model_dump_json(),
        )

    def on(self, cluster: Cluster, bar: Bar) -> int:
        """Render what is missing on a cluster, and give the number of tasks done."""
        plan = self.plan
        _, probe, names = _about(self.run)
        opened = self.source.open(probe, names, self.chosen.memory)
        layers = select(opened.network.layers, self.chosen.layers)
        tasks = plan.undone(plan.tasks(layers, self.source.steps))
        with bar("rendering") as report:
            return render_on(cluster, plan, tasks, report) if tasks else 0

    def here(self, bar: Bar, more: Callable[[], Sequence[int]] | None = None) -> int:
        """Render what is missing in this process, step after step, and give the number of steps.

        Args:
            more: gives the steps that are there now; it is asked again and again, until somebody
                interrupts. None for the source's steps alone.
        """
        info, probe, names = _about(self.run)
        opened = self.source.open(probe, names, self.chosen.memory)
        layers = select(opened.network.layers, self.chosen.layers)
        chosen = self.chosen
        scene = Scene(opened.network, layers, probe, seed=chosen.seed, room=chosen.room)
        found = jobs(self.chosen.plugins, self.chosen.set)
        done, count = _rendered(self.run, found, self.source.rank), 0
        own = create(self.run, info, writer=_free_writer(self.run))
        with RankWriter(own, self.source.rank) as writer, bar("rendering") as report:
            for step, total in _steps(self.source, more):
                looking = [job for job in found if step not in done or job.plugin.looks_back]
                if not looking:
                    continue
                opened.fill(step)
                now = replace(scene, step=step, cache={})
                with opened.adapter.preserve_state():
                    aside = aside_of(writer)
                    made = make_frames(looking, now, strict=self.chosen.strict, aside=aside)
                    if step not in done:
                        writer.commit(record_of(step, made, now))
                        count += 1
                    del aside, made, now  # before the next step is made
                report(count, total, "")
        return count


def deferred(
    run: Path, change: Callable[[Config], Config] = lambda asked: asked
) -> list[Rendering]:
    """The rendering of a run's snapshots, of each rank that has some.

    Args:
        change: what was asked for when they were recorded, made into what is wanted now.

    Raises:
        UsageError: the run has no snapshots.
        HistoryError: they, or the run, cannot be read.
    """
    return [
        Rendering(
            run,
            SnapshotSource.of(run, rank),
            change(Config.of(Snapshots(run, rank).config)),
        )
        for rank in Snapshots.ranks(run) or [0]
    ]


def _steps(source: Source, more: Callable[[], Sequence[int]] | None) -> Iterator[tuple[int, int]]:
    """Each step, and how many there are now."""
    last = -1
    steps = source.steps
    while True:
        for step in steps:
            if step > last:
                yield step, len(steps)
                last = step
        if more is None:
            return
        time.sleep(LOOK)
        steps = more()


def _free_writer(run: Path) -> str:
    """A writer's name that the run does not have. Of a name that comes again, later steps hide
    earlier ones; here all steps are to stay."""
    known = commits_by_writer(run)
    names = ("render" if number == 1 else f"render{number}" for number in count_from(1))
    return next(name for name in names if name not in known)


def _about(run: Path) -> tuple[RunInfo, Probe, Sequence[str] | None]:
    history = open_history(run)
    probe = history.probe
    history.close()
    if probe is None:
        raise UsageError(f"run {str(run)!r} has no probe; it can be one that a recorder has made")
    return history.info, probe, history.info.class_names or None


def _rendered(run: Path, found: Sequence[Job], rank: int) -> set[int]:
    """The steps at which every plugin has something to show already."""
    history = open_history(run)
    wanted = {job.label for job in found}
    steps: dict[str, set[int]] = {label: set() for label in wanted}
    for key in history.declarations:
        if key.label in wanted and key.rank == rank:
            steps[key.label].update(history.series_steps(key))
    for failure in history.failures():
        if failure.label in wanted and failure.rank == rank:
            steps[failure.label].add(failure.step)
    history.close()
    return set.intersection(*steps.values()) if steps else set()
