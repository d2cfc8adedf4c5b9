"""Weights that do not move, are all alike, or shrink away."""

from __future__ import annotations

import math

from vizframe.diagnosis.course import Course, Reading
from vizframe.diagnosis.rule import Rule, Sign, listed


class Symmetry(Rule):
    """Units that all have the same weights: they learn the same, and count as one."""

    name = "symmetry"
    symptom = "symmetry"
    threshold = "all units of a trained layer with the same weights after 3 updates"
    reason = "a right start draws them at random; zeros in the last layer alone part at once"
    source = "SageMaker Debugger, PoorWeightInitialization ('breaks the symmetry'); Goodfellow 8.4"

    def look(self, course: Course) -> Sign | None:
        newest = course.newest
        if newest is None or course.step < 3 or newest.step < 3:
            return None
        alike = [
            name
            for name, each in newest.parameters.items()
            if each.alike and each.gradient is not None and each.layer and not each.bad
        ]
        if not alike or course.progress is None or course.learns:
            return None
        layers = list(dict.fromkeys(newest.parameters[name].layer for name in alike))
        zero = all(newest.parameters[name].weight == 0 for name in alike)
        word = "0" if zero else "the same"
        return Sign(
            "alarm",
            0,
            f"all units of {listed(layers)} have weights that are {word} at step {newest.step} "
            "(the threshold is one such layer)",
            "weights that start at a constant",
            "random weights: net.initialize(mx.init.Xavier())",
            layers,
        )


FADED = 1e-4
"""Of the largest gradient: what is below it is too little to move weights in float32."""


class LeftOut(Rule):
    """Weights that ask for a gradient, and that no optimiser was given."""

    name = "left_out"
    symptom = "frozen"
    threshold = (
        "a kernel that asks for a gradient and that no optimiser holds while others are held; an "
        "alarm while less than a third of what can be learnt is, after 200 steps"
    )
    reason = (
        "a gradient that is computed and never used is a slip, or fine-tuning that learns with "
        "what it has; known before the first update"
    )
    source = "SageMaker Debugger, UnchangedTensor; Humbatova et al. (ICSE 2020), 'missing layer'"

    def look(self, course: Course) -> Sign | None:
        newest = course.newest
        kernels = {} if newest is None else newest.parameters
        held = {n: each.held for n, each in kernels.items() if each.held is not None}
        out = [name for name, each in held.items() if not each]
        if not out or len(out) == len(held):
            return None
        layers = list(dict.fromkeys(kernels[name].layer or name for name in out))
        return Sign(
            "alarm" if _falls_short(course) else "note",
            0,
            f"{listed(layers)}: {len(out)} of {len(held)} kernels ask for a gradient at step 0 and "
            "no optimiser holds them, or at a rate times 0 (the threshold is 1)",
            "the trainer was given a part of the parameters",
            "gluon.Trainer(net.collect_params(), …), optimizer(net.parameters()); on purpose: "
            "grad_req='null', requires_grad=False",
            layers,
            numbers={"left_out": len(out), "held": len(held) - len(out)},
        )


def _falls_short(course: Course) -> bool:
    """Whether less than a third of what can be learnt is, after 200 steps."""
    progress = course.progress
    return course.step >= 200 and progress is not None and progress < 1 / 3


class Frozen(Rule):
    """Weights that get a gradient and never move."""

    name = "frozen"
    symptom = "frozen"
    threshold = (
        "kernels whose weights stay bit for bit the same from the start on while others move; an "
        "alarm while less than a third of what can be learnt is, after 200 steps"
    )
    reason = "frozen on purpose is grad_req='null', or a net that learns with what it has"
    source = "SageMaker Debugger, UnchangedTensor; DeepDiagnosis (5 epochs)"
    patience = 2

    def look(self, course: Course) -> Sign | None:
        readings = [each for each in course.readings if _has_updates(each)]
        if len(readings) < 3:
            return None
        kernels = [
            name
            for name, each in readings[-1].parameters.items()
            if each.kernel and each.trained and each.held is not False  # else see LeftOut
        ]
        still = [n for n in kernels if all(_is_still(each, n) for each in readings)]
        if not still or len(still) == len(kernels) or _starved(readings[-1], still):
            return None
        layers = list(dict.fromkeys(readings[-1].parameters[name].layer or name for name in still))
        return Sign(
            "alarm" if _falls_short(course) else "note",
            0,
            f"the weights of {listed(layers)} have not changed at all up to step {course.step}, "
            f"those of the other {len(kernels) - len(still)} kernels have (the threshold is no "
            f"change; {len(readings)} readings)",
            "the trainer was not given them, their rate is 0, or no gradient reaches them",
            "gluon.Trainer(net.collect_params(), …); on purpose: grad_req='null'",
            layers,
        )


class Collapse(Rule):
    """Weights that decay faster than they learn."""

    name = "collapse"
    symptom = "weight_decay"
    threshold = (
        "the norm of all kernels at a third of what it was or less, and still falling, while "
        "nothing is learnt"
    )
    reason = "weights may shrink; a net that has unlearnt its start and learns nothing is decayed"
    source = "measured on digits: decay .1 costs 38 points, 1 all of them, ratio .1"
    patience = 2

    def look(self, course: Course) -> Sign | None:
        if len(course.readings) < 4 or course.step < 20:
            return None
        progress = course.progress
        if progress is None or progress > 0.3 or course.is_falling:
            return None
        norms = [_norm(each) for each in course.readings]
        if not (norms[0] > 0 and norms[-1] <= norms[0] / 3) or norms[-1] > 1.01 * norms[-3]:
            return None
        halved = (r.step for r, n in zip(course.readings, norms, strict=True) if n < norms[0] / 2)
        since = next(halved, course.step)
        return Sign(
            "alarm",
            since,
            f"the weights' norm fell from {norms[0]:.3g} to {norms[-1]:.3g} at step {course.step} "
            "(the threshold is a third), and nothing is learnt",
            "weight decay that is stronger than the gradient",
            "a weight decay ten times lower: usual is 1e-5 to 1e-2",
            list(
                dict.fromkeys(p.layer for p in course.readings[-1].parameters.values() if p.kernel)
            ),
            numbers={"first": norms[0], "now": norms[-1]},
            curve=("weight norm", [r.step for r in course.readings[-200:]], norms[-200:]),
        )


def _norm(reading: Reading) -> float:
    found = [p.weight**2 for p in reading.parameters.values() if p.kernel and p.trained]
    return float(sum(found) ** 0.5)


def _has_updates(reading: Reading) -> bool:
    return any(each.update is not None for each in reading.parameters.values())


def _is_still(reading: Reading, name: str) -> bool:
    each = reading.parameters.get(name)
    return each is not None and each.update == 0 and not each.bad


def _starved(reading: Reading, still: list[str]) -> bool:
    """Whether the still ones get no gradient because units behind them are dead, or next to none
    because it fades on its way: other faults. What is cut off gets exactly none."""
    sizes = {
        name: (each.gradient or 0.0) / math.sqrt(max(1, each.size))
        for name, each in reading.parameters.items()
        if each.kernel and each.trained
    }
    most = max(sizes[name] for name in still)
    if most == 0:
        return any(each.silent_share >= 0.9 for each in reading.layers.values())
    return most < FADED * max(sizes.values())
