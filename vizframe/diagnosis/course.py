"""The course of a training as far as it is known: what rules look at.

Opening   the first batch, its labels, what the network gave for it, the loss
Pulse     every step: the loss and each gradient's norm
Reading   every ten steps or so: norms, updates and zeros of each parameter, and what the layers
          gave for the probe
"""

from __future__ import annotations

import math
from array import array
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar, cast

import numpy as np
import numpy.typing as npt

from vizframe.diagnosis.labels import Labels
from vizframe.diagnosis.objective import Objective, recognise
from vizframe.network import FloatArray
from vizframe.network.kinds import Kind

T = TypeVar("T")

RING = 200
"""Steps of which the pulses are kept: the onset of what is noticed now lies among them."""

MOST_READINGS = 400
"""Readings that are kept; of more, every second of the older half is dropped."""


@dataclass(frozen=True, slots=True, eq=False)
class Opening:
    """What was seen of the first training step, before the update.

    Attributes:
        inputs: the batch.
        targets: what the loss compared with; None where it was not seen.
        outputs: what the network gave, in training mode; likewise.
        loss: the mean; None where it was not seen.
        rates: the update's learning rate, where known.
    """

    inputs: FloatArray
    targets: FloatArray | None = None
    outputs: FloatArray | None = None
    loss: float | None = None


@dataclass(frozen=True, slots=True)
class Pulse:
    """One step, cheaply.

    Attributes:
        step: updates done, with this one.
        loss: its mean; NaN where it was not seen, or is.
        gradients: the norm of each parameter's gradient, by name; of a large one estimated from
            its first values.
        bad_inputs: values of the batch that are NaN or ±inf.
        told: whether a loss was seen at all, so that NaN is what it was.
    """

    step: int
    loss: float
    gradients: Mapping[str, float]
    bad_inputs: int = 0
    told: bool = False


@dataclass(frozen=True, slots=True)
class ParameterReading:
    """One parameter at one step. Norms are Euclidean, over all of its values.

    Attributes:
        update: of the last step's change; None where that was not measured.
        zeros: share of values that are exactly 0.
        bad: how many values are NaN or ±inf.
        alike: whether all units have the same weights.
        held: whether an optimiser holds it; None where that is not known.
    """

    layer: str
    size: int
    kernel: bool
    trained: bool
    weight: float
    gradient: float | None
    update: float | None
    zeros: float
    bad: int
    alike: bool
    held: bool | None = None

    @property
    def ratio(self) -> float | None:
        """Update to weight; None where either is not there."""
        if self.update is None or not 0 < self.weight < math.inf:
            return None
        return self.update / self.weight


@dataclass(frozen=True, slots=True)
class LayerReading:
    """What a layer gave for the probe at one step.

    Attributes:
        kind: see `vizframe.network.kinds`.
        operator: in the framework's words.
        deviation: over all values.
        varying: how far the outputs of one unit differ between inputs: the mean over units of the
            standard deviation over the probe. What does not vary carries nothing.
        silent: units that gave 0 for every input, of a layer that cannot go below 0; else none.
        saturated: share of values within 1 % of a bound; None of a layer without bounds.
        bad: how many values are NaN or ±inf.
        fed_by: the layer before it whose weights make what it gives; "" where that is itself.
    """

    kind: Kind
    operator: str
    units: int
    mean: float
    deviation: float
    varying: float
    silent: tuple[int, ...] | None
    saturated: float | None
    bad: int
    fed_by: str = ""

    @property
    def silent_share(self) -> float:
        return len(self.silent) / self.units if self.silent is not None and self.units else 0.0


@dataclass(frozen=True, slots=True)
class Reading:
    """All that was read at one step. ``layers`` is empty where only the parameters were."""

    step: int
    parameters: Mapping[str, ParameterReading]
    layers: Mapping[str, LayerReading] = field(default_factory=dict)
    predicted_loss: float | None = None
    """The loss of the newest batch without dropout, where it could be computed."""
    cosine: float | None = None
    """Between the kernels' gradients of this reading and of the one before it, of a sample: near 1
    the gradient hardly changes from batch to batch, near 0 it is all noise."""


