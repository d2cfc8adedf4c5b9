"""The vitals of a training: numbers that tell whether it is well, read while it runs.

    before each update   the batch: inputs that are not finite, labels; the first one in full
    after each update    the loss, each gradient's norm                             a `Pulse`
    every ten updates    norms, updates, zeros of each parameter; the layers on the probe: `Reading`

What is not yet computed is not waited for where that can be: losses are kept as the framework's
arrays and read with the next reading. All of it is held to a share of the training's time.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

import numpy as np

from vizframe.diagnosis.course import (
    Course,
    LayerReading,
    Opening,
    Pulse,
    Reading,
)
from vizframe.network import FloatArray, Network, Rests
from vizframe.network.in_room import in_room
from vizframe.network.layer import Layer
from vizframe.network.parameter import ParameterView, parameter_views
from vizframe.recording.allowance import Allowance
from vizframe.recording.freed_memory import FreedMemory
from vizframe.recording.layer_vitals import (
    ENOUGH_IMAGES,
    as_trained,
    feeding,
    is_read,
    normalizes_batches,
    read_layer,
)
from vizframe.recording.parameter_vitals import (
    SAMPLE_VALUES,
    cosine_of,
    norm_of,
    read_parameter,
    without_zeroed,
)
from vizframe.recording.scaled_inputs import scaled_inputs
from vizframe.recording.work_clock import work_time

if TYPE_CHECKING:
    from vizframe.network.adapter import Batch

EARLY = (1, 2, 3, 5)
"""Updates after which a reading is made whatever the rhythm: what is wrong from the start shows."""

PROBE_IMAGES = 16
"""Of the probe that layers are looked at with: the share of silent units is within .01 of that on
1,400 images, as measured on digits."""

GRADIENT_VALUES = 1 << 12
"""Values of each kernel's gradient that are kept from one reading to the next, for their cosine:
of 4,096 the cosine of noise is within .05 of 0."""

LOOK_ROOM = 1 << 29
"""Bytes of activations that are looked at together where nobody says; of more layers, one group
after the other."""

PULSE_VALUES = 1 << 16
"""Values of a gradient that a pulse looks at: the first ones stand for all."""

LABEL_STEPS = 300
"""Steps whose labels are counted: then every tenth."""

FULL_PULSES = 20
"""Steps whose pulses are of all gradients: waiting for them at each step costs the overlap of one
step with the next, 10 % of a LeNet's time as measured."""

TIMES = (0.003, 0.004, 0.005)
"""Shares of the training's time for pulses, readings and looks at layers."""

CREDIT = 100.0
"""Seconds whose shares may be spent before they are earned: 1.2 % and 1.2 s are 2 % of a training
of two and a half minutes, less of a longer one."""

Number = Callable[[object], float]

Norms = Callable[[], dict[str, float]]
"""Gives the norms of gradients by parameter, for which it may have to wait."""


