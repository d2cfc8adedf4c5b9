"""What the loss itself tells: not learning, swinging, underfit by dropout, overfit."""

from __future__ import annotations

import numpy as np

from vizframe.diagnosis.course import Course, kernel_ratio
from vizframe.diagnosis.rule import Rule, Sign, listed

USUAL_RATE = 0.01
"""From here on a rate is not what keeps weights from moving."""


class NotLearning(Rule):
    """A loss that stays at that of who says always the same."""

    name = "not_learning"
    symptom = "not_learning"
    threshold = (
        "less than 5 % of the naive loss learnt away after 200 steps, or at the end after 100; a "
        "rate that still rises, or a loss that falls with updates above 1e-5 of the weights, is "
        "waited for"
    )
    reason = (
        "a dead net's loss may fall 14 % to the entropy of the labels and stand: what counts is "
        "what is below that"
    )
    source = "TheDeepChecker (5 % per 5 checks); SageMaker's 0.1 % in 10 steps is always wrong"
    patience = 3

    def look(self, course: Course) -> Sign | None:
        progress, recent = course.progress, course.recent
        if progress is None or recent is None or course.several_nets or course.is_warming_up:
            return None
        enough = course.steps_seen >= (100 if course.ended else 200)
        if not enough or progress >= 0.05 or self._is_on_its_way(course):
            return None
        naive = course.naive
        base = f"saying always the same gives {naive:.3g}" if naive is not None else "it began so"
        if naive is None and self._is_unsure(course):
            return None
        cause, remedy = _too_slow(course)
        losses = course.losses()
        return Sign(
            "alarm",
            self._since(course),
            f"the loss is {recent:.4g} at step {course.step}, where {base}: {progress:.1%} of it "
            "is learnt away (the threshold is 5 %)",
            cause,
            remedy,
            course.kernel_layers,
            numbers={"loss": recent, "progress": progress},
            curve=("loss", list(course.loss_steps[-200:]), losses[-200:].tolist()),
        )

    def _since(self, course: Course) -> int:
        """The step at which it had last learnt a tenth, the mean of ten losses; 0 where never."""
        losses = course.losses()
        base = course.naive or _first(course)
        means = np.convolve(losses, np.full(10, 0.1), "valid")
        learnt = np.flatnonzero(means < 0.9 * base)
        return int(course.loss_steps[int(learnt[-1]) + 9]) if len(learnt) else 0

    def _is_on_its_way(self, course: Course) -> bool:
        """Whether the loss falls, and not only because even the smallest step is one."""
        ratio = course.ratio(20)
        return course.is_falling and (ratio is None or ratio > 1e-5)

    def _is_unsure(self, course: Course) -> bool:
        """Of a loss that nobody knows, only one that does not move because weights do not."""
        ratio = course.ratio()
        return ratio is None or ratio > 1e-5


def _too_slow(course: Course) -> tuple[str, str]:
    """The likely cause and remedy, by how far updates move the weights."""
    ratio, rate = course.ratio(), course.rate
    if ratio is not None and ratio < 1e-4:
        said = (
            f"updates of {ratio:.1e} times the weights (median over kernels; healthy is 1e-4 to "
            "3e-2)"
        )
        if rate is not None and rate >= USUAL_RATE:
            return (
                f"{said} at a rate of {rate:g}: no gradient arrives",
                "what the other findings say; where a layer is dead or saturated, start again from "
                f"weights before that, with {course.lower_rate}",
            )
        higher = "a learning rate a hundred times as high"
        if rate is not None and ratio > 0:
            higher = (
                f"a learning rate of {min(0.1, rate * 1e-3 / ratio):.1g} instead of {rate:g}, "
                "which makes updates of about 1e-3"
            )
        return f"{said}: the learning rate is too low, or no gradient arrives", higher
    if ratio is not None and ratio > 0.05:
        lower = "" if rate is None else f" of {rate / 30:.2g} instead of {rate:g}"
        return (
            f"updates of {ratio:.2g} times the weights: the learning rate is too high",
            f"a learning rate{lower}",
        )
    return (
        "labels that do not belong to their inputs, a loss of something else, or inputs that lost "
        "what tells them apart",
        "train on two batches only: a right net learns them by heart; look at inputs and labels",
    )


