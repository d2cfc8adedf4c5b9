"""The demo's training on a text in PyTorch: the same windows, the same network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from vizframe.demo.text import CELLS, EMBEDDED, RATE, Numbers, Text, TextLearnt
from vizframe.network import FloatArray
from vizframe.torch.characters import ReaderTraining


class TorchCharacterTraining(TextLearnt):
    """See `vizframe.demo.digits.Training`."""

    def __init__(self, text: Text, seed: int = 0) -> None:
        super().__init__(text, seed)
        self._training = ReaderTraining(
            len(text.vocabulary), embedded=EMBEDDED, cells=CELLS, rate=RATE, seed=seed
        )

    @property
    def net(self) -> Any:
        return self._training.net

    def step(self) -> Any:
        return self._training.step(*self.batch())

    def scores(self, read: Numbers) -> FloatArray:
        return self._training.scores(read)

    def save(self, path: Path) -> None:
        draft = path.with_name(f".{path.name}.part")
        self._training.save(draft)
        draft.replace(path)
