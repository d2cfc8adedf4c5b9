"""Recording a training that knows nothing of vizframe: the first update of each of its nets starts
a recorder.

import of a framework ──► its adapter watches every training ──► Watch
    before a net's first update: Recorder, with the first batch as the probe; step 0
    after each update: recorder.step

    runs/train      the first net that is trained
    runs/train-2    the next: another fold, a GAN's other net; both are of one group
"""

from __future__ import annotations

import fnmatch
import logging
import os
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from dataclasses import replace
from functools import partial
from mmap import mmap
from pathlib import Path
from weakref import ref

from vizframe.errors import RunTaken, UsageError
from vizframe.network.adapter import Batch, frameworks, load
from vizframe.network.guard import Guard, describe_loss
from vizframe.network.worker import Worker, job_of_environment, serves_others
from vizframe.reading.runs_folder import RUNS
from vizframe.recording.config import Config
from vizframe.recording.deep_calls import deep_calls
from vizframe.recording.import_hooks import after_import
from vizframe.recording.past import past_of
from vizframe.recording.ranks import Meeting, Ranks, came_late
from vizframe.recording.recorded_net import RecordedNet
from vizframe.recording.recorded_nets import RecordedNets
from vizframe.recording.recorder import Recorder
from vizframe.recording.script import Script
from vizframe.recording.script_facts import ScriptFacts
from vizframe.recording.spawning import Heritage, Spawning
from vizframe.recording.voice import is_terminal, speak

log = logging.getLogger("vizframe")

MOST_NETS = 50
"""Nets of one script that are recorded; a search over hundreds fills no disk."""

FORKED = (
    "a process that the script has forked trains a network that is recorded; what it does to it is "
    "not: the run shows the process that it came from"
)

NOTHING_SEEN = (
    "nothing was recorded: the script made no update that could be seen, of an optimiser of "
    "torch.optim, a gluon.Trainer, a Module or a net's parameters; "
    "vizframe record --checkpoints shows what it saves"
)


