"""Recording what a Gluon `Estimator` trains: give it one handler more.

with vizframe.Recorder(net, "runs/x") as recorder:
    estimator.fit(data, epochs=5, event_handlers=[RecordSteps(recorder)])
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, Protocol

from vizframe.gluon.compat import mx
from vizframe.graph.epochs import Epochs, Pass
from vizframe.network.guard import Guard

EpochBegin: Any = mx.gluon.contrib.estimator.EpochBegin
BatchEnd: Any = mx.gluon.contrib.estimator.BatchEnd


class StepCounter(Protocol):
    """What a `vizframe.Recorder` is asked here."""

    guard: Guard

    def advance(
        self, scalars: Mapping[str, object], step: int | None = None, epoch: float | None = None
    ) -> None: ...


class RecordSteps(EpochBegin, BatchEnd):  # type: ignore[misc]  # MXNet has no types
    """Tells the recorder of every batch: its loss, the training's metrics so far, and the epoch,
    in parts of one from the second on, since an estimator does not say how long the first is."""

    def __init__(self, recorder: StepCounter) -> None:
        self._recorder = recorder
        self._epochs = Epochs()
        self._pass = Pass()

    def epoch_begin(self, estimator: Any, *_: object, **__: object) -> None:
        """Called by the estimator before each pass over its data."""
        self._pass = Pass()

    def batch_end(self, estimator: Any, *_: object, **batch: Any) -> None:
        """Called by the estimator after each update. Nothing is computed unless this step is
        recorded."""
        scalars: dict[str, object] = {}
        epoch = None
        with self._recorder.guard("the estimator's numbers"):
            scalars = {metric.name: partial(_value, metric) for metric in estimator.train_metrics}
            scalars["loss"] = batch["loss"]
            self._pass.drawn += 1
            epoch = self._epochs.at(self._pass)
        self._recorder.advance(scalars, epoch=epoch)


def _value(metric: Any) -> object:
    return metric.get()[1]
