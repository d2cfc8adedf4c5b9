"""What is wrong with the data: inputs, labels, their order."""

from __future__ import annotations

import numpy as np

from vizframe.diagnosis.course import Course
from vizframe.diagnosis.rule import Rule, Sign, listed
from vizframe.diagnosis.rules.signal import fades

ENOUGH = 300
"""Labels to be seen before their shares are believed: that of a class of 10 % is then within 5 %
of what it is (three standard deviations)."""

STEEP = 5.5
"""Root mean square of inputs from which on the first layer learns 30 times too fast: 5.5²."""


class Inputs(Rule):
    """Inputs that are no numbers for a network: constant, or far from 1."""

    name = "inputs"
    symptom = "data"
    threshold = (
        "all of 8 inputs or more alike, or larger than 10 in absolute value; an alarm where the "
        "first bounded layer starts with half of its outputs at a bound, or the root mean square "
        "is above 5.5, nothing is learnt, and the signal does not fade from layer to layer"
    )
    reason = (
        "initialisations are made for inputs of size 1; at size r the loss is r² times as steep "
        "in the first layer's weights: from 5.5 on (30 times) an update that should be 1e-3 of "
        "them is above the 3e-2 of healthy trainings. Large inputs fill the layers, they do not "
        "fade"
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
                f"all {len(opening.inputs)} inputs of the first batch are the same, at step 0 (the "
                "threshold is 8 inputs)",
                "the inputs are empty, or normalised away",
                "look at a batch before training",
            )
        largest = float(np.abs(inputs).max())
        if largest <= 10 or _are_words(course):
            return None
        progress = course.progress
        size = float(np.sqrt(np.square(inputs, dtype=np.float64).mean()))
        sick = course.step >= 50 and progress is not None and progress < 0.1
        sick = (sick and size > STEEP and not fades(course)) or _saturate(course)
        return Sign(
            "alarm" if sick else "note",
            0,
            f"inputs reach {largest:.4g} (root mean square {size:.3g}) at step 0; networks are "
            "initialised for a size of 1, and the threshold is 10",
            "inputs that were not scaled",
            f"scale inputs: subtract {inputs.mean():.3g}, divide by {inputs.std():.3g}"
            + (", feature by feature" if opening.inputs.ndim == 2 else ""),
            numbers={"largest": largest, "size": size},
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
            f"all {labels.seen} labels seen are {next(iter(labels.counts))} up to step "
            f"{course.step} (the threshold is {ENOUGH})",
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


class BatchSize(Rule):
    """A batch larger than its gradients need, or so small that they are all noise."""

    name = "batch_size"
    symptom = "batch_size"
    threshold = (
        "a note: after 100 steps, gradients of successive readings at a cosine (median of the "
        "newest 10) of 0.8 or above while less than nine tenths are learnt, or of 0.02 or below in "
        "batches of up to 64 while the loss does not fall and less than a third is learnt"
    )
    reason = (
        "of two batches of B examples the cosine is c = 1 / (1 + N / B), with N the noise scale: "
        "batches beyond N hardly better the step, those far below it go astray. From .8 on B is "
        "four times N; below .02 it is a fiftieth"
    )
    source = "McCandlish et al. (2018), An empirical model of large-batch training, 2.2"

    def look(self, course: Course) -> Sign | None:
        cosines = [each.cosine for each in course.readings[-10:] if each.cosine is not None]
        progress = course.progress
        if course.opening is None or course.step < 100 or len(cosines) < 10 or progress is None:
            return None
        cosine, size = float(np.median(cosines)), len(course.opening.inputs)
        if course.several_nets or size < 1:
            return None
        if cosine >= 0.8 and progress < 0.9 and size >= 8:
            return self._large(course, cosine, size)
        if cosine <= 0.02 and size <= 64 and progress < 1 / 3 and not course.is_falling:
            return self._small(course, cosine, size)
        return None

    def _large(self, course: Course, cosine: float, size: int) -> Sign:
        wanted = max(1, round(size * max(1 - cosine, 0.02) / cosine))
        return self._sign(
            course,
            cosine,
            f"gradients of batches of {size} agree at a cosine of {cosine:.2f} up to step "
            f"{course.step} (the threshold is 0.8), in {listed(course.kernel_layers)}",
            "batches that are larger than the noise in them asks for, or updates too small to get "
            "anywhere",
            f"a batch of {max(wanted, size // 8)} at the same rate: as many examples then make "
            f"{size // max(wanted, size // 8, 1)} times as many updates; or a higher rate",
        )

    def _small(self, course: Course, cosine: float, size: int) -> Sign:
        wanted = min(512, round(size * (1 - cosine) / max(cosine, 0.005)))
        return self._sign(
            course,
            cosine,
            f"gradients of batches of {size} agree at a cosine of {cosine:.2f} up to step "
            f"{course.step} (the threshold is 0.02), in {listed(course.kernel_layers)}, and the "
            "loss does not fall",
            "batches so small that a gradient is all noise, or labels that have nothing to do with "
            "the inputs",
            f"a batch of {wanted}, or a rate that is as many times lower",
        )

    def _sign(self, course: Course, cosine: float, said: str, cause: str, remedy: str) -> Sign:
        read = [(r.step, r.cosine) for r in course.readings[-200:] if r.cosine is not None]
        return Sign(
            "note",
            read[0][0],
            said,
            cause,
            remedy,
            course.kernel_layers,
            numbers={"cosine": cosine},
            curve=("gradient cosine", [step for step, _ in read], [each for _, each in read]),
        )


def _are_words(course: Course) -> bool:
    """Whether inputs are ids of tokens or items, which an embedding looks up."""
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
