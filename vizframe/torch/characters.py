"""The demo's network that reads a text, and its training, in PyTorch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from vizframe.network import FloatArray

Numbers = npt.NDArray[np.int64]


class CharacterNet(nn.Module):
    """The network; its layers go by the names of these attributes."""

    def __init__(self, characters: int, embedded: int, cells: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(characters, embedded)
        self.lstm = nn.LSTM(embedded, cells, batch_first=True)
        self.scores = nn.Linear(cells, characters)

    def forward(self, numbers: Any) -> Any:
        """The scores of each next character, (text, time, character), before any softmax."""
        states, _ = self.lstm(self.embedding(numbers))
        return self.scores(states)


class ReaderTraining:
    """A training that is made window by window: Adam, all drawn from one seed."""

    def __init__(
        self, characters: int, *, embedded: int, cells: int, rate: float, seed: int = 0
    ) -> None:
        torch.manual_seed(seed)
        self.net = CharacterNet(characters, embedded, cells)
        self._optimizer = torch.optim.Adam(self.net.parameters(), lr=rate)

    def step(self, read: Numbers, next_ones: Numbers) -> Any:
        """One update on windows of shape (window, time); its loss, a tensor."""
        self._optimizer.zero_grad()
        scores = self.net(torch.from_numpy(read)).flatten(0, 1)
        loss = nn.functional.cross_entropy(scores, torch.from_numpy(next_ones).flatten())
        loss.backward()
        self._optimizer.step()
        return loss.detach()

    def scores(self, read: Numbers) -> FloatArray:
        """(window, time, character)."""
        with torch.no_grad():
            found: FloatArray = self.net(torch.from_numpy(read)).numpy()
        return found

    def save(self, path: Path) -> None:
        """Write the weights to a file."""
        torch.save(self.net.state_dict(), path)
