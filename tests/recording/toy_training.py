"""A training of toys, recorded."""

from __future__ import annotations

from typing import Any

from tests.core.toy import IMAGES, Doubled, ToyModel
from vizframe.history import History, HistoryWriter, RunInfo, SeriesKey
from vizframe.history.memory import MemoryRun
from vizframe.network.probe import Probe
from vizframe.recording.recorder import Recorder

CONV0 = SeriesKey(label="doubled", layer="conv0")


class Place:
    """A run in memory that a recorder opens by calling it."""

    def __init__(self) -> None:
        self.run = MemoryRun()
        self.writer: HistoryWriter | None = None

    def __call__(self, info: RunInfo, probe: Probe) -> HistoryWriter:
        self.run = MemoryRun(info, probe)
        self.writer = self.run.writer()
        return self.writer

    @property
    def history(self) -> History:
        return self.run.history()


def train_run(
    place: Any, steps: int = 40, model: ToyModel | None = None, **options: Any
) -> ToyModel:
    """A toy after so many updates, each of which adds 1 to its weights: a sick training, of
    which nothing is to be said here."""
    model = model or ToyModel()
    given: dict[str, Any] = {"every": 10, "plugins": [Doubled], "probe": IMAGES, "vitals": 0}
    given |= options
    with Recorder(model, place, **given) as recorder:
        for step in range(1, steps + 1):
            model(IMAGES)
            model.weight += 1
            model.gradient = 2
            recorder.step(loss=1 / step)
    return model
