"""The targets that a training has seen: how many of each class, or how they spread."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import numpy.typing as npt

from vizframe.network import FloatArray

MOST_ROWS = 4096
"""Rows of continuous targets that are kept; of more, the first stand for all."""

MOST_CLASSES = 1000
"""Distinct whole numbers beyond which targets are no classes but amounts."""


class Labels:
    """Fed batch by batch."""

    def __init__(self) -> None:
        self.counts: Counter[int] = Counter()
        self.batches: list[tuple[int, float]] = []
        """Of each batch its size, and the entropy of its classes in nats."""
        self.whole = True
        self._rows: list[FloatArray] = []
        self._kept = 0
        self.seen = 0

    def add(self, targets: FloatArray) -> None:
        """One batch, (batch,) or (batch, …)."""
        if not targets.size:
            return
        self.seen += len(targets)
        if self._kept < MOST_ROWS:
            self._rows.append(np.asarray(targets, np.float32))
            self._kept += len(targets)
        flat = targets.reshape(len(targets), -1)
        if self.whole and flat.shape[1] == 1 and (flat == np.floor(flat)).all():
            classes, counts = np.unique(flat.astype(np.int64), return_counts=True)
            self.counts.update(dict(zip(classes.tolist(), counts.tolist(), strict=True)))
            self.batches.append((len(targets), entropy(counts)))
            self.whole = len(self.counts) <= MOST_CLASSES
        else:
            self.whole = False

    @property
    def rows(self) -> FloatArray:
        """The targets as they came, one row each."""
        return np.concatenate([each.reshape(len(each), -1) for each in self._rows])

    @property
    def entropy(self) -> float:
        """The entropy of the classes seen, in nats."""
        return entropy(np.array(list(self.counts.values()), np.int64))


def entropy(counts: npt.NDArray[np.int64]) -> float:
    """−Σ p ln p of these counts.

    >>> round(entropy(np.array([5, 5])), 3)
    0.693
    """
    shares = counts[counts > 0] / max(1, counts.sum())
    return max(0.0, -math.fsum(float(p) * math.log(p) for p in shares))