def kernel_ratio(reading: Reading) -> float | None:
    """The median of update to weight over the kernels that are trained."""
    found = [
        each.ratio
        for each in reading.parameters.values()
        if each.kernel and each.trained and each.ratio is not None
    ]
    return float(np.median(found)) if found else None


class Course:
    """What happened so far. `vizframe.recording.vitals` fills it."""

    def __init__(self) -> None:
        self.opening: Opening | None = None
        self.objective: Objective | None = None
        self.labels = Labels()
        self.pulses: deque[Pulse] = deque(maxlen=RING)
        self.readings: list[Reading] = []
        self.rates: dict[int, float] = {}
        self.numbers: dict[str, list[tuple[int, float]]] = {}
        self.not_zeroed = False
        self.several_nets = False
        self.dropouts: Sequence[str] = ()
        self.score_layer = ""
        self.step = 0
        self.ended = False
        self._steps: list[int] = []
        self._losses = array("d")
        self._kept: dict[str, tuple[object, object]] = {}

    def open(self, opening: Opening) -> None:
        """Keep the first batch, and find out what is minimised."""
        self.opening = opening
        if opening.targets is not None and opening.outputs is not None and opening.loss is not None:
            self.objective = recognise(opening.outputs, opening.targets, opening.loss)

    def feel(self, pulse: Pulse) -> None:
        self.step = pulse.step
        self.pulses.append(pulse)
        if not math.isnan(pulse.loss):
            self._steps.append(pulse.step)
            self._losses.append(pulse.loss)

    def read(self, reading: Reading) -> None:
        self.step = max(self.step, reading.step)
        self.readings.append(reading)
        if len(self.readings) > MOST_READINGS:
            half = len(self.readings) // 2
            self.readings = self.readings[:half:2] + self.readings[half:]

    def losses(self, most: int | None = None) -> npt.NDArray[np.float64]:
        """The losses of all steps, or of the newest ones, those that are NaN left out."""
        found = self._losses if most is None else self._losses[-most:]
        return np.array(found, np.float64)

    @property
    def loss_steps(self) -> Sequence[int]:
        """The steps of `losses`."""
        return self._steps

    @property
    def steps_seen(self) -> int:
        return len(self._steps)

    @property
    def has_dropout(self) -> bool:
        return bool(self.dropouts)

    @property
    def naive(self) -> float | None:
        """The loss of who always says the same, the best he can: see `Objective.naive`. None where
        it is not known what is minimised."""
        objective = self.objective
        if objective is None or not self.labels.seen:
            return None
        return self._once("naive", self.labels.seen, lambda: objective.naive(self.labels))

    def _once(self, name: str, state: object, make: Callable[[], T]) -> T:
        """What it makes, once for a state: a dozen rules ask for the same."""
        known = self._kept.get(name)
        if known is None or known[0] != state:
            known = self._kept[name] = state, make()
        return cast("T", known[1])

    @property
    def recent(self) -> float | None:
        """The loss of the newest steps: the median of a tenth of all, of 5 at least."""
        return self._once("recent", self.steps_seen, self._recent)

    def _recent(self) -> float | None:
        losses = self.losses(max(5, min(100, self.steps_seen // 10)))
        return float(np.median(losses)) if len(losses) else None

    @property
    def progress(self) -> float | None:
        """How much of the naive loss is learnt away: 0 nothing, 1 all of it; below 0 it is worse
        than saying always the same. Where the naive loss is not known, the first ones stand for it.
        """
        recent = self.recent
        base = self.naive
        if base is None and self.steps_seen >= 5 and not self.goes_below_0:
            base = float(np.median(self._losses[:5]))
        if recent is None or base is None or not math.isfinite(base) or base <= 0:
            return None
        return 1 - recent / base if math.isfinite(recent) else -math.inf

    @property
    def goes_below_0(self) -> bool:
        """Whether a loss was negative: then 0 is not its end, and no share of it is learnt."""
        return self._once("below", self.steps_seen, lambda: min(self._losses, default=0.0) < 0)

    @property
    def learns(self) -> bool:
        """Whether it has learnt a third of what can be learnt, or does so now: such a net is not
        sick, whatever its gradients look like."""
        progress = self.progress
        return progress is not None and progress > 1 / 3

    @property
    def is_falling(self) -> bool:
        """Whether the loss falls, be it slowly: its slope over the newest 300 steps, or all there
        are, is below 0 by two standard errors, and that of their newer half by as much as then is
        expected of it (a half knows a slope 2 ** 1.5 times less well). A net that only unlearnt
        its start, until it says always the same, falls in the older half alone."""
        return self._once("falling", self.steps_seen, self._is_falling)

    def _is_falling(self) -> bool:
        losses = self.losses(300)
        losses = losses[np.isfinite(losses)]
        if len(losses) < 20:
            return False
        newer = losses[len(losses) // 2 :]
        return _errors_of_slope(losses) < -2 and _errors_of_slope(newer) < -2 / 2**1.5

    @property
    def is_stuck(self) -> bool:
        """Whether, after 50 steps, less than a tenth of what can be learnt is, and the loss does
        not fall: what a rule must not say of a net that is on its way."""
        progress = self.progress
        return self.step >= 50 and progress is not None and progress < 0.1 and not self.is_falling

    @property
    def newest(self) -> Reading | None:
        return self.readings[-1] if self.readings else None

    @property
    def kernel_layers(self) -> list[str]:
        """The layers with a kernel that is trained, in forward order."""
        newest = self.newest
        if newest is None:
            return []
        found = [p.layer for p in newest.parameters.values() if p.kernel and p.trained and p.layer]
        return list(dict.fromkeys(found))

    def layer_readings(self) -> list[Reading]:
        """The readings that looked at the layers, too."""
        return [each for each in self.readings if each.layers]

    def ratio(self, most: int = 5) -> float | None:
        """The median of update to weight over the kernels that are trained, newest readings."""
        found = [
            each.ratio
            for reading in self.readings[-most:]
            for each in reading.parameters.values()
            if each.kernel and each.trained and each.ratio is not None
        ]
        return float(np.median(found)) if found else None

    @property
    def cosine(self) -> float | None:
        """The median cosine between gradients of successive readings, newest ones: the reading for
        batch size. Those of the first steps, which lie nearer to each other, count as well."""
        found = [r.cosine for r in self.readings[-20:] if r.cosine is not None]
        return float(np.median(found)) if found else None

    @property
    def rate(self) -> float | None:
        """The newest learning rate that was seen."""
        return self.rates[max(self.rates)] if self.rates else None

    @property
    def lower_rate(self) -> str:
        """What to try where updates are too large."""
        rate = self.rate
        if rate is None:
            return "a learning rate ten times lower"
        return f"a learning rate of {rate / 10:.2g} instead of {rate:g}"

    @property
    def hyper_numbers(self) -> dict[str, float]:
        """What tells of learning rate and batch size now, as far as it is known."""
        known = {
            "update_ratio": self.ratio(),
            "gradient_cosine": self.cosine,
            "learning_rate": self.rate,
        }
        return {name: each for name, each in known.items() if each is not None}

    @property
    def is_warming_up(self) -> bool:
        """Whether the learning rate is still rising: 10 % over the last readings."""
        rates = [self.rates[step] for step in sorted(self.rates)][-5:]
        return len(rates) > 1 and rates[-1] > 1.1 * rates[0]


def layer_ratios(reading: Reading) -> dict[str, float]:
    """Update to weight of each layer's kernel that is trained, of its largest where it has more."""
    found: dict[str, float] = {}
    for each in reading.parameters.values():
        if each.kernel and each.trained and each.layer and each.ratio is not None:
            found[each.layer] = max(each.ratio, found.get(each.layer, 0.0))
    return found


def _errors_of_slope(values: npt.NDArray[np.float64]) -> float:
    """The slope of a line through the values, in standard errors of it."""
    times = np.arange(len(values)) - (len(values) - 1) / 2
    slope = float((times * values).sum() / (times**2).sum())
    rest = values - values.mean() - slope * times
    error = math.sqrt(float((rest**2).mean() / (times**2).sum()))
    if error == 0:
        return math.copysign(math.inf, slope) if slope else 0.0
    return slope / error
