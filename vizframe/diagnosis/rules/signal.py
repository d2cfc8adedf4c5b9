"""Signal that is lost on its way: dead units, saturated activations, vanishing gradients."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

from vizframe.diagnosis.course import Course, LayerReading, Reading
from vizframe.diagnosis.rule import Rule, Sign, listed

KERNELS = ("convolution", "transposed convolution", "dense")


class DeadUnits(Rule):
    """Units that give 0 for every input: no gradient brings them back."""

    name = "dead_units"
    symptom = "dead_relu"
    threshold = (
        "a layer without any unit that responds to the probe while less than a third of what can "
        "be learnt is (in a net with batch normalization after 30 steps), or half of its units "
        "silent while nothing is learnt; a note from half on"
    )
    reason = (
        "a net was 97 % right with 72 % of a layer silent: that alone is a note; a layer that is "
        "all silent passes nothing on, and no gradient back"
    )
    source = "SageMaker Debugger, DeadRelu (50 % of a layer); AutoTrainer and DeepDiagnosis (70 %)"
    patience = 2

    def look(self, course: Course) -> Sign | None:
        readings = course.layer_readings()
        if not readings:
            return None
        newest = readings[-1]
        dead = {n: each for n, each in newest.layers.items() if each.silent_share >= 0.5}
        if not dead or any(each.bad for each in newest.parameters.values()):
            return None  # of NaN a ReLU of MXNet makes 0
        gone = [name for name, each in dead.items() if each.silent_share >= 0.9]
        first = next(iter(gone or dead))
        if _shrinks_before(readings[0], first):
            return None  # they are starved by the layers before them: see Vanishing
        each = newest.layers[first]
        assert each.silent is not None
        since = _since(readings, first, 0.9 if gone else 0.5)
        return Sign(
            "alarm" if course.is_stuck or _blocks(course, gone) else "note",
            since,
            f"{len(each.silent)} of {each.units} units of {first} are silent on all probe inputs "
            f"at step {newest.step} (the threshold is {'90' if gone else '50'} %)"
            + (f"; likewise in {listed(n for n in dead if n != first)}" if len(dead) > 1 else ""),
            *_cause(course, readings, first, since),
            with_feeding(newest, dead),
            {name: found.silent or () for name, found in dead.items()},
            {"share": each.silent_share},
            (
                f"silent share of {first}",
                [r.step for r in readings[-200:] if first in r.layers],
                [r.layers[first].silent_share for r in readings[-200:] if first in r.layers],
            ),
        )


def with_feeding(reading: Reading, names: Iterable[str]) -> list[str]:
    """The layers, and behind them those whose weights make what they give: of an activation that is
    a layer of its own the one with the kernel is as guilty."""
    found = list(names)
    return list(dict.fromkeys([*found, *filter(None, (reading.layers[n].fed_by for n in found))]))


def _shrinks_before(reading: Reading, layer: str) -> bool:
    """Whether the signal was a tenth already in the layers before this one, from the first on."""
    names = list(reading.layers)
    before = names[: names.index(layer)] if layer in names else []
    varying = [v.varying for n in before if (v := reading.layers[n]).kind in KERNELS]
    return len(varying) >= 2 and varying[-1] < 0.1 * varying[0]


def _blocks(course: Course, gone: list[str]) -> bool:
    """Whether a layer has no unit left at all, and nothing is learnt past it. A batch normalization
    anywhere in the net makes the probe's numbers others than the training's until its running
    statistics have arrived: 95 % of the way after 30 updates at the usual momentum of .9."""
    newest = course.layer_readings()[-1]
    settles = any(each.kind == "normalization" for each in newest.layers.values())
    if course.learns or (settles and newest.step < 30):
        return False
    return any(newest.layers[name].silent_share == 1 for name in gone)


def _since(readings: list[Reading], layer: str, share: float) -> int:
    """The first step of the streak that lasts until now; 0 where it was so from the start."""
    since = readings[-1].step
    for reading in reversed(readings):
        if layer not in reading.layers or reading.layers[layer].silent_share < share:
            return since
        since = reading.step
    return 0 if since <= readings[0].step else since


def _cause(course: Course, readings: list[Reading], layer: str, since: int) -> tuple[str, str]:
    """The likely cause, and what to try."""
    if readings[0].layers[layer].silent_share >= 0.5 and readings[0].step <= 2:
        return (
            "the layer starts so: biases below 0, or weights that are too small or too large",
            "biases that start at 0 and weights drawn for the layer's width (MSRAPrelu), or "
            "LeakyReLU in its place",
        )
    before = [(r.step, _kernel_ratio(r)) for r in course.readings if r.step <= max(since, 1)][-4:]
    step, ratio = max(((s, r) for s, r in before if r is not None), key=_second, default=(0, 0.0))
    return (
        f"an update of {ratio:.2g} times the weights at step {step} drove them below 0 (healthy is "
        "up to 0.03), or a batch that was far larger than the others",
        f"{course.lower_rate}, or LeakyReLU in its place",
    )


def _second(pair: tuple[int, float]) -> float:
    return pair[1]


def _kernel_ratio(reading: Reading) -> float | None:
    found = [p.ratio for p in reading.parameters.values() if p.kernel and p.ratio is not None]
    return max(found) if found else None


class Saturated(Rule):
    """Tanh and sigmoid units at their bounds, where the slope is next to nothing."""

    name = "saturated"
    symptom = "saturated"
    threshold = (
        "half of a hidden layer's outputs within 1 % of a bound, from the start, or later while "
        "nothing is learnt"
    )
    reason = "there the slope is under 2 % of its largest: most of the gradient ends in the layer"
    source = "SageMaker Debugger, SaturatedActivation (50 %); DeepDiagnosis (beyond ±5 in 50 %)"
    patience = 2

    def look(self, course: Course) -> Sign | None:
        readings = course.layer_readings()
        if not readings:
            return None
        newest, start = readings[-1], readings[0]
        hidden = {n: e for n, e in newest.layers.items() if n != course.score_layer}
        found = [n for n, each in hidden.items() if (each.saturated or 0) >= 0.5]
        bounded = [n for n, each in hidden.items() if each.saturated is not None]
        if not found or not bounded:
            return None
        at_start = [
            n for n in found if n in start.layers and (start.layers[n].saturated or 0) >= 0.5
        ]
        early = len(at_start) * 2 >= len(bounded)
        if not early and course.learns:
            return None
        first = max(found, key=lambda name: newest.layers[name].saturated or 0)
        share = newest.layers[first].saturated or 0
        steps = [r.step for r in readings[-200:] if first in r.layers]
        since = (
            0
            if early
            else next(r.step for r in readings if (r.layers[first].saturated or 0) >= 0.5)
        )
        return Sign(
            "alarm" if early or course.is_stuck else "note",
            since,
            f"{share:.0%} of the outputs of {first} are within 1 % of a bound at step "
            f"{newest.step} (the threshold is 50 %), as in {len(found)} of {len(bounded)} layers "
            "that have one",
            "weights that start too large"
            if early
            else "weights that grew too large: a learning rate too high",
            "an initialisation that knows the layer's width (Xavier)"
            if early
            else "a lower learning rate, or normalisation in front of the activation",
            with_feeding(newest, found),
            numbers={"share": share},
            curve=(
                f"saturated share of {first}",
                steps,
                [r.layers[first].saturated or 0.0 for r in readings[-200:] if first in r.layers],
            ),
        )


class Vanishing(Rule):
    """A gradient that does not reach the first layers, or a signal that does not reach the last."""

    name = "vanishing"
    symptom = "vanishing_gradient"
    threshold = (
        "nothing is learnt, and either the first kernel's gradient is a thousandth of the last "
        "one's and below 1e-4 per weight, or outputs vary a thousandth as much behind the last "
        "hidden layer as behind the first, or all gradients are below 1e-7 per weight"
    )
    reason = (
        "sound deep nets stay within 100 from first to last; ratios alone miss an initialisation "
        "so small that gradients are as tiny everywhere"
    )
    source = "AutoTrainer (ratio and size of 1e-3, 1e-4); SageMaker, DeepDiagnosis (1e-7)"
    patience = 3

    def look(self, course: Course) -> Sign | None:
        progress = course.progress
        if course.newest is None or course.step < 10:
            return None
        if progress is None or progress > 0.1 or course.is_falling:
            return None
        return self._gradients(course) or self._depth(course)

    def _gradients(self, course: Course) -> Sign | None:
        newest = course.newest
        assert newest is not None
        sizes = _gradient_sizes(newest)
        if len(sizes) < 2:
            return None
        names = list(sizes)
        first, last = sizes[names[0]], sizes[names[-1]]
        ratio = first / last if last > 0 else math.nan
        passed = ratio < 1e-3 and first < 1e-4
        tiny = max(sizes.values()) < 1e-7 and _falls_short(course)
        if not passed and not tiny:
            return None
        low = [n for n in names if sizes[n] < 1e-3 * last] if passed else names
        said = (
            f"{ratio:.1g} of that of {_layer(newest, names[-1])} (the threshold is 0.001)"
            if passed
            else "and no layer has more than 1e-7 (the threshold)"
        )
        since = _streak(
            course.readings, lambda reading: _is_low(reading, names[0], names[-1], tiny)
        )
        return Sign(
            "alarm",
            since,
            f"the gradient of {_layer(newest, names[0])} is {first:.1e} per weight at step "
            f"{newest.step}, {said}, and nothing is learnt",
            _why(course),
            "ReLU instead of sigmoid, fewer layers, normalisation or skips between them, or an "
            "initialisation that knows the layer's width",
            [_layer(newest, n) for n in low],
            numbers={"first": first, "ratio": ratio},
        )

    def _depth(self, course: Course) -> Sign | None:
        readings = course.layer_readings()
        if not readings:
            return None
        hidden = _hidden(readings[-1], course.score_layer)
        if len(hidden) < 2:
            return None
        names = list(hidden)
        first, last = hidden[names[0]].varying, hidden[names[-1]].varying
        dead = next((n for n, each in hidden.items() if each.silent_share >= 0.9), None)
        if not first > 0 or last > 1e-3 * first:
            return None
        if dead is not None and not _shrinks_before(readings[0], dead):
            return None
        since = _streak(readings, lambda reading: _shrinks(reading, names[0], names[-1]))
        return Sign(
            "alarm",
            since,
            f"outputs of {names[-1]} vary by {last:.1e} from input to input at step "
            f"{readings[-1].step}, those of {names[0]} by {first:.1e} (the threshold is a "
            "thousandth), and nothing is learnt: the input does not reach the scores",
            "weights that are too small, or too many layers that each shrink the signal",
            "an initialisation that knows the layer's width (Xavier, MSRAPrelu), fewer layers, or "
            "normalisation between them",
            names[1:],
            numbers={"ratio": last / first},
        )


def fades(course: Course) -> bool:
    """Whether what the last hidden layer gives starts to differ from input to input by less than a
    thousandth of what the first one gives."""
    readings = course.layer_readings()
    hidden = list(_hidden(readings[0], course.score_layer)) if readings else []
    return len(hidden) >= 2 and _shrinks(readings[0], hidden[0], hidden[-1])


def _gradient_sizes(reading: Reading) -> dict[str, float]:
    """Each trained kernel's gradient, root mean square over its weights, in forward order."""
    return {
        name: each.gradient / math.sqrt(max(1, each.size))
        for name, each in reading.parameters.items()
        if each.kernel and each.trained and each.layer and each.gradient is not None
    }


