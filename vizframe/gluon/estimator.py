"""Recording what a Gluon `Estimator` trains: give it one handler more.

with vizframe.Recorder(net, "runs/x") as recorder:
    estimator.fit(data, epochs=5, event_handlers=[RecordSteps(recorder)])
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, Protocol

from vizframe.gluon.adapter import number
from vizframe.gluon.compat import mx
from vizframe.graph.epochs import Epochs, Pass

EpochBegin: Any = mx.gluon.contrib.estimator.EpochBegin
BatchEnd: Any = mx.gluon.contrib.estimator.BatchEnd


class StepCounter(Protocol):
    """What a `vizframe.Recorder` is asked here."""

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
        scalars: dict[str, object] = {
            metric.name: partial(_value, metric) for metric in estimator.train_metrics
        }
        losses = batch["loss"] if isinstance(batch["loss"], list) else [batch["loss"]]
        scalars["loss"] = lambda: sum(map(number, losses)) / len(losses)
        self._pass.drawn += 1
        self._recorder.advance(scalars, epoch=self._epochs.at(self._pass))


def _value(metric: Any) -> float:
    return float(metric.get()[1])
