"""The demo's network and its training, in PyTorch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from vizframe.network import FloatArray


class MnistNet(nn.Module):
    """The network; its layers go by the names of these attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 32, 5, padding=2)
        self.pool1 = nn.MaxPool2d(2)
        self.conv2 = nn.Conv2d(32, 64, 5, padding=2)
        self.pool2 = nn.MaxPool2d(2)
        self.dense = nn.Linear(64 * 7 * 7, 10)

    def forward(self, digits: Any) -> Any:
        """The scores of each class, before any softmax."""
        halved = self.pool1(torch.relu(self.conv1(digits)))
        return self.dense(self.pool2(torch.relu(self.conv2(halved))).flatten(1))


def network() -> MnistNet:
    """The network, initialised."""
    return MnistNet()


class DigitsTraining:
    """A training that is made step by step: batches of digits, Adam, all drawn from one seed.

    Args:
        images, labels: (n, 1, 28, 28) and (n,), on the CPU.
        batch: how many digits an update takes.
    """

    def __init__(
        self,
        images: FloatArray,
        labels: npt.NDArray[np.int64],
        *,
        batch: int,
        rate: float,
        seed: int = 0,
    ) -> None:
        torch.manual_seed(seed)
        self.net = network()
        self._images, self._labels = torch.from_numpy(images), torch.from_numpy(labels)
        self._optimizer = torch.optim.Adam(self.net.parameters(), lr=rate)
        self._order = np.random.default_rng(seed)
        self._batch = batch
        self._waiting: list[int] = []

    def step(self) -> Any:
        """One update; its loss, a tensor."""
        if len(self._waiting) < self._batch:
            self._waiting = self._order.permutation(len(self._labels)).tolist()
        chosen, self._waiting = self._waiting[: self._batch], self._waiting[self._batch :]
        self._optimizer.zero_grad()
        loss = nn.functional.cross_entropy(self.net(self._images[chosen]), self._labels[chosen])
        loss.backward()
        self._optimizer.step()
        return loss.detach()

    def scores(self, images: FloatArray) -> FloatArray:
        """(n, 10)."""
        with torch.no_grad():
            found: FloatArray = self.net(torch.from_numpy(images)).numpy()
        return found

    def save(self, path: Path) -> None:
        """Write the weights to a file."""
        torch.save(self.net.state_dict(), path)
