"""The demo's training in PyTorch: the same digits, the same network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from vizframe.demo.digits import BATCH, RATE, Digits, DigitsLearnt
from vizframe.torch.digits import DigitsTraining


class TorchTraining(DigitsLearnt):
    """See `vizframe.demo.digits.Training`."""

    def __init__(self, digits: Digits, seed: int = 0) -> None:
        self.digits = digits
        self._training = DigitsTraining(
            digits.images, digits.labels, batch=BATCH, rate=RATE, seed=seed
        )
        self._done = 0

    @property
    def net(self) -> Any:
        return self._training.net

    @property
    def epoch(self) -> float:
        return self._done * BATCH / len(self.digits.labels)

    def step(self) -> Any:
        self._done += 1
        return self._training.step()

    def accuracy(self, most: int | None = None) -> float:
        labels = self.digits.held_out_labels[:most]
        found = self._training.scores(self.digits.held_out_images[:most]).argmax(axis=1)
        return float((found == labels).mean())

    def save(self, path: Path) -> None:
        draft = path.with_name(f".{path.name}.part")
        self._training.save(draft)
        draft.replace(path)