class Vitals:
    """Reads the vitals of one training, and fills its course with them.

    Args:
        network: that is trained.
        probe: inputs, (batch, …).
        number: reads a framework's array as a number.
        every: updates between readings.
        scale: gives what the optimiser multiplies gradients by, such as one over the batch's size.
        quietly: opens what keeps the training's state, around each reading. Not around a pulse,
            where nothing is drawn: on a LeNet it took longer than the pulse.
        part: of the usual time, see `TIMES`; 1 for all of it.
        room: bytes of activations that are looked at together.
    """

    def __init__(
        self,
        network: Network,
        probe: FloatArray,
        number: Number,
        *,
        every: int = 10,
        scale: Callable[[], float] = lambda: 1.0,
        quietly: Callable[[], AbstractContextManager[None]] = nullcontext,
        part: float = 1.0,
        room: float = LOOK_ROOM,
    ) -> None:
        self.course = Course()
        self.course.dropouts = [each.name for each in network.layers if each.kind == "dropout"]
        self._network, self._number, self._every = network, number, every
        self._scale, self._quietly = scale, quietly
        self._probe = probe[:PROBE_IMAGES]
        self._room, self._system = room, FreedMemory()
        self._views = parameter_views(network)
        self._layers = [layer for layer in network.layers if is_read(layer, network.layers)]
        read = [layer.name for layer in self._layers]
        norms = {each.name: each for each in self._layers if normalizes_batches(each)}
        self._normalized = {
            each.name: norms[each.inputs[0]]
            for each in self._layers
            if each.rectifies and each.inputs[:1] and each.inputs[0] in norms
        }
        named = {layer.name: layer for layer in network.layers}
        self._fed_by = {layer.name: feeding(layer, named) for layer in self._layers}
        scores = network.score_layer
        # A dense layer with a sigmoid gives its scores inside, and is read as a whole.
        self.course.score_layer = scores if scores in read or not read else read[-1]
        pulses, readings, looks = (part * each for each in TIMES)
        self._pulses = Allowance(pulses, CREDIT * pulses, cost=time.thread_time)
        self._readings = Allowance(readings, CREDIT * readings, cost=time.thread_time)
        self._looks = Allowance(looks, CREDIT * looks, cost=work_time)
        self._before: dict[str, Callable[[], FloatArray]] = {}
        self._waiting: list[tuple[int, object, Norms, int]] = []
        self._gradients: dict[str, FloatArray] = {}
        self._bad_inputs = 0
        self._batches = 0
        self.updates = 0
        self._last_batch: Batch | None = None
        self._first: Batch | None = None

    @property
    def seconds(self) -> float:
        """Seconds that all of it has taken so far."""
        return self._pulses.spent + self._readings.spent + self._looks.spent

    @property
    def wants_batch(self) -> bool:
        """Whether the batch of the coming update is one that may be looked at."""
        coming = self._batches + 1
        return coming <= LABEL_STEPS or not coming % 10

    def before_update(self, batch: Callable[[], Batch]) -> None:
        """The batch that the coming update learns from; it is copied only where it is looked at."""
        is_looked_at = self.wants_batch
        self._batches += 1
        if not is_looked_at:
            return
        if self._batches > 1 and not self._pulses.is_left:
            return
        with self._pulses.spend():
            seen = batch()
            self._last_batch = seen
            self._bad_inputs = int(seen.inputs.size - np.isfinite(seen.inputs).sum())
            if seen.targets is not None:
                self.course.labels.add(seen.targets)
            if self._batches == 1:
                self._first = seen
            self._fill_probe(seen.inputs)
            if seen.adds_up is not None:
                self.course.not_zeroed = seen.adds_up

    def _fill_probe(self, inputs: FloatArray) -> None:
        """With what the training is given, where the probe is too small to tell silent units."""
        missing = ENOUGH_IMAGES - len(self._probe)
        if missing > 0 and inputs.shape[1:] == self._probe.shape[1:]:
            finite = inputs[np.isfinite(inputs.reshape(len(inputs), -1)).all(1)]
            self._probe = np.concatenate([self._probe, finite[:missing]])

    def after_update(self, step: int, scalars: Mapping[str, object], *, due: bool = False) -> bool:
        """Take the pulse of the update that was just made; whether a reading was made, too.

        Args:
            step: updates done, with this one.
            due: whether a reading is wanted in any case.
        """
        self.updates += 1
        number = self.updates
        norms: Norms = dict
        if self._pulses.is_left or due:
            with self._pulses.spend():
                norms = self._gradient_norms()
        self._waiting.append((step, scalars.get("loss"), norms, self._bad_inputs))
        self._bad_inputs = 0
        if self._first is not None:
            with self._quietly():
                self._open(scalars)
        made = due or ((number in EARLY or number % self._every == 0) and self._readings.is_left)
        if made:
            with self._quietly():
                self._read(step, scalars)
        coming = number + 1
        if coming in EARLY or coming % self._every == 0:
            with self._readings.spend():
                self._before = {view.name: view.first(SAMPLE_VALUES) for view in self._trained}
        return made

    def read_last(self, step: int) -> None:
        """The reading that a training ends with, unless it was made."""
        with self._quietly():
            self._settle()
            newest = self.course.newest
            if newest is None or newest.step != step or not newest.layers:
                self._before = {}
                self._read(step, {}, look=True)

    def judge(self) -> AbstractContextManager[None]:
        """Count the time inside, which rules take, with that of the readings that they look at."""
        return self._readings.spend()

    @property
    def _trained(self) -> Sequence[ParameterView]:
        return [view for view in self._views if view.is_trained]

    def _gradient_norms(self) -> Norms:
        """All gradients' norms in the first steps; then those of the first and the last kernel, for
        which nothing waits: between two readings they tell when a fault began."""
        trained = self._trained
        if self.updates > FULL_PULSES:
            kernels = [view for view in trained if view.is_kernel]
            ends = {view.name: view for view in (*kernels[:1], *kernels[-1:])}
            if all(view.square_of_gradient is not None for view in ends.values()):
                return _later(list(ends.values()))
            trained = list(ends.values())
        norms = {}
        for view in trained:
            gradient = view.gradient()
            if gradient is not None:
                norms[view.name] = _norm_of_first(gradient)
        return lambda: norms

    def _open(self, scalars: Mapping[str, object]) -> None:
        """The first batch in full, now that its loss is known."""
        first, self._first = self._first, None
        assert first is not None
        outputs = None if first.outputs is None else first.outputs()
        loss = self._told(scalars.get("loss"))
        known = None if loss is None or math.isnan(loss) else loss
        inputs = scaled_inputs(self._network, first.inputs)
        self.course.open(Opening(inputs, first.targets, outputs, known))

    def _told(self, value: object) -> float | None:
        """The scalar as a number; None where the script gave none, or no number."""
        if value is None:
            return None
        try:
            value = value() if callable(value) else value
            return float(value) if isinstance(value, (int, float)) else self._number(value)
        except Exception:  # the recording of scalars says so
            return None

    def _read(self, step: int, scalars: Mapping[str, object], *, look: bool = False) -> None:
        with self._readings.spend():
            self._settle()
            rate = self._told(scalars.get("learning_rate"))
            if rate is not None:
                self.course.rates[step] = rate
            scale = self._scale()
            parameters = {
                view.name: read_parameter(view, self._sample_before(view), scale)
                for view in self._views
            }
            self._before = {}
            cosine = self._cosine()
        layers: dict[str, LayerReading] = {}
        predicted = None
        if look or self._looks.is_left:
            with self._looks.spend(), np.errstate(all="ignore"):
                self._system.begin()
                # Beside a rectified normalization the one before it is looked at, too.
                room = self._room / 2 if self._normalized else self._room
                for group in in_room(self._layers, len(self._probe), room):
                    layers |= self._look(group)
                predicted = self._predicted_loss()
                if isinstance(self._network, Rests):
                    self._network.rest()
                self._system.give_back()
        if look:
            parameters = without_zeroed(parameters)
        self.course.read(Reading(step, parameters, layers, predicted, cosine))

    def _cosine(self) -> float | None:
        """The cosine between the kernels' gradients now and at the last reading."""
        before, self._gradients = self._gradients, {}
        for view in self._trained:
            gradient = view.gradient() if view.is_kernel else None
            if gradient is not None:
                self._gradients[view.name] = gradient.reshape(-1)[:GRADIENT_VALUES].copy()
        both = [(now, before[name]) for name, now in self._gradients.items() if name in before]
        return cosine_of(both)

    def _look(self, layers: Sequence[Layer]) -> dict[str, LayerReading]:
        """Read some of the layers; their activations are freed before others are read."""
        found = {}
        before_them = [
            self._normalized[each.name] for each in layers if each.name in self._normalized
        ]
        names = dict.fromkeys(each.name for each in (*layers, *before_them))
        given = self._network.activations(self._probe, list(names))
        for layer in layers:
            source = self._normalized.get(layer.name)
            before = None
            if source is not None:
                weights = self._network.weights(source.name)
                before = as_trained(source, given[source.name], weights)
            fed_by = self._fed_by[layer.name]
            found[layer.name] = read_layer(layer, given[layer.name], before, fed_by)
        return found

    def _sample_before(self, view: ParameterView) -> FloatArray | None:
        kept = self._before.get(view.name)
        return None if kept is None else kept()

    def _settle(self) -> None:
        """Read the losses that were kept without waiting for them."""
        for step, loss, norms, bad in self._waiting:
            known = self._told(loss)
            told = math.nan if known is None else known
            self.course.feel(Pulse(step, told, norms(), bad, known is not None))
        self._waiting.clear()

    def _predicted_loss(self) -> float | None:
        """The newest batch's loss as the network predicts: without dropout."""
        course, batch = self.course, self._last_batch
        if not course.has_dropout or course.objective is None or batch is None:
            return None
        if batch.targets is None:
            return None
        outputs = self._network.scores(batch.inputs).astype(np.float64)
        if course.objective.takes != "scores" or len(outputs) != len(batch.targets):
            return None
        return course.objective.factor * course.objective.value(
            outputs, batch.targets.astype(np.float64)
        )


def _later(views: Sequence[ParameterView]) -> Norms:
    """The norms of the gradients as they are now, computed without waiting."""
    asked = []
    for view in views:
        assert view.square_of_gradient is not None
        factor = math.prod(view.shape) / max(1, min(PULSE_VALUES, math.prod(view.shape)))
        square = view.square_of_gradient(PULSE_VALUES)
        if square is not None:
            asked.append((view.name, factor, square))
    return lambda: {name: _root(factor * square()) for name, factor, square in asked}


def _root(square: float) -> float:
    return math.sqrt(square) if square >= 0 else math.nan


def _norm_of_first(values: FloatArray) -> float:
    """The norm, estimated from the first values where there are many."""
    flat = values.reshape(-1)
    first = flat[:PULSE_VALUES]
    return norm_of(first) * math.sqrt(flat.size / max(1, first.size))
