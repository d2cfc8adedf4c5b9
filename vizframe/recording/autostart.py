"""Watching a training that knows nothing of vizframe: its first update starts a recorder.

import of a framework ──► its adapter watches every training ──► Watch
    before the first update: Recorder, with the first batch as the probe; step 0
    after each update: recorder.step
"""

from __future__ import annotations

import fnmatch
import logging
from collections.abc import Callable, Mapping
from functools import partial

from vizframe.network.adapter import Batch, frameworks, load
from vizframe.recording.import_hooks import after_import
from vizframe.recording.recorder import Recorder

log = logging.getLogger("vizframe")

NewRecorder = Callable[[object, Batch], Recorder | None]
"""Makes the recorder of a model that is about to be trained, given the batch it answered; None
where another worker records it."""


class Watch:
    """Records one model that a script trains; others that it trains beside it are left alone.

    Args:
        wanted: its class or name, or a pattern of these; None for the first that is trained.
    """

    def __init__(self, new_recorder: NewRecorder, wanted: str | None = None) -> None:
        self._new_recorder = new_recorder
        self._wanted = wanted
        self._others: dict[int, str] = {}
        self._model: object = None
        self._recorder: Recorder | None = None
        self._epochs_before = 0.0
        self._unwatch: list[Callable[[], None]] = []

    @property
    def saw_training(self) -> bool:
        """Whether any update of it was seen."""
        return self._model is not None

    @property
    def others(self) -> list[str]:
        """What the script trained beside the model that is recorded, by name."""
        return list(self._others.values())

    def begin(self) -> None:
        """Watch every framework that is known, from its import on."""
        for name in frameworks():
            after_import(name, partial(self._watch, name))

    def end(self, *, failed: bool) -> None:
        """Take everything off and close the run; of a training that ended well, also its end is
        recorded."""
        for each in self._unwatch:
            each()
        self._unwatch.clear()
        if self._recorder is not None:
            (self._recorder.close if failed else self._recorder.finish)()

    def before_update(self, model: object, batch: Callable[[], Batch]) -> None:
        """Start recording at the first update of the model that is wanted."""
        if model is self._model or id(model) in self._others:
            return
        if self._model is None and self._is_wanted(model):
            self._model = model
            self._recorder = self._new_recorder(model, batch())
            if self._recorder is not None:
                self._epochs_before = self._recorder.last_epoch or 0.0
        else:
            self._others[id(model)] = _names(model)[0]

    def _is_wanted(self, model: object) -> bool:
        return self._wanted is None or bool(fnmatch.filter(_names(model), self._wanted))

    def after_update(
        self, model: object, scalars: Mapping[str, object], epoch: float | None
    ) -> None:
        """Count the step of the model that is recorded. A run that goes on counts its epochs on,
        as it does its steps."""
        if self._recorder is not None and model is self._model:
            counted = None if epoch is None else self._epochs_before + epoch
            self._recorder.advance(scalars, epoch=counted)

    def _watch(self, framework: str) -> None:
        self._unwatch.append(load(framework).watch_trainings(self))


def _names(model: object) -> list[str]:
    """What a person may call the model: its own name, where it has one, and its class."""
    own, kind = getattr(model, "name", None), type(model).__name__
    return [own, kind] if isinstance(own, str) and own else [kind]
