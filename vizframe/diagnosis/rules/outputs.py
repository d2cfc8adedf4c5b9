"""Outputs that do not fit the loss: known from the first batch, before the first update."""

from __future__ import annotations

import math

import numpy as np

from vizframe.diagnosis.course import Course, Opening
from vizframe.diagnosis.rule import Rule, Sign


class NormalizedScores(Rule):
    """A softmax behind a softmax, or a sigmoid behind a sigmoid."""

    name = "normalized_scores"
    symptom = "wrong_output"
    threshold = (
        "outputs that sum to 1 within 1e-3 (or end in a sigmoid) where the loss takes scores"
    )
    reason = (
        "scores between 0 and 1 cannot differ by more than 1, so the loss of C classes cannot fall "
        "below ln(1 + (C − 1) / e)"
    )
    source = "UMLAUT (CHI 2021), 'softmax before the loss'; recognised by numbers, not names"

    def look(self, course: Course) -> Sign | None:
        opening, objective = course.opening, course.objective
        if opening is None or opening.outputs is None or objective is None:
            return None
        outputs = opening.outputs.astype(np.float64)
        if objective.takes != "scores" or outputs.ndim < 2:
            return None
        units = outputs.shape[-1]
        if units > 1 and _are_shares(outputs):
            return self._softmax(course, units)
        if units > 1 and _are_log_shares(outputs):
            return None  # a softmax of logarithms of shares is those shares: no harm
        reading = course.readings[0] if course.readings else None
        last = None if reading is None else reading.layers.get(course.score_layer)
        bounded = last is not None and "sigmoid" in last.operator.lower()
        if bounded and outputs.min() >= 0 and outputs.max() <= 1:
            return self._sigmoid(course, objective.name)
        return None

    def _softmax(self, course: Course, units: int) -> Sign:
        least = math.log(1 + (units - 1) / math.e)
        return Sign(
            "alarm",
            0,
            f"the {units} outputs of {course.score_layer} sum to 1 at step 0 (the threshold is "
            "within 0.001), and the loss takes a "
            f"softmax of them again: it cannot fall below {least:.2f}",
            "the network ends in a softmax, and so does the loss",
            "leave the network's softmax out, or give the loss probabilities (Gluon: "
            "from_logits=True with log_softmax)",
            (course.score_layer,),
            numbers={"least_loss": least},
        )

    def _sigmoid(self, course: Course, name: str) -> Sign:
        return Sign(
            "alarm",
            0,
            f"{course.score_layer} ends in a sigmoid at step 0, and the loss ({name}) takes one "
            f"again: it cannot fall below {math.log1p(math.exp(-1)):.2f} for positives and "
            f"{math.log(2):.2f} for negatives",
            "the network ends in a sigmoid, and so does the loss",
            "leave the network's sigmoid out, or tell the loss (Gluon: from_sigmoid=True)",
            (course.score_layer,),
        )


