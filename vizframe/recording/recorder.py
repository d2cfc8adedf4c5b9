"""The recorder: watches one training and writes its history.

    with vizframe.Recorder(net, "runs/lenet", every=100) as recorder:
        for images, labels in batches:
            …
            trainer.step(len(images))
            recorder.step(loss=loss)

    step() ──► schedules ──► budget ──► Recording.record
               not due: returns in microseconds

Training comes first. A plugin that breaks, a net that cannot be looked into, a full disk: said
once, written down where possible, and the training goes on. The weights at its end are bit for bit
those of a training without a recorder.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import RLock
from typing import Self

from vizframe.errors import UnknownInputs, UsageError
from vizframe.network import MayChange, Network
from vizframe.network.adapter import Adapter, Batch, adapter_for
from vizframe.network.guard import Guard
from vizframe.network.layer import select
from vizframe.network.probe import Probe
from vizframe.plugin import Progress, ignore_progress
from vizframe.recording.budget import Budget, share_of
from vizframe.recording.chosen_jobs import chosen_jobs
from vizframe.recording.config import Config
from vizframe.recording.destination import Destination, OpenWriter
from vizframe.recording.dues import Dues
from vizframe.recording.health import Health
from vizframe.recording.model_view import ModelView
from vizframe.recording.overdue import timeout_of
from vizframe.recording.portions import Portions
from vizframe.recording.probe_choice import given_probe, probe_of_batch, unflattened
from vizframe.recording.scalars import Number
from vizframe.recording.schedule import Moment, Schedule
from vizframe.recording.session import Recording
from vizframe.recording.showing import ShowsRecording
from vizframe.recording.steps import StepCount, step_of
from vizframe.recording.unchanged import unchanged_python
from vizframe.recording.voice import speak
from vizframe.recording.watched_health import WatchesHealth

log = logging.getLogger("vizframe")

_NOTHING = "{} has no convolution and no dense layer; name the layers to record"
_NO_BATCH = (
    "nothing was recorded: from when the recorder was made until it ended the model was never "
    "called, and what it is given is not known; probe=images, an array of its inputs, tells that"
)
_NO_EPOCHS = (
    "every is in epochs, which nobody tells: recorder.step(epoch=1.5) does, and a script whose "
    "batches come from its framework's loader; it can be a number of steps"
)


class Recorder(ShowsRecording, WatchesHealth):
    """Records what a model learns; see the module for how it is used.

    Args:
        model: the network that is being trained.
        run: the run's folder, from where the script is now; a run that exists is resumed after its
            last step, unless another recorder is at it. Or a function that opens a writer, such as
            that of a history in memory.
        config: the options of the recording.
        batch: what the model is trained on, where that is known; None waits for its first.
        progress: told how far plugins with many iterations are.
        start: updates done before, where training goes on from a checkpoint; None for those that
            the run has, or none.
        rank: which worker of a distributed training this is. All share one run, and each records
            steps of its own; whether the network is to be seen is rank 0's, by its probe.
        job: where the workers met, such as the address of their scheduler.
        is_training: whether a training goes on, which nothing may stop; otherwise what breaks as
            the run is opened is raised.
        group: the name that runs of one script share.
        hyper_parameters: what is known of the training, beside what the framework tells of it.
        options: those of `Config`, by name, over ``config``: ``every=100``, ``probe=images``,
            ``plugins=["weights"]``, ``layers="features.*"``, ``budget="5%"``, ….

    Raises:
        RunTaken: another recorder writes into the run at this moment.
        UsageError: an argument is not what it can be; names are checked before training starts.
    """

    def __init__(
        self,
        model: object,
        run: str | Path | OpenWriter,
        config: Config | None = None,
        *,
        batch: Batch | None = None,
        progress: Progress = ignore_progress,
        start: int | None = None,
        rank: int | None = None,
        job: str = "",
        is_training: bool = True,
        group: str = "",
        hyper_parameters: Mapping[str, object] | None = None,
        **options: object,
    ) -> None:
        speak()
        self._config = chosen = Config.of(options, config)
        self.guard = Guard(strict=chosen.strict)
        self._model = model
        self._budget = Budget(share_of(chosen.budget), beside=lambda: self._vitals_seconds)
        with self._budget.charge():  # what is imported here takes a second
            self._adapter: Adapter = adapter_for(model)
            self._jobs = chosen_jobs(model, self._adapter, run, chosen, rank or 0)
        schedules = {each.label: each.schedule or Schedule.of(chosen.every) for each in self._jobs}
        self._dues = Dues(schedules, self._budget)
        self._progress = progress
        self._opening = self.guard if is_training else Guard(strict=True)
        self._watches_health = is_training
        self._group, self._facts = group, dict(hyper_parameters or {})

        with self._budget.charge():
            self._destination = Destination.of(run, chosen, rank=rank, job=job)
        self._view = ModelView(model, self._adapter, chosen, self._destination)
        past = self._destination.past
        self._portions = Portions.of_config(chosen, self._jobs, past.portions)
        begun = (past.last_step or 0) if start is None else step_of(start, self._adapter.number)
        self._count = StepCount(begun, past.last_epoch, self._adapter.number, self.guard)
        self._committed: int | None = past.last_step
        self._known = past.labels
        self._recording: Recording | None = None
        self._is_off = False
        self._unwatch: Callable[[], None] | None = None
        self._last_batch: Callable[[], Batch] | None = None
        self._health: Health | None = None
        self._lock = RLock()
        try:
            self._start(past.probe, batch)
        except BaseException:
            self.close()
            raise

    @property
    def last_step(self) -> int:
        """Optimiser updates done so far, as the recorder counts them."""
        return self._count.last

    @property
    def last_epoch(self) -> float | None:
        """Epochs complete so far; None where the script has not said."""
        return self._count.epoch

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
            scalars: loss, accuracy and the like: see `vizframe.recording.scalars`. Arrays are not
                read, so not waited for, and functions not called, unless this step is recorded.
        """
        self.advance(scalars, step, epoch)

    def advance(
        self, scalars: Mapping[str, Number], step: int | None = None, epoch: float | None = None
    ) -> None:
        """`step`, for scalars of any name."""
        # Threads that train one network count its steps together.
        with self.guard("this step's recording"), self._lock, self.ended_by_change():
            self._count.advance(step, epoch)
            if self.last_epoch is None and self._dues.counts_epochs:
                with self.guard("these recordings"):
                    raise UsageError(_NO_EPOCHS)
            self._open_late()
            now = self._now()
            with self.guard("the training's vitals"), self.ended_by_change():
                if self._health is not None:
                    self._health.after_update(now, scalars)
            self._look(now, scalars)

    def finish(self) -> None:
        """Record the weights that training ended with, if that can be paid and they are not there
        already, and end the recording."""
        with self.guard("its last vitals"), self.ended_by_change():
            if self._health is not None:
                self._health.finish(self._now())
        with self.guard("the recording of its end"), self.ended_by_change():
            if self._recording is not None and self._committed != self.last_step:
                self._dues.add_all()
                self._record_due(self._now(), {}, at_end=True)
            for told in self._dues.describe_unpaid():
                log.warning("%s", told)
            if self._unwatch is not None:
                log.warning(_NO_BATCH)
        self.close()

    def close(self) -> None:
        """End the recording. The run is readable without this too, up to its last commit."""
        self._stop_watching()
        recording, self._recording = self._recording, None
        health, self._health = self._health, None
        with self.guard("the findings"):
            if health is not None:
                health.close()
        with self.guard("the end of the recording"):
            if recording is not None:
                recording.writer.close()
        with self.guard("the end of the recording"):
            self._destination.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self.finish()
        else:
            self.close()

    def _start(self, past: Probe | None, batch: Batch | None) -> None:
        """Open the run now, or at the model's first batch where that is needed for it. An option
        that is wrong is raised here; once the training is under way it is only logged."""
        wrong: UsageError | None = None
        with self._lost():
            try:
                self._open_now(past, batch)
            except UsageError as error:
                wrong = error
        if wrong is not None:
            raise wrong
        if self._recording is not None or self._is_off:
            return
        with self._lost():
            self._unwatch = self._adapter.watch(self._model, self._seen)

    def _open_now(self, past: Probe | None, batch: Batch | None) -> None:
        """Open the run, if the model is ready and its probe is known."""
        probe = given_probe(self._config, self._adapter.to_array) or past
        if batch is not None:
            batch = unflattened(batch, self._config.shape)
            probe = probe_of_batch(batch, self._config) if probe is None else probe
        if probe is None or not self._adapter.is_ready(self._model):
            return
        try:
            self._open(probe, batch)
        except UnknownInputs:
            if batch is not None:
                raise  # without one the model's first will show them

    def _seen(self, batch: Callable[[], Batch], is_training: bool) -> None:
        """The model was called. Recording starts at a batch that it is trained on, not at a call
        that only lets it find its shapes."""
        with self._lost():
            self._last_batch = batch
            if is_training:
                self._open_at(batch())

    def _open_late(self) -> None:
        """Open the run at an update, where no call of the model was known to be training: with the
        batch of its last call."""
        if self._recording is None and self._last_batch is not None and not self._is_off:
            with self._lost():
                self._open_at(self._last_batch())

    def _open_at(self, batch: Batch) -> None:
        self._stop_watching()
        batch = unflattened(batch, self._config.shape)
        probe = given_probe(self._config, self._adapter.to_array) or self._destination.past.probe
        chosen = probe_of_batch(batch, self._config) if probe is None else probe
        self._open(chosen, batch)

    def _stop_watching(self) -> None:
        unwatch, self._unwatch, self._last_batch = self._unwatch, None, None
        with self.guard("the end of the watch"):
            if unwatch is not None:
                unwatch()

    @contextmanager
    def _lost(self) -> Iterator[None]:
        """Inside, an error ends the recording, and not the training."""
        done = False
        with self._opening("the recording"):
            yield
            done = True
        if not done:
            self._is_off = True
            self.close()  # and let others record there

    def _open(self, probe: Probe, batch: Batch | None) -> None:
        with self._budget.charge(), self._adapter.preserve_state(), unchanged_python():
            network, probe = self._view.network(probe, batch)
            layers = select(network.layers, self._config.layers)
            if not layers:
                raise UsageError(_NOTHING.format(network.name))
            for job in self._jobs:
                select(network.layers, job.layers or ())
            writer = self._destination.writer(
                network, probe, self._hyper_parameters(batch), self._group
            )
            self._recording = Recording(
                network=network,
                probe=probe,
                layers=layers,
                jobs=self._jobs,
                writer=writer,
                number=self._adapter.number,
                guard=self.guard,
                gradient_scale=lambda: self._adapter.optimiser(self._model).gradient_scale,
                seed=self._config.seed,
                room=self._config.room,
                progress=self._progress,
                limit=self._budget.limit,
                portions=self._portions,
                timeout=self._time_limit,
            )
            if self._config.vitals and self._watches_health:
                self._health = self._new_health(network, probe)
        self._dues.look(self._now())
        if self._committed == self.last_step:
            self._dues.drop(self._known)  # of these plugins the run has this step already
        self._look(self._now(), {})

    def _new_health(self, network: Network, probe: Probe) -> Health:
        return Health(
            network,
            probe,
            self._adapter,
            self._model,
            every=self._config.vitals,
            stop_on=self._config.stop_on,
            open_writer=self._destination.findings_writer(network),
            rank=self._destination.rank,
            part=self._budget.part_for_vitals,
            room=self._config.room,
        )

    def _hyper_parameters(self, batch: Batch | None) -> dict[str, object]:
        found: dict[str, object] = {}
        with self.guard("the hyper-parameters"):
            if batch is not None:
                found["batch_size"] = len(batch.inputs)
            found |= self._adapter.optimiser(self._model).hyper_parameters
        return {**found, **self._facts}

    @property
    def _vitals_seconds(self) -> float:
        """Seconds that the vitals, which are read between recordings, have taken."""
        return 0.0 if self._health is None else self._health.vitals.seconds

    def _time_limit(self, label: str) -> float:
        """Seconds after which this plugin is interrupted."""
        given, cost = self._config.plugin_timeout, self._budget.costs.get(label)
        return timeout_of(given, self._budget.limit(label), cost)

    def _now(self) -> Moment:
        return Moment(self.last_step, self.last_epoch, time.monotonic())

    def _look(self, moment: Moment, scalars: Mapping[str, Number]) -> None:
        """Record this moment if a schedule asks for it now, or did when it could not be paid."""
        self._dues.look(moment)
        if self._recording is not None and self._dues.may_be_paid(moment.time):
            self._record_due(moment, scalars)

    def _record_due(
        self, moment: Moment, scalars: Mapping[str, Number], *, at_end: bool = False
    ) -> None:
        """Record what is due and can be paid; the rest stays due."""
        assert self._recording is not None
        paid = self._dues.payable(moment.time, at_end=at_end)
        if not paid:
            return
        if isinstance(self._recording.network, MayChange):
            self._recording.network.refuse_changed()
        self._adapter.settle()  # what training still has to do is not the recorder's cost
        own = self._budget.numbers() | (self._health.numbers if self._health else {})
        with self._budget.measure(), self._adapter.preserve_state(), unchanged_python():
            made = self._recording.record(moment, paid, {**scalars, **own})
            self._committed = moment.step
            self._budget.learn(made.seconds, made.stopped)
            self._dues.drop(made.done | self._recording.given_up)
            del made
            self._recording.rest()
