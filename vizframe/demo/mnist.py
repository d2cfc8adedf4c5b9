"""The demo's training: the network of the classic MNIST write-up, on real digits.

    digit (1, 28, 28) ─ conv 5×5 ─ max-pool ─ conv 5×5 ─ max-pool ─ dense ─ 10 scores

Batches of 50, Adam with rate 0.001, everything drawn from one seed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from vizframe.demo.digits import BATCH, RATE, Digits, DigitsLearnt
from vizframe.gluon.compat import mx


class MnistTraining(DigitsLearnt):
    """A training that is made step by step.

    Attributes:
        net: the network, a `HybridSequential`.
        digits: what it learns from, and what it is judged by.
    """

    def __init__(self, digits: Digits, seed: int = 0) -> None:
        mx.random.seed(seed)
        self.digits = digits
        self.net = network()
        self._loss = mx.gluon.loss.SoftmaxCrossEntropyLoss()
        parameters = self.net.collect_params()
        self._trainer = mx.gluon.Trainer(parameters, "adam", {"learning_rate": RATE})
        self._order = np.random.default_rng(seed)
        self._waiting: list[int] = []
        self._done = 0

    @property
    def epoch(self) -> float:
        """How often all digits have been seen."""
        return self._done * BATCH / len(self.digits.labels)

    def step(self) -> Any:
        """One update; the loss of each digit of the batch, an NDArray."""
        images, labels = self._batch()
        with mx.autograd.record():
            loss = self._loss(self.net(images), labels)
        loss.backward()
        self._trainer.step(BATCH)
        self._done += 1
        return loss

    def save(self, path: Path) -> None:
        """Write the weights to a file, at once: who reads it meanwhile has those before."""
        draft = path.with_name(f".{path.name}.part")
        self.net.save_parameters(str(draft))
        draft.replace(path)

    def accuracy(self, most: int | None = None) -> float:
        """The share of held-out digits, or of the first so many of them, that are recognised."""
        images = self.digits.held_out_images[:most]
        labels = self.digits.held_out_labels[:most]
        right = 0
        for start in range(0, len(labels), 250):
            scores = self.net(mx.nd.array(images[start : start + 250]))
            found = scores.argmax(axis=1).asnumpy()
            right += int((found == labels[start : start + 250]).sum())
        return right / len(labels)

    def _batch(self) -> tuple[Any, Any]:
        if len(self._waiting) < BATCH:
            self._waiting = self._order.permutation(len(self.digits.labels)).tolist()
        chosen, self._waiting = self._waiting[:BATCH], self._waiting[BATCH:]
        images, labels = self.digits.images[chosen], self.digits.labels[chosen]
        return mx.nd.array(images), mx.nd.array(labels)


class MnistNet(mx.gluon.HybridBlock):  # type: ignore[misc]  # MXNet has no types
    """The network; its layers go by the names of these attributes."""

    def __init__(self) -> None:
        super().__init__()
        nn = mx.gluon.nn
        self.conv1 = nn.Conv2D(32, kernel_size=5, padding=2, activation="relu")
        self.pool1 = nn.MaxPool2D(2)
        self.conv2 = nn.Conv2D(64, kernel_size=5, padding=2, activation="relu")
        self.pool2 = nn.MaxPool2D(2)
        self.dense = nn.Dense(10)

    def hybrid_forward(self, _: Any, digits: Any) -> Any:
        """The scores of each class, before any softmax."""
        halved = self.pool1(self.conv1(digits))
        return self.dense(self.pool2(self.conv2(halved)))


def network() -> MnistNet:
    """The network, initialised for digits of 28×28 and hybridized."""
    net = MnistNet()
    net.initialize(mx.init.Xavier())
    net.hybridize()
    net(mx.nd.zeros((1, 1, 28, 28)))  # gives the parameters their shapes
    return net