class Watch:
    """Records what a script trains: a run for each net that is wanted.

    Args:
        chosen: the options; ``net`` says which nets are wanted.
        stem: a name for the runs.
        dry_run: tell what recording the first net would cost, and end the script there.
        parent: what this process was handed down, where a recorded one has spawned it.

    Attributes:
        left_out: nets that are trained and not wanted, by name.
    """

    def __init__(
        self,
        chosen: Config,
        stem: str,
        *,
        dry_run: bool = False,
        parent: Heritage | None = None,
    ) -> None:
        self._dry_run = dry_run
        self._is_spawned = parent is not None
        self.guard = Guard(strict=chosen.strict)
        self._chosen = chosen
        # Both are fixed now: the script may change its working directory.
        self._run = Path(chosen.run).absolute() if chosen.run else None
        runs = parent.runs if parent else RUNS.absolute()
        job = parent.job if parent else job_of_environment()
        self._meeting = Meeting(job, self._run, stem, runs)
        self._ranks = Ranks.of(chosen.ranks)
        if self._run is not None and not self._meeting.job:
            from vizframe.store import check_free

            check_free(self._run)
        self._group = parent.group if parent else f"{stem} {time.strftime('%Y-%m-%d %H:%M:%S')}"
        self._spawning = Spawning(self._heritage(stem, runs), self.guard)
        self._facts = ScriptFacts(self.guard)
        self._nets = RecordedNets()
        self._first: Path | None = None
        self._names: list[str] = []
        self._seen_by_any = mmap(-1, 1)  # of all processes that are forked from this one
        self.left_out: list[str] = []
        self._unwatch: list[Callable[[], None]] = []

    @property
    def saw_training(self) -> bool:
        """Whether any update of a net that is wanted was seen."""
        return bool(self._names)

    def _heritage(self, stem: str, runs: Path) -> Heritage:
        """What is handed down to processes that this one spawns: they record to runs of their
        own."""
        run = self._run or runs / stem
        job = f"{self._group}, spawned by {os.getpid()}"
        chosen = self._chosen.model_copy(update={"run": None})
        return Heritage(chosen, run.name, run.parent, self._group, job, self._dry_run)

    def begin(self) -> None:
        """Watch every framework that is known, from its import on."""
        self._facts.begin()
        self._spawning.begin()
        os.register_at_fork(after_in_child=partial(_leave_to_parent, ref(self)))
        for name in frameworks():
            after_import(name, partial(self._watch, name))

    def end(self, *, failed: bool) -> None:
        """Remove all that watches, and close the runs. Where the training did not fail, record its
        end first, and say so where nothing was recorded."""
        for each in (*self._unwatch, self._facts.end, self._spawning.end):
            with self.guard("the end of the watch"):
                each()
        self._unwatch.clear()
        for net in self._nets:
            if net.recorder is not None:
                with self.guard("the recording of its end"):
                    (net.recorder.close if failed else net.recorder.finish)()
        self._nets.clear()
        if not failed and not self._is_spawned:
            with self.guard("the last words"):
                self._tell_nothing()

    def leave_to_parent(self) -> None:
        """This process was forked: the process that it came from records what is recorded by
        now."""
        self._nets.leave_to_parent()

    def note(self, name: str, value: object) -> None:
        """See `vizframe.network.adapter.TrainingObserver`, as for the others."""
        self._facts.note(name, value)

    def before_update(self, model: object, batch: Callable[[], Batch]) -> None:
        """Start recording at the first update of each model that is wanted."""
        net: RecordedNet | None = None
        with self.guard("the recording"):
            self._nets.count_turn(model)
            net = self._nets.get(model)
            if model not in self._nets:
                self._nets.put(model, None)  # where the start breaks, it is not tried again
                net = self._started(model, batch)
                self._nets.put(model, net)
            elif net is None and self._nets.is_left_to_parent(model):
                self.guard.say("fork", FORKED)
            elif net is not None and net.recorder is None:
                self._open(net, model, batch())
        if net is not None and net.recorder is not None:
            net.recorder.before_update(batch)

    def wants_batch(self, model: object) -> bool:
        """See `vizframe.network.adapter.TrainingObserver`. A net that is recorded needs the batch
        for its vitals, at some updates; one that is new, for its probe."""
        net = self._nets.get(model)
        if net is None:
            return model not in self._nets
        return net.recorder is None or net.recorder.wants_batch

    def after_update(
        self, model: object, scalars: Mapping[str, object], epoch: float | None
    ) -> None:
        """Count the step of the model. A run that is resumed goes on counting its epochs, as it
        does its steps."""
        with self.guard("this step's recording"):
            net = self._nets.get(model)
            if net is not None and net.recorder is not None:
                counted = None if epoch is None else net.epochs_before + epoch
                net.recorder.advance(scalars, epoch=counted)
                self._nets.end_idle(net)
                if net.recorder.is_outgrown:
                    log.warning(
                        "%r has other modules now: it goes on as a run of its own", _names(model)[0]
                    )
                    self._nets.forget(model)

    def _started(self, model: object, batch: Callable[[], Batch]) -> RecordedNet | None:
        """As `_start`; why a net cannot be recorded is said once for each net, since others may
        have other reasons."""
        try:
            return self._start(model, batch)
        except UsageError as error:
            if self.guard.strict:
                raise
            self.guard.say(str(error), describe_loss("the recording", error))
            return None

    def _start(self, model: object, batch: Callable[[], Batch]) -> RecordedNet | None:
        names = _names(model)
        if not self._is_wanted(names):
            self.left_out.append(names[0])
            known = " or ".join(map(repr, names))
            self.guard.say(
                f"net {id(model)}",
                f"{names[0]!r} is trained and not recorded: net is {self._chosen.net!r}; for this "
                f"one it can be {known}",
            )
            return None
        if len(self._names) >= MOST_NETS:
            self.guard.say("most", f"{MOST_NETS} nets are recorded; those after them are not")
            return None
        self._names.append(names[0])
        self._seen_by_any[0] = 1
        first = batch()
        if self._dry_run:
            from vizframe.recording.forecast import tell_forecast

            tell_forecast(model, first, self._chosen)
        meeting = self._meeting_of(len(self._names), first.worker)
        path = meeting.path(first.worker, self._ranks)
        if path is None:  # another worker records it
            return None
        self._first = self._first or path
        net = RecordedNet(path)
        try:
            self._open(net, model, first)
        finally:
            if net.recorder is None or not net.recorder.is_recording:
                with suppress(OSError):  # a run that goes on is not empty
                    net.path.rmdir()
        return net

    def _open(self, net: RecordedNet, model: object, batch: Batch) -> None:
        new = partial(self._recorder, model, batch)
        try:
            net.recorder = new(net.path)
        except RunTaken as taken:  # the training is under way by now
            path = self._meeting.beside(net.path).path(batch.worker, self._ranks)
            assert path is not None
            log.warning("%s; recording to %s", taken, path)
            net.path, net.recorder = path, new(path)
        net.epochs_before = net.recorder.last_epoch or 0.0
        if is_terminal() and net.recorder.is_recording:
            shown = os.path.relpath(net.path)
            serve = f"vizframe serve {os.path.dirname(shown)}"
            size = self._chosen.max_size
            most = "" if size is None else f", at most {size / 1e9:.3g} GB"
            log.info("recording to %s%s; watch it with: %s", shown, most, serve)

    def _recorder(self, model: object, batch: Batch, path: Path) -> Recorder:
        """The recorder of a net; a worker that comes late to a run begins at the run's last
        step."""
        rank = None if batch.worker is None else batch.worker.rank
        start = None
        if rank is not None:
            past = past_of(path, rank)
            if past.probe is not None and past.last_step is None:
                start = (past_of(path).last_step or 0) if came_late(path) else 0
        return Recorder(
            model,
            path,
            self._chosen,
            batch=batch,
            start=start,
            rank=rank,
            job="" if rank is None else self._meeting.job,
            group=self._group,
            hyper_parameters={"net": _names(model)[0], **self._facts.found},
        )

    def _meeting_of(self, number: int, worker: Worker | None) -> Meeting:
        """Where the workers meet that train the net of this number: for the first net in the run
        that was asked for, for the others beside it."""
        first = self._run or (self._first if worker is not None else None)
        if number == 1 or first is None:
            return self._meeting
        return replace(self._meeting, run=first.with_name(f"{first.name}-{number}"))

    def _is_wanted(self, names: list[str]) -> bool:
        return self._chosen.net is None or bool(fnmatch.filter(names, self._chosen.net))

    def _watch(self, framework: str) -> None:
        with self.guard("the recording"):
            self._unwatch.append(load(framework).watch_trainings(self))

    def _tell_nothing(self) -> None:
        if self._names or self._seen_by_any[0] or self.guard.has_said("unseen"):
            return
        asked_for_help = not {"-h", "--help"}.isdisjoint(sys.argv[1:])
        foretold = self._dry_run and self._spawning.seen
        if asked_for_help or foretold or self._meeting.has_run_of(self._group):  # of one spawned
            return
        if self.left_out:
            known = ", ".join(map(repr, dict.fromkeys(self.left_out)))
            log.warning("nothing was recorded: net is %r; it can be %s", self._chosen.net, known)
        else:
            log.warning(NOTHING_SEEN)


