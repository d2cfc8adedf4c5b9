"""A recording under way: a network, its probe, and the open run that what they give goes into.

record(moment) ──► frames of the due plugins   ──► StepRecord ──► writer.commit
                   norms, losses, its own cost ──►
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from vizframe.history import Failure, HistoryWriter, StepRecord
from vizframe.history.aside import aside_of
from vizframe.network import FloatArray, Network, Rests
from vizframe.network.guard import Guard
from vizframe.network.layer import Layer
from vizframe.network.probe import Probe
from vizframe.plugin import Progress, Scene, ignore_progress
from vizframe.recording.commit import Committer
from vizframe.recording.error_sentence import failure_sentence
from vizframe.recording.freed_memory import FreedMemory
from vizframe.recording.jobs import Job, in_turn
from vizframe.recording.portions import Portions
from vizframe.recording.scalars import Number, read_scalars
from vizframe.recording.schedule import Moment
from vizframe.recording.step_frames import Limit, StepFrames, make_frames, no_limit

log = logging.getLogger("vizframe")


@dataclass(slots=True, kw_only=True)
class Recording:
    """What stays the same from step to step.

    Attributes:
        number: reads a framework's array as a number.
        guard: keeps what breaks from the training; a strict one raises it.
        gradient_scale: what the optimiser multiplies the gradients by, such as one over the
            batch's size; so are their norms, and runs of different batch sizes compare.
        seed: given to every plugin at every step.
        room: bytes of activations that are held at once.
        progress: told how far plugins with many iterations are.
        limit: how many seconds a plugin may take, as far as it reports its progress.
        timeout: how many seconds it may take at all.
        portions: how much of what it could show a plugin is shown.
    """

    network: Network
    probe: Probe
    layers: tuple[Layer, ...]
    jobs: Sequence[Job]
    writer: HistoryWriter
    number: Callable[[object], float]
    guard: Guard = field(default_factory=Guard)
    gradient_scale: Callable[[], float] = lambda: 1.0
    seed: int = 0
    room: float = math.inf
    progress: Progress = ignore_progress
    limit: Limit = no_limit
    timeout: Limit = no_limit
    portions: Portions = field(default_factory=Portions)
    given_up: set[str] = field(default_factory=set, init=False)
    """The plugins that did not end once, and are not asked again."""
    _told: set[str] = field(default_factory=set, init=False)
    _committer: Committer = field(init=False)
    _had_gradients: bool = field(default=False, init=False)
    _records: int = field(default=0, init=False)
    _system: FreedMemory = field(default_factory=FreedMemory, init=False)

    def __post_init__(self) -> None:
        self._committer = Committer(self.writer, self._tell_one, self.guard.strict)

    def record(
        self, moment: Moment, due: Collection[str], scalars: Mapping[str, Number]
    ) -> StepFrames:
        """Have the due plugins make their frames, commit these, and return them.

        Raises:
            PluginError, HistoryWriteError: something broke, and ``strict`` is true.
        """
        scene = Scene(
            network=self.network,
            layers=self.layers,
            probe=self.probe,
            step=moment.step,
            seed=self.seed,
            progress=self.progress,
            room=self.room,
        )
        chosen = [job for job in self.jobs if job.label in due and job.label not in self.given_up]
        made = make_frames(
            in_turn(chosen),
            scene,
            strict=self.guard.strict,
            limit=self.limit,
            timeout=self.timeout,
            portions=self.portions,
            aside=aside_of(self.writer),
            between=self._system.begin().give_back,
        )
        scene.cache.clear()
        self.given_up |= made.overdue
        self._tell(made.failures)
        self._committer.commit(
            StepRecord(
                step=moment.step,
                frames=made.frames,
                scalars=dict(self._scalars(scalars, made)),
                time=time.time(),
                epoch=moment.epoch,
                failures=made.failures,
            )
        )
        self._records += 1
        return made

    def rest(self) -> None:
        """Give back the memory that is needed at the next recording only."""
        if isinstance(self.network, Rests):
            self.network.rest()
        self._system.give_back()

    def _tell_one(self, failure: Failure) -> None:
        self._tell([failure])

    def _tell(self, failures: Iterable[Failure]) -> None:
        """Log the first failure of each plugin, and all layers that it leaves out for one reason in
        one line; the history keeps every failure."""
        alike: dict[tuple[str, str], list[Failure]] = {}
        for each in failures:
            key = f"{each.label} of {each.layer}" if each.layer else each.label
            if key not in self._told:
                self._told.add(key)
                reason = each.sentence.replace(repr(each.layer), "it") if each.layer else ""
                alike.setdefault((each.label, reason), []).append(each)
        for group in alike.values():
            log.warning("%s; training goes on", failure_sentence(*group))

    def _scalars(
        self, given: Mapping[str, Number], made: StepFrames
    ) -> Iterator[tuple[str, float]]:
        yield from read_scalars(given, self.number, self.guard)
        for declaration, frame in made.frames:
            for name, number in frame.scalars.items():
                yield f"{declaration.key.label}/{name}/{frame.layer}", float(number)
        for label, seconds in made.seconds.items():
            yield f"recorder/seconds/{label}", seconds
        yield from self._norms("weight_norm", self.network.weights)
        yield from self._gradient_norms()

    def _gradient_norms(self) -> Iterator[tuple[str, float]]:
        """The gradients' norms per example. Before the first backward pass all are zero, and are
        left out; later, zeros say that the net is dead."""
        scale = 1.0
        with self.guard("the scale of its gradients"):
            scale = self.gradient_scale()
        gradients = dict(self._norms("gradient_norm", self.network.weight_gradients))
        self._had_gradients |= any(gradients.values())
        if self._had_gradients or self._records:
            yield from ((name, scale * value) for name, value in gradients.items())

    def _norms(
        self, kind: str, arrays: Callable[[str], Mapping[str, FloatArray]]
    ) -> Iterator[tuple[str, float]]:
        """The norm of each layer's weights, or of their gradients where the model keeps them."""
        for layer in self.layers:
            found: Mapping[str, FloatArray] = {}
            with self.guard(f"the {kind.replace('_', ' ')} of layer {layer.name!r}"):
                found = arrays(layer.name) if "weight" in layer.parameters else {}
            if "weight" in found:
                yield f"{kind}/{layer.name}", norm(found["weight"])


def norm(values: FloatArray) -> float:
    """The Euclidean length of all values together."""
    flat = values.ravel()
    return math.sqrt(float(np.dot(flat, flat)))
