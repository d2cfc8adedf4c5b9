"""Numbers that grow: scores at the start, updates, the loss, gradients that add up."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from vizframe.diagnosis.course import Course, Pulse, kernel_ratio
from vizframe.diagnosis.rule import Rule, Sign, listed


class GradientsAddUp(Rule):
    """Gradients of all steps so far in each update."""

    name = "gradients_add_up"
    symptom = "exploding"
    threshold = (
        "a parameter with grad_req 'add' whose gradient is not 0 when the next steps begin, and "
        "gradients of steps 3 to 6 that are 1.5 times those of the first"
    )
    reason = "the update of step t is made of t gradients: the rate is t times what was chosen"
    source = "PyTorch's forgotten zero_grad, the most frequent slip there; Gluon's grad_req='add'"

    def look(self, course: Course) -> Sign | None:
        pulses = [each for each in course.pulses if each.gradients]
        if not course.not_zeroed or len(pulses) < 5:
            return None
        norms = _totals(pulses)
        if pulses[0].step <= 3 and float(np.median(norms[2:6])) < 1.5 * norms[0]:
            return None  # set to zero between the forward and the backward pass
        return Sign(
            "alarm",
            1,
            "gradients of step 1 are still there when step 2 begins, and grad_req is 'add': each "
            "update sums all gradients so far (the threshold is 0)",
            "gradients are added up, and nobody sets them to zero",
            "net.collect_params().zero_grad() after each trainer.step(), or grad_req='write'",
            course.kernel_layers,
        )


class HugeScores(Rule):
    """An initialisation that makes the signal grow from layer to layer."""

    name = "huge_scores"
    symptom = "exploding"
    threshold = (
        "a loss of 20 times the naive one at step 0, and scores 100 times as spread as the first "
        "layer's outputs or the loss still 3 times the naive one 20 steps later"
    )
    reason = (
        "a right initialisation keeps the deviation from layer to layer (He et al. 2015): after 15 "
        "layers it is within 10 of what it was, and the first loss within 3 of the naive one"
    )
    source = (
        "SageMaker Debugger, PoorWeightInitialization (variance ratio 10); CS231n, sanity checks"
    )

    def look(self, course: Course) -> Sign | None:
        opening, naive = course.opening, course.naive
        readings = course.layer_readings()
        if opening is None or opening.loss is None or naive is None or not readings or naive <= 0:
            return None
        if opening.loss < 20 * naive or _takes_amounts(course):
            return None
        kernels = [name for name, each in readings[0].layers.items() if _has_kernel(each.kind)]
        if len(kernels) < 2:
            return None
        spreads = [readings[0].layers[name].deviation for name in kernels]
        growth = spreads[-1] / spreads[0] if spreads[0] > 0 else math.inf
        recent = course.recent
        still = course.step >= 20 and recent is not None and recent > 3 * naive
        if growth < 100 and not still:
            return None
        return Sign(
            "alarm",
            0,
            f"the loss is {opening.loss:.4g} at step 0, where saying always the same gives "
            f"{naive:.3g} (the threshold is 20 times that); the deviation grows from "
            f"{spreads[0]:.3g} in {kernels[0]} to {spreads[-1]:.3g} in {kernels[-1]} "
            f"({growth:.3g} times)",
            "weights that are too large for the number of inputs of their layer",
            f"an initialisation that knows the layer's width (Xavier, MSRAPrelu): its deviation "
            f"{growth ** (1 / max(1, len(kernels) - 1)):.2g} times smaller per layer",
            kernels,
            numbers={"loss": opening.loss, "naive": naive, "growth": growth},
        )


class HugeUpdates(Rule):
    """Updates as large as the weights, and a loss that they throw up."""

    name = "huge_updates"
    symptom = "exploding"
    threshold = (
        "an update / weight above 0.2 (median over kernels) among the first readings, a loss of 3 "
        "times the naive one since, and nothing learnt after 10 steps"
    )
    reason = (
        "healthy trainings have 1e-4 to 3e-2; 0.2 is twice the most that any published rule "
        "allows, and five of them replace the weights"
    )
    source = "Karpathy, CS231n (1e-3); TheDeepChecker (1e-4 … 1e-1)"
    patience = 2

    def look(self, course: Course) -> Sign | None:
        found = [(r.step, ratio) for r in course.readings if (ratio := kernel_ratio(r)) is not None]
        large = [(step, ratio) for step, ratio in found[:5] if ratio > 0.2]
        naive, losses = course.naive, course.losses()
        if not large or len(losses) < 10 or course.learns or course.is_falling:
            return None
        base = _size_at_first(course) if naive is None else naive
        if not np.nanmax(losses) > 3 * base:
            return None
        step, ratio = large[0]
        layers = course.kernel_layers
        return Sign(
            "alarm",
            step - 1,
            f"the update of step {step} is {ratio:.2g} times as large as the weights, median over "
            f"the kernels of {listed(layers)} (the threshold is 0.2; healthy is 0.0001 to 0.03), "
            f"and the loss rose to {np.nanmax(losses):.3g}, where saying always the same gives "
            f"{base:.3g}",
            "a learning rate that is too high",
            course.lower_rate,
            layers,
            numbers={"ratio": ratio},
            curve=("update / weight", [s for s, _ in found[-200:]], [r for _, r in found[-200:]]),
        )


class ExplodingLoss(Rule):
    """A loss far above that of who says always the same, and not falling."""

    name = "exploding_loss"
    symptom = "exploding"
    threshold = (
        "the median of 5 losses 3 times the naive one and twice the first ones, or gradients 100 "
        "times the first ones, while the loss is above the naive one"
    )
    reason = (
        "saying always the same is the worst that a net need be; a single bad batch does not last "
        "5 steps"
    )
    source = "AutoTrainer (gradient ratio 70); a batch scaled a thousandfold left a sound net well"

    def look(self, course: Course) -> Sign | None:
        losses, naive = course.losses(), course.naive
        if len(losses) < 10:
            return None
        newest, first = float(np.median(losses[-5:])), float(np.median(losses[:3]))
        worse = naive is not None and newest > 3 * naive
        rose = newest > 2 * first
        if naive is None:
            worse = rose = newest > 10 * _size_at_first(course)
        if worse and rose:
            return self._loss(course, newest, first, naive)
        grown = _growth(course)
        above = naive is not None and newest > naive
        if grown is not None and grown[0] > 100 and above:
            return self._gradients(course, *grown)
        return None

    def _loss(self, course: Course, newest: float, first: float, naive: float | None) -> Sign:
        base = first if naive is None else naive
        steps, losses = course.loss_steps, course.losses()
        since = next(
            s for s, each in zip(steps, losses, strict=True) if each > 2 * max(base, first)
        )
        against = "the first ones" if naive is None else "saying always the same gives"
        return Sign(
            "alarm",
            since,
            f"the loss is {newest:.4g} at step {course.step}, where {against} {base:.3g} (the "
            "threshold is 3 times that)",
            "updates that overshoot: a learning rate too high, or inputs too large",
            course.lower_rate,
            course.kernel_layers,
            numbers={"loss": newest, "naive": base},
            curve=("loss", list(steps[-200:]), losses[-200:].tolist()),
        )

    def _gradients(self, course: Course, growth: float, since: int) -> Sign:
        pulses = [each for each in course.pulses if each.gradients]
        return Sign(
            "alarm",
            since,
            f"gradients are {growth:.3g} times what they were in the first steps, at step "
            f"{course.step}, and nothing is learnt (the threshold is 100)",
            "gradients that grow from step to step",
            course.lower_rate + "; gradients clipped to norm 1",
            course.kernel_layers,
            numbers={"growth": growth},
            curve=(
                "gradient norm",
                [p.step for p in pulses],
                _totals(pulses),
            ),
        )


def _size_at_first(course: Course) -> float:
    """How far the first losses are from 0: three, or ten of a loss that has been on both sides of
    it, such as that of a policy gradient."""
    return float(np.abs(course.losses()[: 10 if course.goes_below_0 else 3]).max())


def _growth(course: Course) -> tuple[float, int] | None:
    """How many times the first ones the newest gradients are, and since when."""
    pulses = [each for each in course.pulses if each.gradients]
    if len(pulses) < 10 or pulses[0].step > 3:
        return None
    norms = _totals(pulses)
    first = float(np.median(norms[:3]))
    newest = float(np.median(norms[-5:]))
    if not first > 0:
        return None
    since = next((p.step for p, n in zip(pulses, norms, strict=True) if n > 10 * first), 0)
    return newest / first, since


def _totals(pulses: Sequence[Pulse]) -> list[float]:
    """The norm of the gradients together, pulse by pulse, of those that the newest one has."""
    names = pulses[-1].gradients
    return [
        math.sqrt(sum(n * n for name, n in each.gradients.items() if name in names))
        for each in pulses
    ]


def _has_kernel(kind: str) -> bool:
    return kind in ("convolution", "transposed convolution", "dense")


def _takes_amounts(course: Course) -> bool:
    return course.objective is not None and course.objective.takes == "amounts"
