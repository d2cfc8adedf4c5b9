"""The recorder: watches one training and writes its history.

    with vizframe.Recorder(net, "runs/lenet", every=100) as recorder:
        for images, labels in batches:
            …
            trainer.step(len(images))
            recorder.step(loss=loss)

    step() ──► schedules ──► budget ──► Recording.record
               not due: returns in microseconds

Training comes first. A plugin that breaks, a full disk: said once, written down where possible, and
the training goes on. The weights at its end are bit for bit those of a training without a recorder.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from threading import RLock
from typing import Self

from vizframe.errors import UsageError
from vizframe.network import FloatArray, Network
from vizframe.network.adapter import Adapter, adapter_for
from vizframe.network.layer import select
from vizframe.network.probe import Probe, probe_of
from vizframe.plugin import Progress, ignore_progress
from vizframe.recording.budget import Budget, share_of
from vizframe.recording.destination import Destination, OpenWriter
from vizframe.recording.jobs import Options, PluginLike, jobs, patterns
from vizframe.recording.schedule import Moment, Schedule
from vizframe.recording.session import Number, Recording

log = logging.getLogger("vizframe")

PROBE_IMAGES = 16
"""How many images of the first batch become the probe, where none is given."""


class Recorder:
    """Records what a model learns; see the module for how it is used.

    Args:
        model: the network that is being trained.
        run: the run's folder, from where the script is now; a run that exists is resumed after
            its last step, unless another recorder is at it. Or a function
            that opens a writer, such as that of a history in memory.
        every: when to record: steps, or a text such as ``"2 epochs"`` (see `Schedule`).
        plugins: names, paths, classes or objects (see `job`); None for the usual ones.
        options: each plugin's parameters, and its own ``every`` and ``layers``, by label.
        layers: names or glob patterns; none: all convolutions and dense layers.
        probe: the fixed inputs, or an array of them; None takes the first batch's first images.
        class_names: of the network's scores, in order.
        budget: how much recording may slow the training, such as ``"5%"``; None for no limit.
        strict: raise when a plugin breaks, instead of writing it down and going on.
        seed: the same at every step, so that only the weights move between frames.
        writer: who records: of one run and one name there is one recorder at a time. Ranks that
            record into one run together take names of their own, such as ``"rank1"``.
        keep: which recordings of a long training stay: ``"all"``, every so many such as 5, or
            ``"log"``, ten per decade (``"log:20"``: twenty). The first and the newest always do.
        max_size: bytes that the run's files may take; the oldest steps are thinned evenly when
            they take more, never the first and the newest. None for no limit.
        durable: whether a recorded step survives a power cut, or only the death of the process.
        memory: bytes that a batch of units may take, as may the graphs that are kept compiled
            between steps; None for 1 GiB. A unit at a time is asked in any case.
        progress: told how far plugins with many iterations are.
        start: updates done before, where training goes on from a checkpoint; None for those that
            the run has, or none.
        rank: which worker of a distributed training this is. All share one run, and each records
            steps of its own; whether the network is to be seen is rank 0's, by its probe.
        job: where the workers met, such as the address of their scheduler.

    Raises:
        RunTaken: another recorder writes into the run at this moment.
        UsageError: an argument is not what it can be; names are checked before training starts.
        NetworkError: the model cannot be traced; raised at its first batch at the latest.
    """

    def __init__(
        self,
        model: object,
        run: str | Path | OpenWriter,
        *,
        every: int | float | str | Schedule = 100,
        plugins: Iterable[PluginLike] | None = None,
        options: Options | None = None,
        layers: str | Iterable[str] = (),
        probe: Probe | FloatArray | None = None,
        class_names: Sequence[str] | None = None,
        budget: float | str | None = None,
        strict: bool = False,
        seed: int = 0,
        writer: str = "main",
        keep: int | str = "all",
        max_size: int | None = None,
        durable: bool = False,
        memory: int | None = None,
        progress: Progress = ignore_progress,
        start: int | None = None,
        rank: int | None = None,
        job: str = "",
    ) -> None:
        self._model = model
        self._adapter: Adapter = adapter_for(model)
        self._jobs = sorted(
            jobs(plugins, options), key=lambda each: budget is not None and each.is_slow
        )
        own = Schedule.of(every)
        self._schedules = {each.label: each.schedule or Schedule.of(own) for each in self._jobs}
        self._patterns = patterns(layers)
        self._class_names = class_names
        self._budget = Budget(None if budget is None else share_of(budget))
        self._strict, self._seed, self._progress = strict, seed, progress
        self._memory = memory

        self._place = Destination(
            run,
            writer=writer,
            keep=keep,
            max_size=max_size,
            durable=durable,
            rank=rank,
            job=job,
        )
        past = self._place.past
        self._step = (past.last_step or 0) if start is None else start
        self._epoch = past.last_epoch
        self._due: set[str] = set()
        self._committed: int | None = past.last_step
        self._known = past.labels
        self._recording: Recording | None = None
        self._unwatch: Callable[[], None] | None = None
        self._lock = RLock()
        try:
            self._start(past.probe if probe is None else probe)
        except BaseException:
            self.close()
            raise

    @property
    def last_step(self) -> int:
        """Optimiser updates done so far, as the recorder counts them."""
        return self._step

    @property
    def last_epoch(self) -> float | None:
        """Epochs complete so far, where that was told."""
        return self._epoch

    @property
    def is_recording(self) -> bool:
        """Whether the run is open; before the model's first batch it may not be."""
        return self._recording is not None

    def step(
        self, step: int | None = None, *, epoch: float | None = None, **scalars: Number
    ) -> None:
        """Call it after each update of the optimiser.

        Args:
            step: how many updates were done; None counts the calls.
            epoch: how many epochs are complete, possibly fractional.
            scalars: loss, accuracy and the like: numbers, arrays of the framework (not read, so
                not waited for, unless this step is recorded), or functions that give one of
                these, called only when this step is recorded.
        """
        self.advance(scalars, step, epoch)

    def advance(
        self, scalars: Mapping[str, Number], step: int | None = None, epoch: float | None = None
    ) -> None:
        """`step`, for scalars of any name.

        Raises:
            UsageError: the epoch is not told, and a schedule counts epochs.
        """
        if epoch is None and any(each.unit == "epochs" for each in self._schedules.values()):
            raise UsageError(
                "every is in epochs, which nobody tells: recorder.step(epoch=1.5) does, and a "
                "script whose batches come from its framework's loader; it can be a number of steps"
            )
        with self._lock:  # threads that train one network count its steps together
            self._step = self._step + 1 if step is None else step
            self._epoch = epoch
            self._look(self._now(), scalars)

    def finish(self) -> None:
        """Record the weights that training ended with, if that can be paid and they are not there
        already, and end the recording."""
        try:
            if self._recording is not None and self._committed != self._step:
                self._due = set(self._schedules)
                self._record_due(self._now(), {}, at_end=True)
            self._tell_unpaid()
        finally:
            self.close()

    def close(self) -> None:
        """End the recording. The run is readable without this too, up to its last commit."""
        if self._unwatch is not None:
            self._unwatch()
            self._unwatch = None
        if self._recording is not None:
            self._recording.writer.close()
            self._recording = None
        self._place.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self.finish()
        else:
            self.close()

    def _start(self, probe: Probe | FloatArray | None) -> None:
        """Open the run now, or at the model's first batch where that is needed for it."""
        if probe is not None and self._adapter.is_ready(self._model):
            self._open(probe if isinstance(probe, Probe) else probe_of(probe))
        else:
            self._unwatch = self._adapter.watch(self._model, lambda batch: self._seen(batch, probe))

    def _seen(self, batch: FloatArray, probe: Probe | FloatArray | None) -> None:
        if self._unwatch is not None:
            self._unwatch()
            self._unwatch = None
        chosen = probe_of(batch[:PROBE_IMAGES]) if probe is None else probe
        self._open(chosen if isinstance(chosen, Probe) else probe_of(chosen))

    def _open(self, probe: Probe) -> None:
        with self._budget.charge(), self._adapter.preserve_state():
            network = self._place.check(lambda: self._network(probe), probe)
            layers = select(network.layers, self._patterns)
            if not layers:
                raise UsageError(_nothing_to_record(network.name))
            for job in self._jobs:
                select(network.layers, job.layers or ())
            self._recording = Recording(
                network=network,
                probe=probe,
                layers=layers,
                jobs=self._jobs,
                writer=self._place.writer(network, probe),
                number=self._adapter.number,
                strict=self._strict,
                seed=self._seed,
                progress=self._progress,
                limit=self._budget.limit,
            )
        self._due |= {label for label, each in self._schedules.items() if each.due(self._now())}
        if self._committed == self._step:  # the run has this step already, of the plugins it knows
            self._due -= self._known
        self._look(self._now(), {})

    def _network(self, probe: Probe) -> Network:
        return self._adapter.network(self._model, probe.images, self._class_names, self._memory)

    def _now(self) -> Moment:
        return Moment(self._step, self._epoch, time.monotonic())

    def _look(self, moment: Moment, scalars: Mapping[str, Number]) -> None:
        """Record this moment if a schedule asks for it now, or did when it could not be paid."""
        self._due |= {label for label, each in self._schedules.items() if each.due(moment)}
        if self._due and self._recording is not None:
            self._record_due(moment, scalars)

    def _record_due(
        self, moment: Moment, scalars: Mapping[str, Number], *, at_end: bool = False
    ) -> None:
        """Record what is due and can be paid; the rest stays due."""
        assert self._recording is not None
        due = [label for label in self._schedules if label in self._due]
        paid = self._budget.choose_affordable(due, at_end=at_end)
        if not paid:
            return
        self._adapter.settle()  # what training still has to do is not the recorder's cost
        own = self._budget.numbers()
        with self._budget.measure(), self._adapter.preserve_state():
            snapshot = self._recording.record(moment, paid, {**scalars, **own})
            self._committed = moment.step
            self._budget.learn(snapshot.seconds, snapshot.stopped)
        self._due -= snapshot.done

    def _tell_unpaid(self) -> None:
        """Name the plugins that the budget has never paid for."""
        for label in self._schedules:
            if told := self._budget.describe_unpaid(label):
                log.warning("%s", told)


def _nothing_to_record(name: str) -> str:
    return f"{name} has no convolution and no dense layer; name the layers to record"
