"""A snapshot: what all plugins that are due make of the network at one step.

One plugin that breaks is a failure in the history, not the end of the training. One that would take
longer than it may is stopped, and nothing of it is kept.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import partial

from vizframe.errors import Inapplicable, PluginError
from vizframe.history import Declaration, Failure, SeriesKey
from vizframe.history.aside import IN_MEMORY, Aside
from vizframe.history.encoding import stored_frame
from vizframe.network.guard import is_from_script
from vizframe.network.layer import select
from vizframe.plugin import Scene
from vizframe.plugin.frame import Frame
from vizframe.recording.deadline import Forecast, Stopped
from vizframe.recording.declare import checked_frames, declaration
from vizframe.recording.error_sentence import error_sentence
from vizframe.recording.jobs import Job
from vizframe.recording.not_finite import with_note
from vizframe.recording.overdue import Overdue, interrupted_after
from vizframe.recording.portion import Caches, Portion
from vizframe.recording.portions import Portions
from vizframe.recording.unchanged import unchanged_python
from vizframe.recording.work_clock import work_time

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
        overdue: those that did not end and were interrupted.
    """

    frames: Kept = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    stopped: dict[str, float] = field(default_factory=dict)
    overdue: set[str] = field(default_factory=set)

    def leave_out(self, step: int, label: str, layer: str, reason: str) -> None:
        """Note that a plugin passes a layer over, which the network cannot be asked about."""
        self.failures.append(Failure(step=step, label=label, sentence=reason, layer=layer))

    @property
    def done(self) -> set[str]:
        """The labels that had their turn, whether they broke or not."""
        return self.seconds.keys() - self.stopped.keys()


def take(
    jobs: Sequence[Job],
    scene: Scene,
    *,
    strict: bool = False,
    limit: Limit = no_limit,
    timeout: Limit = no_limit,
    portions: Portions | None = None,
    aside: Aside = IN_MEMORY,
    between: Callable[[], object] = lambda: None,
) -> Snapshot:
    """Let each job's plugin visualize its portion of the scene; they share its cached activations.

    Args:
        portions: those that were chosen; plugins that have none yet divide what may be spent.
        limit: beyond which a plugin that reports its progress is stopped.
        timeout: after which one that does not end is interrupted.
        aside: takes each frame as soon as it is made.
        between: is called before each plugin.

    Raises:
        PluginError: one broke, and ``strict`` is true.
    """
    snapshot, chosen = Snapshot(), Portions() if portions is None else portions
    caches: Caches = {}
    for place, job in enumerate(jobs):
        waiting, seconds = count_waiting(jobs[place:], chosen), limit(job.label)
        if seconds <= 0:
            continue
        if job.is_slow:  # it fills the memory itself, and a pass more is little beside its own
            scene.cache.clear()
            caches.clear()
        between()
        started = work_time()
        timed = replace(
            scene,
            progress=Forecast(seconds, scene.progress),
            left_out=partial(snapshot.leave_out, scene.step, job.label),
        )
        frames: Kept = []
        try:
            with unchanged_python(), interrupted_after(timeout(job.label), job.label):
                own = select_scene(job, timed)
                portion = chosen.of(job, own, seconds / max(1, waiting), caches, aside)
                shown, made = portion.of(own, caches), chosen.made(job.label)
                kept = Keeping(job, portion, len(scene.probe), aside)
                for each in kept.frames(shown, made):
                    frames.append(each)
        except Stopped as stopped:
            frames.clear()
            snapshot.stopped[job.label] = stopped.seconds
        except BaseException as error:  # a plugin is anybody's code: it may raise anything
            if is_from_script(error):
                raise
            if isinstance(error, Overdue):
                snapshot.overdue.add(job.label)
                error = PluginError(_overdue(work_time() - started))
            if job.is_usual and isinstance(error, Inapplicable):
                snapshot.seconds[job.label] = work_time() - started
                continue
            failure = Failure(step=scene.step, label=job.label, sentence=error_sentence(error))
            if strict:
                raise PluginError(sentence(failure)) from error
            snapshot.failures.append(failure)
        snapshot.frames += frames
        snapshot.seconds[job.label] = work_time() - started
    return snapshot


def in_turn(jobs: Iterable[Job]) -> list[Job]:
    """The jobs as they divide what may be spent: first those that take what they take, and last
    those that can make any number of units, which get what the others leave. Of the others those
    of sequences alone go first: a network of images they refuse at once, and leave it all."""

    def turn(job: Job) -> tuple[bool, bool, bool]:
        grows = job.plugin.grows_with
        sees_maps = any("y" in picture.axes for picture in job.plugin.makes)
        return "units" in grows, bool(grows), sees_maps

    return sorted(jobs, key=turn)


def count_waiting(jobs: Sequence[Job], chosen: Portions) -> int:
    """How many plugins divide what may be spent: those that can be given a portion, and have none
    yet. Others take what they take."""
    return sum(bool(job.plugin.grows_with) and job.label not in chosen for job in jobs)


def _overdue(seconds: float) -> str:
    return (
        f"it had not ended after {seconds:.3g} s and was interrupted, and is not asked again; "
        "--plugin-timeout gives it more"
    )


def sentence(failure: Failure, *alike: Failure) -> str:
    """The failure, as a person is told of it: of the whole plugin, or of one layer.

    Args:
        alike: the same of other layers.
    """
    if failure.layer:
        which = f"layer {failure.layer!r}"
        if alike:
            which = f"{1 + len(alike)} layers, such as {failure.layer!r}"
        return f"plugin {failure.label!r} leaves out {which}: {failure.sentence}"
    return f"plugin {failure.label!r} failed at step {failure.step}: {failure.sentence}"


def select_scene(job: Job, scene: Scene) -> Scene:
    """The scene with the job's own layers, sharing what was computed."""
    if job.layers is None:
        return scene
    return replace(scene, layers=select(scene.network.layers, job.layers))


@dataclass(frozen=True, slots=True)
class Keeping:
    """How the frames of one plugin become those of the history, each as soon as it is made.

    Attributes:
        portion: what of the scene the plugin is shown.
        images: of the whole probe.
        aside: where they wait for the commit.
    """

    job: Job
    portion: Portion
    images: int
    aside: Aside

    def frames(
        self, scene: Scene, made: Iterable[Frame] | None
    ) -> Generator[tuple[Declaration, Frame], None, None]:
        """While the plugin makes the next frame, nothing of the last one is held here.

        Args:
            made: the plugin's frames, where it has made them already.

        Raises:
            PluginError: a frame is not what it can be, or comes twice.
        """
        seen: set[SeriesKey] = set()
        with closing(checked_frames(self.job.plugin, scene, made)) as given:
            for frame in given:
                declared = declaration(self.job.label, self.job.plugin, frame, scene.seed)
                if declared.key in seen:
                    raise PluginError(
                        f"{self.job.plugin.name} made {declared.key} twice in one step"
                    )
                seen.add(declared.key)
                kept = self._kept(declared, frame, scene)
                del frame
                yield declared, kept
                del kept

    def _kept(self, declared: Declaration, frame: Frame, scene: Scene) -> Frame:
        """The frame as the history will have it; one that cannot be stored as it is, for the commit
        to say so."""
        layer = scene.network.layer(frame.layer)
        noted = with_note(declared, self.portion.note(frame, layer, declared.axes, self.images))
        try:
            return self.aside.frame(declared, stored_frame(declared, noted))
        except Exception as error:  # whatever its numbers make NumPy say
            if is_from_script(error):
                raise
            return noted
