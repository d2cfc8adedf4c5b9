"""What is wrong with the data: inputs, labels, their order."""

from __future__ import annotations

import numpy as np

from vizframe.diagnosis.course import Course
from vizframe.diagnosis.rule import Rule, Sign

ENOUGH = 300
"""Labels to be seen before their shares are believed: that of a class of 10 % is then within 5 %
of what it is (three standard deviations)."""


class Inputs(Rule):
    """Inputs that are no numbers for a network: constant, or far from 1."""

    name = "inputs"
    symptom = "data"
    threshold = (
        "all of 8 inputs or more alike, or larger than 10 in absolute value; an alarm where "
        "nothing is learnt, or the first bounded layer starts with half of its outputs at a bound"
    )
    reason = (
        "initialisations are made for inputs of deviation 1; at a deviation of 10 the first "
        "layer's gradient is 10 times as large, and a common rate 10 times too high"
    )
    source = "UMLAUT (inputs outside ±1); LeCun et al., Efficient BackProp, 4.3"

    def look(self, course: Course) -> Sign | None:
        opening = course.opening
        if opening is None or not opening.inputs.size:
            return None
        inputs = opening.inputs[np.isfinite(opening.inputs)]
        if not inputs.size:
            return None
        if len(opening.inputs) >= 8 and (opening.inputs == opening.inputs[0]).all():
            return Sign(
                "alarm",
                0,
                f"all {len(opening.inputs)} inputs of the first batch are the same",
                "the inputs are empty, or normalised away",
                "look at a batch before training",
            )
        largest = float(np.abs(inputs).max())
        if largest <= 10 or _are_words(course):
            return None
        progress = course.progress
        sick = course.step >= 50 and progress is not None and progress < 0.1
        sick = sick or _saturate(course)
        return Sign(
            "alarm" if sick else "note",
            0,
            f"inputs reach {largest:.4g} (deviation {inputs.std():.3g}) at step 0; networks are "
            "initialised for a deviation of 1, and 10 is the threshold",
            "inputs that were not scaled",
            f"scale inputs: subtract {inputs.mean():.3g}, divide by {inputs.std():.3g}"
            + (", feature by feature" if opening.inputs.ndim == 2 else ""),
            numbers={"largest": largest},
        )


class OneLabel(Rule):
    """One class only."""

    name = "one_label"
    symptom = "data"
    threshold = "one class among 300 labels or more"
    reason = "there is nothing to tell apart"
    source = "ours"

    def look(self, course: Course) -> Sign | None:
        labels = course.labels
        objective = course.objective
        if not labels.whole or sum(labels.counts.values()) < ENOUGH or len(labels.counts) != 1:
            return None
        if course.several_nets or objective is None or objective.takes == "amounts":
            return None
        return Sign(
            "alarm",
            0,
            f"all {labels.seen} labels seen are {next(iter(labels.counts))}",
            "labels that were lost on the way, or sorted data",
            "look at the labels; shuffle",
        )


class Unshuffled(Rule):
    """Batches of one class each, one class after the other."""

    name = "unshuffled"
    symptom = "data"
    threshold = "classes within a batch have half the entropy of all seen, over 20 batches of 8"
    reason = "each batch unlearns what the former taught: gradients of single classes oppose"
    source = (
        "Bengio, Practical recommendations (2012), 3.1; the half is ours: shuffled batches of 8 of "
        "ten classes have .77 of it"
    )

    def look(self, course: Course) -> Sign | None:
        labels = course.labels
        batches = [(size, each) for size, each in labels.batches if size >= 8]
        if not labels.whole or len(batches) < 20 or course.several_nets or _regresses(course):
            return None
        whole = labels.entropy
        inside = float(np.mean([each for _, each in batches]))
        if whole < 0.3 or inside > 0.5 * whole:
            return None
        return Sign(
            "alarm",
            0,
            f"the labels of a batch have an entropy of {inside:.2f}, those of all batches "
            f"{whole:.2f}: batches hold few classes each (the threshold is half)",
            "data that are sorted by class and not shuffled",
            "shuffle: DataLoader(…, shuffle=True)",
            numbers={"inside": inside, "whole": whole},
        )


class Imbalance(Rule):
    """A class ten times as frequent as the others."""

    name = "imbalance"
    symptom = "data"
    threshold = "the most frequent class 10 times as frequent as the median of all; a note from 4"
    reason = "with 10 : 1 a net that knows one class alone is right in 91 % of two"
    source = "SageMaker Debugger, ClassImbalance (10 : 1)"

    def look(self, course: Course) -> Sign | None:
        labels = course.labels
        count = sum(labels.counts.values())
        if not labels.whole or count < ENOUGH or len(labels.counts) < 2 or _regresses(course):
            return None
        if len(labels.counts) > count / 30 or course.several_nets:
            return None  # too few of each to say
        counts = sorted(labels.counts.values())
        most, usual = counts[-1], float(np.median(counts[:-1]))
        ratio = most / usual
        if ratio < 4:
            return None
        frequent = labels.counts.most_common(1)[0][0]
        return Sign(
            "alarm" if ratio >= 10 else "note",
            0,
            f"class {frequent} has {most} of the {count} labels seen, {ratio:.0f} times as many as "
            "the others (the threshold is 10)",
            "a class that is far more frequent than the others",
            "weigh the loss by class, or draw batches that are balanced; judge by class, not by "
            "accuracy",
            numbers={"ratio": ratio, "share": most / count},
        )


def _are_words(course: Course) -> bool:
    """Whether inputs are numbers of words or items, which an embedding looks up."""
    reading = next(iter(course.layer_readings()), None)
    return reading is None or any(each.kind == "embedding" for each in reading.layers.values())


def _saturate(course: Course) -> bool:
    """Whether the first layer with bounds starts at them: what inputs that are too large do."""
    readings = course.layer_readings()
    shares = [each.saturated for each in readings[0].layers.values()] if readings else []
    first = next((each for each in shares if each is not None), None)
    return first is not None and first >= 0.5


def _regresses(course: Course) -> bool:
    return course.objective is None or course.objective.takes == "amounts"