class BoundedScores(Rule):
    """A ReLU or a tanh on the scores."""

    name = "bounded_scores"
    symptom = "wrong_output"
    threshold = (
        "no output below 0 and at least 10 % exactly 0 (a ReLU), or a tanh at the end, where the "
        "loss takes scores or targets lie beyond"
    )
    reason = "what a ReLU cut off gets no gradient: those classes can stay at 0 for good"
    source = "Humbatova et al. (ICSE 2020), 'wrong activation of the last layer'"

    def look(self, course: Course) -> Sign | None:
        opening, objective = course.opening, course.objective
        if opening is None or opening.outputs is None or objective is None:
            return None
        outputs = opening.outputs
        if objective.takes == "scores" and outputs.ndim == 2:
            return self._scores(course, outputs)
        if objective.takes == "amounts" and opening.targets is not None:
            return self._amounts(course, outputs)
        return None

    def _scores(self, course: Course, outputs: np.ndarray) -> Sign | None:  # type: ignore[type-arg]
        zeros = float((outputs == 0).mean())
        if outputs.size >= 20 and outputs.min() >= 0 and 0.1 <= zeros < 1:
            return self._sign(course, f"{zeros:.0%} of the scores are exactly 0 and none is below")
        reading = course.readings[0] if course.readings else None
        last = None if reading is None else reading.layers.get(course.score_layer)
        if last is not None and "tanh" in last.operator.lower():
            return self._sign(course, "the scores end in a tanh, so that none passes ±1")
        return None

    def _amounts(self, course: Course, outputs: np.ndarray) -> Sign | None:  # type: ignore[type-arg]
        reading = course.readings[0] if course.readings else None
        last = None if reading is None else reading.layers.get(course.score_layer)
        rows = course.labels.rows
        low, high = _range(last.operator if last else "", outputs)
        beyond = float(((rows < low) | (rows > high)).mean())
        if beyond < 0.1:
            return None
        said = f"{beyond:.0%} of the targets lie beyond {low:g} … {high:g}, which outputs cannot"
        return self._sign(course, said)

    def _sign(self, course: Course, said: str) -> Sign:
        return Sign(
            "alarm",
            0,
            f"{said} ({course.score_layer}, step 0; a threshold of 10 %)",
            "an activation behind the last layer that the loss does not expect",
            "leave out the activation of the last layer",
            (course.score_layer,),
        )


class FirstLoss(Rule):
    """A net that is sure of something before it has learnt anything."""

    name = "first_loss"
    symptom = "wrong_output"
    threshold = "a note: a first loss of 3 times ln C or more, of a softmax over C scores"
    reason = (
        "scores of deviation s add about s² / 2 to ln C: 3 times ln 10 takes scores that differ by "
        "3, where initialisations aim at 1"
    )
    source = "CS231n, sanity checks ('look for correct loss at chance performance')"

    def look(self, course: Course) -> Sign | None:
        opening, objective = course.opening, course.objective
        if opening is None or opening.outputs is None or opening.loss is None:
            return None
        if objective is None or not objective.classes or objective.takes != "scores":
            return None
        loss, classes = opening.loss / objective.factor, opening.outputs.shape[1]
        chance = math.log(classes)
        if classes < 2 or loss < 3 * chance:
            return None
        spread = float(opening.outputs.std(dtype=np.float64))
        return Sign(
            "note",
            0,
            f"the loss is {loss:.3g} at step 0, where chance gives ln {classes} = {chance:.3g} (3 "
            f"times that is the threshold); the scores of {course.score_layer} deviate by "
            f"{spread:.3g}",
            "weights or inputs that are too large, or a net trained for other classes",
            "inputs scaled to a deviation of 1; an initialisation that knows the layer's width",
            (course.score_layer,),
            numbers={"loss": loss, "chance": chance, "deviation": spread},
        )


class OneScore(Rule):
    """One output under a softmax."""

    name = "one_score"
    symptom = "wrong_output"
    threshold = "one output per example, and a loss of 0 (within 1e-5) at the first step"
    reason = "a softmax of one score is 1 whatever the score: loss and gradient are 0 for ever"
    source = "UMLAUT; Humbatova et al. (ICSE 2020)"

    def look(self, course: Course) -> Sign | None:
        opening = course.opening
        if opening is None or opening.outputs is None or opening.loss is None:
            return None
        outputs = opening.outputs
        if outputs.ndim != 2 or outputs.shape[1] != 1 or abs(opening.loss) > 1e-5:
            return None
        return Sign(
            "alarm",
            0,
            f"{course.score_layer} has 1 output and the loss is {opening.loss:.1g} at step 0: a "
            "softmax of one score is always 1",
            "a softmax loss on a single output",
            "one output per class, or a sigmoid loss for the one",
            (course.score_layer,),
        )


