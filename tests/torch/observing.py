"""What an observer is told of a training."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch

from tests.torch.small import Left, Training
from vizframe.network.adapter import Batch
from vizframe.network.guard import Guard
from vizframe.torch.training import watch_trainings


class Told:
    """An observer that writes down what it is told."""

    def __init__(self) -> None:
        self.guard = Guard(strict=True)
        self.before: list[object] = []
        self.batches: dict[int, Batch] = {}
        self.after: list[tuple[object, dict[str, float], float | None]] = []

    def note(self, name: str, value: object) -> None:
        """Nothing is noted."""

    def before_update(self, model: object, batch: Callable[[], Batch]) -> None:
        if model not in self.before:
            self.before.append(model)
            self.batches[id(model)] = batch()

    def wants_batch(self, model: object) -> bool:
        return True

    def after_update(
        self, model: object, scalars: Mapping[str, object], epoch: float | None
    ) -> None:
        numbers = {name: float(each()) for name, each in scalars.items() if callable(each)}
        self.after.append((model, numbers, epoch))


def start(training: Training) -> Left:
    torch.manual_seed(7)
    return training()


def observe(training: Training) -> tuple[Told, Left]:
    told = Told()
    end = watch_trainings(told)
    try:
        return told, start(training)
    finally:
        end()