def _hidden(reading: Reading, scores: str) -> dict[str, LayerReading]:
    return {n: e for n, e in reading.layers.items() if e.kind in KERNELS and n != scores}


def _falls_short(course: Course) -> bool:
    """Whether there is something left to learn: tiny gradients at the goal are no fault."""
    progress = course.progress
    return progress is not None and progress < 0.1


def _is_low(reading: Reading, first: str, last: str, tiny: bool) -> bool:
    """Whether the first kernel's gradient is as little as the threshold says, or, where ``tiny``,
    all are."""
    sizes = _gradient_sizes(reading)
    if tiny:
        return not sizes or max(sizes.values()) < 1e-7
    return first in sizes and last in sizes and sizes[first] < 1e-3 * sizes[last]


def _shrinks(reading: Reading, first: str, last: str) -> bool:
    layers = reading.layers
    return (
        first in layers and last in layers and layers[last].varying < 1e-3 * layers[first].varying
    )


def _streak(readings: list[Reading], holds: Callable[[Reading], bool]) -> int:
    """The first step of those in a row up to now of which it holds; 0 where of all."""
    since = readings[-1].step
    for reading in reversed(readings):
        if not holds(reading):
            return since
        since = reading.step
    return 0


def _layer(reading: Reading, name: str) -> str:
    return reading.parameters[name].layer or name


def _why(course: Course) -> str:
    readings = course.layer_readings()
    kinds = " ".join(e.operator.lower() for e in readings[-1].layers.values()) if readings else ""
    if "sigmoid" in kinds:
        return "sigmoids in a row: each passes on a quarter of the gradient at most"
    if "tanh" in kinds:
        return "tanh layers in a row that saturate"
    return "weights that are too small for so many layers"