class LabelsOutside(Rule):
    """Class numbers that no output stands for."""

    name = "labels_outside"
    symptom = "wrong_output"
    threshold = "a class number that is negative or not below the number of outputs"
    reason = "MXNet takes the last output for it without a word"
    source = "ours"

    def look(self, course: Course) -> Sign | None:
        opening = course.opening
        if opening is None or opening.outputs is None or not course.labels.whole:
            return None
        outputs = opening.outputs
        if outputs.ndim != 2 or outputs.shape[1] < 2 or not course.labels.counts:
            return None
        if opening.targets is None or opening.targets.size != len(outputs):
            return None
        low, high = min(course.labels.counts), max(course.labels.counts)
        if low >= 0 and high < outputs.shape[1]:
            return None
        return Sign(
            "alarm",
            0,
            f"classes go from {low} to {high}, and {course.score_layer} has {outputs.shape[1]} "
            f"outputs, 0 to {outputs.shape[1] - 1} (the threshold), as seen up to step "
            f"{course.step}",
            "too few outputs, or classes that are not counted from 0",
            f"{high + 1} outputs, or classes counted from 0",
            (course.score_layer,),
        )


class Broadcast(Rule):
    """Amounts of shape (batch, 1) against targets of shape (batch,): each with each."""

    name = "broadcast"
    symptom = "wrong_output"
    threshold = (
        "targets that were spread to (batch, batch), or a loss that is the mean over all pairs of "
        "output and target (within 1e-3) and not that over the examples"
    )
    reason = "the best that such a loss can be taught is the mean of the targets"
    source = "PyTorch's own warning ('target size that is different to the input size')"

    def look(self, course: Course) -> Sign | None:
        opening = course.opening
        if opening is None or opening.outputs is None or opening.targets is None:
            return None
        outputs, targets = opening.outputs.reshape(-1), opening.targets
        count = len(opening.outputs)
        if count < 2 or outputs.size != count or not _is_each_with_each(opening, count):
            return None
        return Sign(
            "alarm",
            0,
            f"the outputs of {course.score_layer} are {opening.outputs.shape} and the targets "
            f"{targets.shape if targets.ndim == 1 else (count,)} at step 0: the loss compares each "
            f"of {count} outputs with each target (the threshold is with its own)",
            "shapes that differ, and that broadcasting fits together",
            "targets of the outputs' shape: y.reshape(outputs.shape), y.unsqueeze(1)",
            (course.score_layer,),
        )


def _is_each_with_each(opening: Opening, count: int) -> bool:
    """Whether the loss is one over all pairs of outputs and targets."""
    assert opening.outputs is not None
    assert opening.targets is not None
    targets = opening.targets.astype(np.float64)
    if targets.shape == (count, count):
        return bool((targets == targets[0]).all() and (targets[0] != targets[0, 0]).any())
    if targets.size != count or opening.outputs.shape == targets.shape or opening.loss is None:
        return False
    errors = opening.outputs.reshape(-1, 1).astype(np.float64) - targets.reshape(1, -1)
    for measure in (np.square(errors), np.square(errors) / 2, np.abs(errors)):
        own = float(np.diag(measure).mean())
        if _is_near(opening.loss, float(measure.mean())) and not _is_near(opening.loss, own):
            return True
    return False


def _is_near(one: float, other: float) -> bool:
    return abs(one - other) <= 1e-3 * max(abs(other), 1e-6)


def _are_shares(outputs: np.ndarray) -> bool:  # type: ignore[type-arg]
    return bool(outputs.min() >= 0 and (abs(outputs.sum(-1) - 1) < 1e-3).all())


def _are_log_shares(outputs: np.ndarray) -> bool:  # type: ignore[type-arg]
    return bool(outputs.max() <= 0 and (abs(np.exp(outputs).sum(-1) - 1) < 1e-3).all())


def _range(operator: str, outputs: np.ndarray) -> tuple[float, float]:  # type: ignore[type-arg]
    """What the outputs can be at all, with a tenth of tolerance for targets at the very bound."""
    words = operator.lower()
    if "sigmoid" in words or "softmax" in words:
        return -0.1, 1.1
    if "tanh" in words or "softsign" in words:
        return -1.1, 1.1
    relu = "relu" in words and "leaky" not in words
    if (relu or (outputs == 0).mean() >= 0.1) and outputs.min() >= 0:
        return 0.0, math.inf
    return -math.inf, math.inf
