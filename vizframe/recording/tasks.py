"""Rendering cut into tasks that any process can do: some steps × one plugin × some layers.

    weights of a step ──► one plugin, some layers ──► a segment of the task's own
                                                      named by what the task is

A task that is done twice has the same writer's name both times, and the later one replaces the
former; which tasks are done, the names in the run's folder tell.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from vizframe.history import RunInfo, StepRecord
from vizframe.history.aside import aside_of
from vizframe.history.ranks import RankWriter
from vizframe.network.layer import Layer, select
from vizframe.network.probe import Probe
from vizframe.plugin import Scene
from vizframe.recording.config import Config
from vizframe.recording.jobs import Job, jobs
from vizframe.recording.session import norm
from vizframe.recording.sources import Opened, Source
from vizframe.recording.step_frames import StepFrames, make_frames
from vizframe.store import create
from vizframe.store import open as open_history
from vizframe.store.read.writers import commits_by_writer


@dataclass(frozen=True, slots=True)
class Task:
    """Pictures of one plugin.

    Attributes:
        steps: one; or all, increasing, for a plugin that looks back on earlier steps.
        label: the plugin's, in the recording.
        layers: by name.
    """

    steps: tuple[int, ...]
    label: str
    layers: tuple[str, ...]


@dataclass(frozen=True)
class RenderPlan:
    """What all tasks of a rendering have in common. Small: it is sent to every worker.

    Attributes:
        run: the folder, which all workers see.
        config: a `Config` as JSON.
        info: the run's `RunInfo` as JSON.
    """

    run: str
    source: Source
    config: str
    info: str

    @cached_property
    def chosen(self) -> Config:
        return Config.model_validate_json(self.config)

    def writer(self, task: Task) -> str:
        """The name of the task's writer. It says what the task is: with other parameters, or
        another network, it is another one."""
        options = self.chosen.set.get(task.label, {})
        told = [task.steps, task.label, task.layers, options, self.chosen.seed, self._of_run]
        told.append(self.source.rank)
        digest = hashlib.sha256(json.dumps(told, sort_keys=True, default=str).encode())
        return f"task-{digest.hexdigest()[:20]}"

    @property
    def _of_run(self) -> str:
        return RunInfo.model_validate_json(self.info).id

    def undone(self, tasks: Iterable[Task]) -> list[Task]:
        """The tasks of which the run lacks a step."""
        done = commits_by_writer(self.run)
        return [each for each in tasks if done.get(self.writer(each), 0) < len(each.steps)]

    def tasks(self, layers: Sequence[Layer], steps: Sequence[int]) -> Iterator[Task]:
        """The tasks, in the order in which they are to be done: plugins that look back first, since
        each is one long task per layer; then the first step, the last, the middle, ….

        A plugin of many passes is cut by layers; a quick one shares its pass between them.
        """
        found = jobs(self.chosen.plugins, self.chosen.set)
        for job in found:
            if job.plugin.looks_back:
                for names in _chunks(job, layers):
                    yield Task(tuple(sorted(steps)), job.label, names)
        for step in coarse_to_fine(steps):
            for job in found:
                if not job.plugin.looks_back:
                    for names in _chunks(job, layers):
                        yield Task((step,), job.label, names)

    def render(self, task: Task) -> None:
        """Do a task, in this process.

        Raises:
            VizframeError: its weights cannot be read, or its pictures not written. A plugin that
                breaks is a failure in the history.
        """
        opened, probe = _open(self)
        job = _job(self.chosen, task.label)
        info = RunInfo.model_validate_json(self.info)
        layers = tuple(each for each in opened.network.layers if each.name in set(task.layers))
        own = create(self.run, info, writer=self.writer(task))
        with RankWriter(own, self.source.rank) as writer:
            for step in task.steps:
                opened.fill(step)
                scene = Scene(
                    network=opened.network,
                    layers=layers,
                    probe=probe,
                    step=step,
                    seed=self.chosen.seed,
                    room=self.chosen.room,
                )
                with opened.adapter.preserve_state():
                    aside = aside_of(writer)
                    made = make_frames([job], scene, strict=self.chosen.strict, aside=aside)
                    writer.commit(record_of(step, made, scene))
                    del aside, made, scene  # before the next step is made


def record_of(step: int, made: StepFrames, scene: Scene) -> StepRecord:
    """What is committed of a step's frames, with the numbers that a recorder would give it, too."""
    scalars = {
        f"{declared.key.label}/{name}/{frame.layer}": float(number)
        for declared, frame in made.frames
        for name, number in frame.scalars.items()
    }
    for layer in scene.layers:
        if "weight" in layer.parameters:
            weights = scene.network.weights(layer.name)
            if "weight" in weights:
                scalars[f"weight_norm/{layer.name}"] = norm(weights["weight"])
    return StepRecord(
        step=step,
        frames=made.frames,
        scalars=scalars,
        time=time.time(),
        failures=made.failures,
    )


def coarse_to_fine(steps: Sequence[int]) -> list[int]:
    """The first, the last, the middle, the middles of the halves, …, so that a slider over them is
    of use early.

    >>> coarse_to_fine([0, 1, 2, 3, 4])
    [0, 4, 2, 1, 3]
    """
    ordered = sorted(set(steps))
    if len(ordered) < 3:
        return ordered
    found = [ordered[0], ordered[-1]]
    gaps = deque([(0, len(ordered) - 1)])
    while gaps:
        low, high = gaps.popleft()
        if high - low > 1:
            middle = (low + high) // 2
            found.append(ordered[middle])
            gaps += [(low, middle), (middle, high)]
    return found


def _chunks(job: Job, layers: Sequence[Layer]) -> Iterator[tuple[str, ...]]:
    chosen = layers if job.layers is None else select(layers, job.layers)
    if job.is_slow and not job.plugin.one_pass:
        yield from ((layer.name,) for layer in chosen)
    elif chosen:
        yield tuple(layer.name for layer in chosen)


def _job(chosen: Config, label: str) -> Job:
    """The job of a label with a fresh plugin, so that what it remembers is this task's alone, and
    without layers, which the task has."""
    found: Mapping[str, Job] = {each.label: each for each in jobs(chosen.plugins, chosen.set)}
    return replace(found[label], layers=None)


_opened: dict[RenderPlan, tuple[Opened, Probe]] = {}
"""The network of the plan that this process worked on last; a process has one for all its tasks."""


def _open(plan: RenderPlan) -> tuple[Opened, Probe]:
    if plan not in _opened:
        history = open_history(Path(plan.run))
        probe, names = history.probe, history.info.class_names or None
        history.close()
        assert probe is not None
        _opened.clear()
        _opened[plan] = plan.source.open(probe, names, plan.chosen.memory), probe
    return _opened[plan]
