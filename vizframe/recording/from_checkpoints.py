"""Rendering: a history made from checkpoints, after a training or while another process trains.

checkpoint ──► model.load_parameters ──► recorder.advance(its step)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from vizframe.errors import NetworkError, UsageError
from vizframe.network.adapter import Batch
from vizframe.network.checkpoints import Checkpoint, checkpoints, follow_checkpoints
from vizframe.network.guard import Guard
from vizframe.network.loadable import load, make_model
from vizframe.plugin import Progress
from vizframe.recording.config import Config
from vizframe.recording.forecast import foretell
from vizframe.recording.past import Past, past_of
from vizframe.recording.recorder import Recorder

Bar = Callable[[str], AbstractContextManager[Progress]]
"""Opens a report of progress under a title."""


NO_IMAGES = (
    "checkpoints come without images; give some: --probe images/ --shape 3,224,224, or let the "
    "model's function give the net and a batch"
)


@dataclass(frozen=True, slots=True)
class Rendering:
    """What is to be recorded without a training.

    Attributes:
        pattern: names the checkpoints, as a shell would.
        model: makes the network, and perhaps a batch of what it takes; see `factory`.
        shape: of one input, where the factory gives no batch.
        follow: whether to wait for more, until interrupted.
    """

    pattern: str
    model: str
    shape: tuple[int, ...] | None = None
    follow: bool = False

    def foretell(self, run: Path | None, chosen: Config) -> list[str]:
        """What recording these checkpoints would cost, from the first that the run does not have
        and that fits, as lines.

        Raises:
            UsageError: there is none, the factory is not what it can be, or gives no batch.
            NetworkError: none fits the model, or one does not and ``strict`` is true.
        """
        past = Past() if run is None else past_of(run)
        found = self._found(past, run)
        model, batch = make_model(self.model, self.shape)
        if batch is None and past.probe is not None:
            batch = Batch(past.probe.images)
        if batch is None:
            raise UsageError(NO_IMAGES)
        if past.probe is not None and chosen.probe is None:
            chosen = chosen.model_copy(update={"probe": past.probe})
        _load_first(model, found, strict=chosen.strict)
        return foretell(model, batch, chosen, None if self.follow else len(found))

    def _found(self, past: Past, run: Path | None) -> Sequence[Checkpoint]:
        found = checkpoints(self.pattern, past.last_step)
        if not found:
            after = past.last_step
            later = "" if after is None else f" after step {after}, which {run} has"
            raise UsageError(f"checkpoints is {self.pattern!r}, which names no file{later}")
        return found

    def run(self, path: Path, chosen: Config, bar: Bar) -> int:
        """Record the checkpoints that the run does not have yet, and say how many there were.

        Args:
            bar: shows how far it is, while it records those that are there already.

        Raises:
            UsageError: there is none, or the factory or its network is not what it can be.
        """
        past = past_of(path)
        after = past.last_step
        found = [] if self.follow else self._found(past, path)
        model, batch = make_model(self.model, self.shape)
        if batch is None and past.probe is None:
            raise UsageError(NO_IMAGES)

        def new_recorder(step: int) -> Recorder:
            return Recorder(model, path, chosen, batch=batch, start=step, is_training=False)

        if self.follow:
            return render(
                model, follow_checkpoints(self.pattern, after), new_recorder, strict=chosen.strict
            )
        with bar("recording checkpoints") as report:
            counted = _describe_count(found, report)
            return render(model, counted, new_recorder, strict=chosen.strict)


def _load_first(model: object, found: Iterable[Checkpoint], *, strict: bool) -> None:
    """Give the model the parameters of the first that fits. Raises NetworkError."""
    for each in found:
        try:
            load(model, each.path)
        except NetworkError:
            if strict:
                raise
        else:
            return
    raise NetworkError("no checkpoint fits the model, so nothing can be foretold")


def _describe_count(found: Sequence[Checkpoint], report: Progress) -> Iterator[Checkpoint]:
    for done, each in enumerate(found):
        report(done, len(found), each.path.name)
        yield each
    report(len(found), len(found), "")


def render(
    model: object,
    found: Iterable[Checkpoint],
    new_recorder: Callable[[int], Recorder],
    *,
    strict: bool = False,
) -> int:
    """Record each checkpoint at its step, and say how many there were. One that cannot be read is
    told of and passed over.

    Args:
        new_recorder: makes the recorder of a model that has done so many steps.

    Raises:
        NetworkError: none fits the model, or one does not and ``strict`` is true.
    """
    recorder: Recorder | None = None
    count = passed_over = 0
    guard = Guard()
    try:
        for each in found:
            try:
                load(model, each.path)
            except NetworkError as error:
                if strict:
                    raise
                passed_over += 1
                guard.say("checkpoint", f"{error}; it is passed over, as are others like it")
                continue
            if recorder is None:
                recorder = new_recorder(each.step)
            else:
                recorder.advance({}, each.step)
            count += 1
        if recorder is not None:
            recorder.finish()
    finally:
        if recorder is not None:
            recorder.close()
    if passed_over and not count:
        raise NetworkError("no checkpoint fits the model, so nothing was recorded")
    return count
