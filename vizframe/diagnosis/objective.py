"""What a training minimises, found out from numbers alone: outputs, targets and the loss they gave.

Every usual loss is computed for the first batch; the one that gives the observed number is it. So
no name of a framework's loss class has to be known, and a loss that a script writes out by hand is
recognised as well. With it comes what *naive* means: the loss of always giving the best constant.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from vizframe.diagnosis.labels import Labels
from vizframe.network import FloatArray

Values = npt.NDArray[np.float64]

TOLERANCE = 1e-3
"""How near, relatively, a computed loss must be to the observed one: float32 over a batch is
within 1e-5, labels smoothed by .1 are beyond 1e-2."""

MOST_TIMES = 256
"""Whole numbers that a loss may be multiplied or divided by; EXACT tells one in fifty of any other
numbers up to there to be whole."""

EXACT = 4e-5
"""How near, relatively, such a multiple must be: float32 over a batch is within 1e-5."""

TINY = 1e-12
"""Under a logarithm; Gluon's own losses add it too."""


@dataclass(frozen=True, slots=True)
class Objective:
    """A loss that was recognised.

    Attributes:
        name: in words.
        classes: whether targets are class numbers, one per example.
        takes: what the outputs are to it: ``scores`` before a softmax or sigmoid,
            ``probabilities`` behind it, their ``logarithms``, or ``amounts`` of a regression.
        factor: what the observed loss is larger by, where it is a sum and no mean.
        naive_of: the naive loss of the targets seen, without the factor.
    """

    name: str
    classes: bool
    takes: str
    value: Callable[[Values, Values], float]
    naive_of: Callable[[Labels], float]
    factor: float = 1.0

    def naive(self, labels: Labels) -> float:
        return self.factor * self.naive_of(labels)


def recognise(outputs: FloatArray, targets: FloatArray, loss: float) -> Objective | None:
    """The usual loss that gives this number for these outputs and targets; None where none does,
    or where the outputs are not finite."""
    given, wanted = np.asarray(outputs, np.float64), np.asarray(targets, np.float64)
    if not (np.isfinite(given).all() and np.isfinite(wanted).all() and math.isfinite(loss)):
        return None
    for candidate in (*OF_CLASSES, *OF_ROWS):
        value = _try(candidate, given, wanted)
        if value is None:
            continue
        for factor in (1.0, float(len(given))):
            if abs(loss - factor * value) <= TOLERANCE * max(abs(loss), 1e-6):
                return replace(candidate, factor=factor)
    return _scaled(given, wanted, loss)


def _scaled(given: Values, wanted: Values, loss: float) -> Objective | None:
    """A usual loss times or divided by a whole number: summed over what others take the mean of,
    or shared out to several backward passes."""
    for candidate in (OF_CLASSES[0], *OF_ROWS):
        value = _try(candidate, given, wanted)
        if value is None or not value > 0 or not loss > 0:
            continue
        times = loss / value
        whole = round(max(times, 1 / times))
        factor = float(whole) if times > 1 else 1 / whole
        if whole <= MOST_TIMES and abs(times - factor) <= EXACT * factor:
            return replace(candidate, factor=factor)
    return None


def _try(candidate: Objective, given: Values, wanted: Values) -> float | None:
    """What the loss would be; None where such outputs and targets do not fit it."""
    if candidate.classes:
        fits = given.ndim == 2 and wanted.size == len(given)
        wanted = wanted.ravel()
        if not fits or (wanted != np.floor(wanted)).any() or wanted.min() < 0:
            return None
        if wanted.max() >= given.shape[1]:
            return None
    elif given.size != wanted.size:
        return None
    else:
        wanted = wanted.reshape(given.shape)
    with np.errstate(all="ignore"):
        value = candidate.value(given, wanted)
    return value if math.isfinite(value) else None


def log_softmax(scores: Values) -> Values:
    """Over the last axis."""
    shifted = scores - scores.max(-1, keepdims=True)
    found: Values = shifted - np.log(np.exp(shifted).sum(-1, keepdims=True))
    return found


def _picked(rows: Values, classes: Values) -> Values:
    found: Values = rows[np.arange(len(rows)), classes.astype(np.int64)]
    return found


def _softmax(scores: Values, classes: Values) -> float:
    return float(-_picked(log_softmax(scores), classes).mean())


def _probabilities(shares: Values, classes: Values) -> float:
    if shares.min() < 0:
        return math.nan
    return float(-np.log(_picked(shares, classes) + TINY).mean())


def _logarithms(rows: Values, classes: Values) -> float:
    return float(-_picked(rows, classes).mean())


def _sigmoid(scores: Values, wanted: Values) -> float:
    if wanted.min() < 0 or wanted.max() > 1:
        return math.nan
    return float((np.maximum(scores, 0) - scores * wanted + np.log1p(np.exp(-abs(scores)))).mean())


def _binary(shares: Values, wanted: Values) -> float:
    if shares.min() < 0 or shares.max() > 1 or wanted.min() < 0 or wanted.max() > 1:
        return math.nan
    found = wanted * np.log(shares + TINY) + (1 - wanted) * np.log(1 - shares + TINY)
    return float(-found.mean())


def _spread_softmax(scores: Values, wanted: Values) -> float:
    if scores.ndim != 2 or scores.shape[1] < 2 or wanted.min() < 0:
        return math.nan
    return float(-(wanted * log_softmax(scores)).sum(-1).mean())


def _binary_entropy(labels: Labels) -> float:
    shares = np.clip(labels.rows.mean(0, dtype=np.float64), TINY, 1 - TINY)
    return float(-(shares * np.log(shares) + (1 - shares) * np.log(1 - shares)).mean())


def _row_entropy(labels: Labels) -> float:
    shares = labels.rows.mean(0, dtype=np.float64)
    return float(-(shares * np.log(shares + TINY)).sum())


def _variance(labels: Labels) -> float:
    return float(labels.rows.var(0, dtype=np.float64).mean())


def _mean_distance(labels: Labels) -> float:
    rows = labels.rows
    return float(np.abs(rows - np.median(rows, axis=0)).mean())


def _entropy(labels: Labels) -> float:
    return labels.entropy


OF_CLASSES = (
    Objective("cross entropy of a softmax", True, "scores", _softmax, _entropy),
    Objective("cross entropy", True, "probabilities", _probabilities, _entropy),
    Objective("negative log-likelihood", True, "logarithms", _logarithms, _entropy),
)

OF_ROWS = (
    Objective("binary cross entropy of a sigmoid", False, "scores", _sigmoid, _binary_entropy),
    Objective("binary cross entropy", False, "probabilities", _binary, _binary_entropy),
    Objective("cross entropy of a softmax", False, "scores", _spread_softmax, _row_entropy),
    Objective(
        "half the squared error",
        False,
        "amounts",
        lambda given, wanted: float(((given - wanted) ** 2).mean() / 2),
        lambda labels: _variance(labels) / 2,
    ),
    Objective(
        "squared error",
        False,
        "amounts",
        lambda given, wanted: float(((given - wanted) ** 2).mean()),
        _variance,
    ),
    Objective(
        "absolute error",
        False,
        "amounts",
        lambda given, wanted: float(np.abs(given - wanted).mean()),
        _mean_distance,
    ),
)