def record_script(script: Script, chosen: Config, *, dry_run: bool = False) -> None:
    """Run the script and record what it trains. The script ends as it would alone; in a dry run at
    its first update."""
    if serves_others():  # the parameters of workers, which record themselves
        script.run()
    else:
        record_call(script.run, chosen, script.stem, dry_run=dry_run)


def record_call(
    run: Callable[[], None], chosen: Config, stem: str, *, dry_run: bool = False
) -> None:
    """Call this, and record what it trains to runs of that name. What it raises passes through."""
    speak()
    watch = Watch(chosen, stem, dry_run=dry_run)
    with watch.guard("the recording"):
        watch.begin()
    failed = True
    try:
        with deep_calls():
            run()
        failed = False
    except SystemExit as left:
        failed = left.code not in (None, 0)
        raise
    finally:
        with watch.guard("the end of the recording"):
            watch.end(failed=failed)


def record_spawned(heritage: Heritage) -> Callable[[bool], None]:
    """Record what this process, which a recorded one has spawned, trains from now on.

    Returns:
        A function that ends the recording; its argument says whether the work has failed.
    """
    watch = Watch(heritage.chosen, heritage.stem, dry_run=heritage.dry_run, parent=heritage)
    deeper = ExitStack()
    with watch.guard("the recording"):
        watch.begin()
        deeper.enter_context(deep_calls())

    def end(failed: bool) -> None:
        deeper.close()
        with watch.guard("the end of the recording"):
            watch.end(failed=failed)

    return end


def _leave_to_parent(watch: ref[Watch]) -> None:
    alive = watch()
    if alive is not None:
        alive.leave_to_parent()


def _names(model: object) -> list[str]:
    """The names that a person may call the model by: its own, where it has one, and its class."""
    own, kind = getattr(model, "name", None), type(model).__name__
    return [own, kind] if isinstance(own, str) and own else [kind]
