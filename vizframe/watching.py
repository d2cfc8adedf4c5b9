"""Watching a training that knows nothing of vizframe: its first update starts a recorder.

import of a framework ──► its adapter watches every training ──► Watch
    before the first update: Recorder, with the first batch as the probe; step 0
    after each update: recorder.step
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from functools import partial

from vizframe.adapter import Batch, frameworks, load
from vizframe.imports import after_import
from vizframe.recorder import Recorder

log = logging.getLogger("vizframe")

NewRecorder = Callable[[object, Batch], Recorder]
"""Makes the recorder of a model that is about to be trained, given the batch it answered."""


class Watch:
    """Records the first model that a script trains; others it trains beside it are left alone."""

    def __init__(self, new_recorder: NewRecorder) -> None:
        self._new_recorder = new_recorder
        self._model: object = None
        self._recorder: Recorder | None = None
        self._unwatch: list[Callable[[], None]] = []

    @property
    def saw_training(self) -> bool:
        """Whether any update was seen."""
        return self._recorder is not None

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
        """Start recording at the first update of all."""
        if self._recorder is None:
            self._model = model
            self._recorder = self._new_recorder(model, batch())

    def after_update(self, model: object, scalars: Mapping[str, object]) -> None:
        """Count the step of the model that is recorded."""
        if self._recorder is not None and model is self._model:
            self._recorder.advance(scalars)

    def _watch(self, framework: str) -> None:
        self._unwatch.append(load(framework).watch_trainings(self))