class Oscillating(Rule):
    """A loss that swings and does not fall."""

    name = "oscillating"
    symptom = "oscillating"
    threshold = (
        "after 60 steps: losses that spread over 3 % of the naive one (10th to 90th percentile) "
        "and do not fall, less than a tenth learnt, and updates above a tenth of the weights "
        "(median over the first readings, or the newest)"
    )
    reason = (
        "a small batch alone makes the loss swing, too, but around a curve that falls; updates of "
        "a tenth are three times the most that healthy trainings have"
    )
    source = "AutoTrainer, oscillating loss (swings of .03); TheDeepChecker (updates above 1e-1)"
    patience = 3

    def look(self, course: Course) -> Sign | None:
        progress, naive = course.progress, course.naive or _first(course)
        if progress is None or course.steps_seen < 60 or course.several_nets or not naive:
            return None
        losses = course.losses(200)
        low, high = np.percentile(losses[np.isfinite(losses)], [10, 90])
        swing = float(high - low) / naive
        ratio, since = _largest_ratio(course)
        if progress > 0.1 or swing < 0.03 or ratio < 0.1 or course.is_falling:
            return None
        return Sign(
            "alarm",
            since,
            f"the loss swings by {swing:.0%} of the naive one up to step {course.step} (the "
            f"threshold is 3 %) and does not fall; updates are {ratio:.2g} of the weights (the "
            "threshold is 0.1, healthy is up to 0.03)",
            "a learning rate that is too high: each step jumps over the valley",
            course.lower_rate,
            course.kernel_layers,
            numbers={"swing": swing, "ratio": ratio},
            curve=("loss", list(course.loss_steps[-200:]), course.losses(200).tolist()),
        )


def _largest_ratio(course: Course) -> tuple[float, int]:
    """The larger of the median update / weight over the first readings and over the newest, and
    since when it is so."""
    found = [(r.step, ratio) for r in course.readings if (ratio := kernel_ratio(r)) is not None]
    if not found:
        return 0.0, 0
    early = float(np.median([ratio for _, ratio in found[:3]]))
    late = float(np.median([ratio for _, ratio in found[-5:]]))
    if early >= late or len(found) <= 5:
        return early, found[0][0] - 1
    return late, found[-5][0]


def _first(course: Course) -> float:
    losses = course.losses()
    return float(np.median(losses[:5])) if len(losses) else 0.0


class Dropout(Rule):
    """Dropout that takes more than what is left can learn."""

    name = "dropout"
    symptom = "underfit"
    threshold = (
        "after 100 steps: less than a third learnt with dropout, and a loss without it that is "
        "below 0.8 of the one with it, in 3 readings"
    )
    reason = "with dropout of .5 the two differ by some hundredths of the naive loss once it learns"
    source = "UMLAUT (dropout above .5); Srivastava et al. 2014, 7.3"
    patience = 3

    def look(self, course: Course) -> Sign | None:
        progress, recent = course.progress, course.recent
        if not course.has_dropout or progress is None or recent is None or course.steps_seen < 100:
            return None
        found = [r.predicted_loss for r in course.readings if r.predicted_loss is not None][-5:]
        if len(found) < 3 or progress > 1 / 3:
            return None
        without = float(np.median(found))
        if without > 0.8 * recent:
            return None
        return Sign(
            "alarm",
            0,
            f"the loss is {recent:.3g} with dropout and {without:.3g} without it at step "
            f"{course.step} (the threshold is 0.8 of it), and {progress:.0%} is learnt",
            f"dropout in {listed(course.dropouts)} that leaves too few units to learn with",
            f"dropout of 0.5 or less in {listed(course.dropouts)}",
            course.dropouts,
            numbers={"with": recent, "without": without},
        )


class Overfit(Rule):
    """A held-out loss that rises while that of training falls."""

    name = "overfit"
    symptom = "overfit"
    threshold = "the held-out loss 20 % above its least, over 3 reports, while training's falls"
    reason = "reports differ by some per cent from one to the next; 20 % in three is no chance"
    source = "Prechelt, Early stopping (1998), generalisation loss"

    def look(self, course: Course) -> Sign | None:
        for name, reports in course.numbers.items():
            values = np.array([value for _, value in reports], np.float64)
            if len(values) < 5 or not np.isfinite(values).all() or values.min() <= 0:
                continue
            least = int(values.argmin())
            if least > len(values) - 4 or values[-3:].min() < 1.2 * values[least]:
                continue
            step = reports[least][0]
            return Sign(
                "alarm" if values[-1] > 1.5 * values[least] else "note",
                step,
                f"{name} rose from {values[least]:.3g} at step {step} to {values[-1]:.3g} at step "
                f"{reports[-1][0]} (the threshold is 20 % in 3 reports)",
                "the training examples are learnt by heart",
                f"stop at step {step}; more data, augmentation, weight decay or dropout",
                numbers={"least": values[least], "now": values[-1]},
                curve=(name, [s for s, _ in reports[-200:]], values[-200:].tolist()),
            )
        return None
