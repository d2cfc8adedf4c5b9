"""The health of the training that is recorded: its vitals, what rules find in them, who is told.

update ──► Vitals ──► Course ──► Diagnosis ──► Finding ──► the history, one line on stderr,
                                                           the end of the training if asked
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager

from vizframe.diagnosis.course import layer_ratios
from vizframe.diagnosis.diagnosis import Diagnosis
from vizframe.diagnosis.registry import load_rules
from vizframe.diagnosis.report import brief
from vizframe.errors import HistoryWriteError, TrainingStopped
from vizframe.history import Finding, HistoryWriter, StepRecord
from vizframe.history.vital_names import LAYER_RATIO, VITALS
from vizframe.network import Network
from vizframe.network.adapter import Adapter, Batch
from vizframe.network.parameter import parameter_views
from vizframe.network.probe import Probe
from vizframe.recording.schedule import Moment
from vizframe.recording.unchanged import unchanged_python
from vizframe.recording.vitals import LOOK_ROOM, Vitals

log = logging.getLogger("vizframe")

ADDED_STEPS = 4
"""How often gradients that add up must still be there when a step begins."""


class Health:
    """Watches one training.

    Args:
        network, probe: that are recorded.
        adapter, model: of the framework, for numbers and states.
        every: updates between readings.
        stop_on: symptoms or names of rules whose alarm ends the training; ``any``: each one.
        open_writer: opens where findings are written; None where they are only said.
        rank: of the worker, which is named where it is not 0.
        part: of the usual time that the vitals may take.
        room: bytes of activations that they may hold.
    """

    def __init__(
        self,
        network: Network,
        probe: Probe,
        adapter: Adapter,
        model: object,
        *,
        every: int,
        stop_on: Iterable[str] = (),
        open_writer: Callable[[], HistoryWriter] | None = None,
        rank: int = 0,
        part: float = 1.0,
        room: float = LOOK_ROOM,
    ) -> None:
        rules, broken = load_rules()
        for sentence in broken:
            log.warning("%s", sentence)
        self._adapter = adapter
        self.vitals = Vitals(
            network,
            probe.images,
            adapter.number,
            every=every,
            scale=lambda: adapter.optimiser(model).gradient_scale,
            quietly=self._quietly,
            part=part,
            room=room,
        )
        self._diagnosis = Diagnosis(rules)
        self._stop_on = frozenset(stop_on)
        self._open_writer = open_writer
        self._rank = rank
        self._writer: HistoryWriter | None = None
        self._written = -1
        self._told_broken: set[str] = set()
        self._added = 0
        self._unwatch: Callable[[], None] | None = None
        self._adding = [v for v in parameter_views(network) if v.adds and v.is_trained]
        if self._adding:
            self._unwatch = adapter.watch(model, self._forwarded)

    @property
    def findings(self) -> list[Finding]:
        """All findings so far."""
        return self._diagnosis.findings

    @property
    def numbers(self) -> dict[str, float]:
        """What tells of learning rate and batch size now, of the net and of each layer, named as
        scalars; empty at first."""
        course = self.vitals.course
        known = course.hyper_numbers
        told = {scalar: known[name] for name, scalar in VITALS.items() if name in known}
        ratios = next(filter(None, map(layer_ratios, reversed(course.readings))), {})
        return told | {f"{LAYER_RATIO}{layer}": ratio for layer, ratio in ratios.items()}

    def before_update(self, batch: Callable[[], Batch]) -> None:
        """See `Vitals.before_update`."""
        self.vitals.before_update(batch)

    def after_update(self, moment: Moment, scalars: Mapping[str, object]) -> None:
        """An update was made.

        Raises:
            TrainingStopped: a finding is one to stop on.
        """
        made = self.vitals.after_update(moment.step, scalars)
        self._keep_reports(moment.step, scalars)
        if made:
            with self._quietly():
                self._examine(moment)

    def finish(self, moment: Moment) -> None:
        """The training has ended: what could still have changed will not."""
        if self.vitals.updates:
            self.vitals.read_last(moment.step)
            self.vitals.course.ended = True
            with self._quietly():
                self._examine(moment, may_stop=False)

    def close(self) -> None:
        """Close the writer of findings; a second call does nothing."""
        if self._unwatch is not None:
            self._unwatch()
            self._unwatch = None
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    @contextmanager
    def _quietly(self) -> Iterator[None]:
        with self._adapter.preserve_state(), unchanged_python():
            yield

    def _keep_reports(self, step: int, scalars: Mapping[str, object]) -> None:
        """Numbers of held-out examples that the script tells as such."""
        for name, value in scalars.items():
            words = name.lower()
            if isinstance(value, (int, float)) and "loss" in words and words.startswith(HELD_OUT):
                self.vitals.course.numbers.setdefault(name, []).append((step, float(value)))

    def _forwarded(self, *_: object) -> None:
        """The network's response: the first time after an update its gradients should be 0."""
        course = self.vitals.course
        if self.vitals.updates == self._added or self._unwatch is None:
            return
        self._added = self.vitals.updates
        still = any((g := view.gradient()) is not None and g.any() for view in self._adding)
        if not still or self._added >= ADDED_STEPS:
            course.not_zeroed = still
            self._unwatch()
            self._unwatch = None

    def _examine(self, moment: Moment, *, may_stop: bool = True) -> None:
        with self.vitals.judge():
            found = self._diagnosis.examine(self.vitals.course)
        for name, reason in self._diagnosis.broken.items():
            if name not in self._told_broken:
                self._told_broken.add(name)
                log.warning("rule %r broke and is left out: %s", name, reason)
        if found:
            self._write(moment)
        for each in found:
            if each.severity == "alarm":
                log.warning("%s", self._brief(each))
        stopping = next((each for each in found if self._is_to_stop(each)), None)
        if stopping is not None and may_stop:
            raise TrainingStopped(self._brief(stopping))

    def _brief(self, found: Finding) -> str:
        return brief(found.model_copy(update={"rank": self._rank}))

    def _is_to_stop(self, found: Finding) -> bool:
        named = {"any", found.symptom, found.rule}
        return found.severity == "alarm" and bool(self._stop_on & named)

    def _write(self, moment: Moment) -> None:
        """All findings of this step. A step that was written before is written anew, by another
        session, which hides the former."""
        if self._open_writer is None:
            return
        found = tuple(each for each in self.findings if each.step == moment.step)
        record = StepRecord(step=moment.step, time=time.time(), epoch=moment.epoch, findings=found)
        try:
            if self._writer is not None and self._written == moment.step:
                self._writer.close()
                self._writer = None
            if self._writer is None:
                self._writer = self._open_writer()
            self._writer.commit(record)
            self._written = moment.step
        except HistoryWriteError as error:
            log.warning("a finding was not written: %s", error)


HELD_OUT = ("val", "test", "held", "eval", "dev")
"""How the name of a number begins that a script computes on held-out examples."""
