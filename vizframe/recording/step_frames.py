"""The frames of a step: what all plugins that are due make of the network.

One plugin that breaks is a failure in the history, not the end of the training. One that would take
longer than it may is stopped, and nothing of it is kept.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from vizframe.errors import Inapplicable, PluginError
from vizframe.history import Declaration, Failure
from vizframe.history.aside import IN_MEMORY, Aside
from vizframe.network.guard import is_from_script
from vizframe.plugin import Scene
from vizframe.plugin.frame import Frame
from vizframe.recording.deadline import Deadline, Stopped
from vizframe.recording.error_sentence import error_sentence, failure_sentence
from vizframe.recording.frame_keeper import FrameKeeper
from vizframe.recording.jobs import Job, select_scene
from vizframe.recording.overdue import Overdue, interrupted_after
from vizframe.recording.portion import Caches
from vizframe.recording.portions import Portions
from vizframe.recording.unchanged import unchanged_python
from vizframe.recording.work_clock import work_time

DeclaredFrames = list[tuple[Declaration, Frame]]

Limit = Callable[[str], float]
"""How many seconds the plugin of a label may take, asked right before it is started."""


def no_limit(_label: str) -> float:
    """A plugin may take as long as it takes."""
    return math.inf


@dataclass(slots=True)
class StepFrames:
    """What the plugins made at one step.

    Attributes:
        frames: each with its declaration, as the history takes them.
        failures: the plugins that broke, and the layers that one left out; the frames that they
            made before are kept.
        seconds: what each label cost that was started.
        stopped: the labels that were stopped, and the seconds that each would have taken.
        overdue: those that did not end and were interrupted.
    """

    frames: DeclaredFrames = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    stopped: dict[str, float] = field(default_factory=dict)
    overdue: set[str] = field(default_factory=set)

    @property
    def done(self) -> set[str]:
        """The labels that had their turn, whether they broke or not."""
        return self.seconds.keys() - self.stopped.keys()

    def add_left_out(self, step: int, label: str, layer: str, reason: str) -> None:
        """Note that a plugin leaves a layer out, which the network cannot be asked about."""
        self.failures.append(Failure(step=step, label=label, sentence=reason, layer=layer))

    def add_error(self, step: int, label: str, error: BaseException, seconds: float) -> Failure:
        """Note that a plugin raised this, after so many seconds."""
        if isinstance(error, Overdue):
            self.overdue.add(label)
            error = PluginError(_overdue(seconds))
        failure = Failure(step=step, label=label, sentence=error_sentence(error))
        self.failures.append(failure)
        return failure


def make_frames(
    jobs: Sequence[Job],
    scene: Scene,
    *,
    strict: bool = False,
    limit: Limit = no_limit,
    timeout: Limit = no_limit,
    portions: Portions | None = None,
    aside: Aside = IN_MEMORY,
    between: Callable[[], object] = lambda: None,
) -> StepFrames:
    """Let each job's plugin visualize its portion of the scene; they share its cached activations.

    Args:
        strict: raise what a plugin raises.
        limit: beyond which a plugin that reports its progress is stopped.
        timeout: after which one that does not end is interrupted.
        portions: those that were chosen; plugins that have none yet divide what may be spent.
        aside: takes each frame as soon as it is made.
        between: is called before each plugin.

    Raises:
        PluginError: a plugin broke, and ``strict`` is true.
    """
    made, chosen = StepFrames(), Portions() if portions is None else portions
    caches: Caches = {}
    for place, job in enumerate(jobs):
        seconds = limit(job.label)
        if seconds <= 0:
            continue
        if job.is_slow:  # it fills the memory itself, and a pass more is little beside its own
            scene.cache.clear()
            caches.clear()
        between()
        share = seconds / max(1, chosen.count_unchosen(jobs[place:]))
        started = work_time()
        timed = replace(
            scene,
            progress=Deadline(seconds, scene.progress),
            left_out=partial(made.add_left_out, scene.step, job.label),
        )
        frames: DeclaredFrames = []
        try:
            with unchanged_python(), interrupted_after(timeout(job.label), job.label):
                own = select_scene(job, timed)
                portion = chosen.of(job, own, share, caches, aside)
                keeper = FrameKeeper(job, portion, len(scene.probe), aside)
                for each in keeper.frames(portion.of(own, caches), chosen.made(job.label)):
                    frames.append(each)
        except Stopped as stopped:
            frames.clear()
            made.stopped[job.label] = stopped.seconds
        except BaseException as error:  # a plugin is anybody's code: it may raise anything
            if is_from_script(error):
                raise
            if job.is_usual and isinstance(error, Inapplicable):
                frames.clear()
            else:
                failure = made.add_error(scene.step, job.label, error, work_time() - started)
                if strict:
                    raise PluginError(failure_sentence(failure)) from error
        made.frames += frames
        made.seconds[job.label] = work_time() - started
    return made


def _overdue(seconds: float) -> str:
    return (
        f"it had not ended after {seconds:.3g} s and was interrupted, and is not asked again; "
        "--plugin-timeout gives it more"
    )
