"""A snapshot: what all plugins that are due make of the network at one step.

One plugin that breaks is a failure in the history, not the end of the training. One that would take
longer than it may is stopped, and nothing of it is kept.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from vizframe.errors import Inapplicable, PluginError
from vizframe.history import Declaration, Failure, SeriesKey
from vizframe.network.layer import select
from vizframe.plugin import Scene
from vizframe.plugin.frame import Frame
from vizframe.recording.deadline import Forecast, Stopped
from vizframe.recording.declare import checked_frames, declaration
from vizframe.recording.jobs import Job
from vizframe.recording.not_finite import with_note
from vizframe.recording.unchanged import unchanged_python

Kept = list[tuple[Declaration, Frame]]

Limit = Callable[[str], float]
"""How many seconds the plugin of a label may take, asked right before it is started."""


def no_limit(_label: str) -> float:
    """A plugin may take as long as it takes."""
    return math.inf


@dataclass(slots=True)
class Snapshot:
    """What was made.

    Attributes:
        frames: each with its declaration, as the history takes them.
        failures: the plugins that broke, and the layers that one passed over; what was made
            beside is kept.
        seconds: what each label cost that was started.
        stopped: the labels that were stopped, and the seconds that each would have taken.
    """

    frames: Kept = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    stopped: dict[str, float] = field(default_factory=dict)

    def leave_out(self, step: int, label: str, layer: str, reason: str) -> None:
        """Note that a plugin passes a layer over, which the network cannot be asked about."""
        self.failures.append(Failure(step=step, label=label, sentence=reason, layer=layer))

    @property
    def done(self) -> set[str]:
        """The labels that had their turn, whether they broke or not."""
        return self.seconds.keys() - self.stopped.keys()


def take(
    jobs: Sequence[Job], scene: Scene, *, strict: bool = False, limit: Limit = no_limit
) -> Snapshot:
    """Let each job's plugin visualize the scene; they share its cached activations.

    Raises:
        PluginError: one broke, and ``strict`` is true.
    """
    snapshot = Snapshot()
    for job in jobs:
        seconds = limit(job.label)
        if seconds <= 0:
            continue
        started = time.perf_counter()
        frames: Kept = []
        try:
            with unchanged_python():
                timed = replace(
                    scene,
                    progress=Forecast(seconds, scene.progress),
                    left_out=partial(snapshot.leave_out, scene.step, job.label),
                )
                for kept in _frames(job, timed):
                    frames.append(kept)
        except Stopped as stopped:
            frames.clear()
            snapshot.stopped[job.label] = stopped.seconds
        except (Exception, SystemExit) as error:  # a plugin may raise anything
            if job.is_usual and isinstance(error, Inapplicable):
                snapshot.seconds[job.label] = time.perf_counter() - started
                continue
            failure = Failure(step=scene.step, label=job.label, sentence=_sentence(error))
            if strict:
                raise PluginError(sentence(failure)) from error
            snapshot.failures.append(failure)
        snapshot.frames += frames
        snapshot.seconds[job.label] = time.perf_counter() - started
    return snapshot


def sentence(failure: Failure) -> str:
    """The failure, as a person is told of it: of the whole plugin, or of one layer."""
    if failure.layer:
        return f"plugin {failure.label!r} leaves out layer {failure.layer!r}: {failure.sentence}"
    return f"plugin {failure.label!r} failed at step {failure.step}: {failure.sentence}"


def select_scene(job: Job, scene: Scene) -> Scene:
    """The scene with the job's own layers, sharing what was computed."""
    if job.layers is None:
        return scene
    return replace(scene, layers=select(scene.network.layers, job.layers))


def _frames(job: Job, scene: Scene) -> Iterator[tuple[Declaration, Frame]]:
    seen: set[SeriesKey] = set()
    for frame in checked_frames(job.plugin, select_scene(job, scene)):
        declared = declaration(job.label, job.plugin, frame, scene.seed)
        if declared.key in seen:
            raise PluginError(f"{job.plugin.name} made {declared.key} twice in one step")
        seen.add(declared.key)
        yield declared, with_note(declared, frame)


def _sentence(error: BaseException) -> str:
    """One line: our own errors are sentences already, others need their type."""
    text = " ".join(str(error).split())
    return text if isinstance(error, PluginError) else f"{type(error).__name__}: {text}"
