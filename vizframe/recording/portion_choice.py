"""The choice of a portion: what a plugin is tried on, and what the means then pay for.

Before its first recording a plugin's pictures are made of one unit of a few layers, or of one
image, on trial, which tells what all cost. Of what is too much, fewer units of each layer are
chosen first. Where that leaves one, its layers are made one after the other, spread over the
network and its kinds of layers, until the time is over: what was made is the portion, however
much one layer differs from another.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain

import numpy as np
import numpy.typing as npt

from vizframe.history.aside import IN_MEMORY, Aside, is_plain
from vizframe.network.layer import Layer
from vizframe.plugin import Frame, Plugin, Scene, ignore_progress
from vizframe.recording.declare import frames_of
from vizframe.recording.portion import ALL, Portion
from vizframe.recording.work_clock import work_time

Clock = Callable[[], float]

Floats = npt.NDArray[np.float64]

Again = Callable[[], Frame]
"""Gives a frame that was made."""

_NOTHING = np.empty(0, np.float32)

SIZES = {"uint8": 1, "float16": 2, "float32": 4}
"""Bytes of a number, by its encoding."""

SAMPLES = 3
"""Layers whose units are tried; what the others cost lies between."""

ON_TRIAL = 1
"""Units of a layer that are tried: what the layer takes anyway is theirs, so that one of each is
paid where the forecast says so, and many are, too."""

SAMPLED = 0.5
"""The share of the time given beyond which no further layer is tried."""

AFTER_TRIAL = 0.4
"""The share of the time given that a portion may take, however long its trial took."""

SPARE = 0.8
"""The share of the time given that a portion is chosen for: a trial is short, and forecasts err."""


@dataclass(frozen=True, slots=True)
class Means:
    """What a plugin may take for one recording.

    Attributes:
        seconds: of time.
        bytes: of the run, as its pictures are stored.
        room: for the activations of a step, in bytes.
    """

    seconds: float = math.inf
    bytes: float = math.inf
    room: float = math.inf

    @property
    def is_unlimited(self) -> bool:
        return math.isinf(self.seconds) and math.isinf(self.bytes)


@dataclass(frozen=True, slots=True)
class Choice:
    """A portion, and, where choosing it has made its pictures already, these."""

    portion: Portion
    made: tuple[Again, ...] | None = None

    @property
    def frames(self) -> Iterator[Frame] | None:
        """The pictures, one after the other."""
        return None if self.made is None else (again() for again in self.made)


def choose(
    plugin: Plugin,
    scene: Scene,
    means: Means,
    clock: Clock = work_time,
    aside: Aside = IN_MEMORY,
) -> Choice:
    """As much as the means pay for, spread over the layers.

    What the trial itself takes is counted. At least one unit of one layer, or one image, is chosen
    however little there is.

    Args:
        aside: takes what the trial makes, which may be recorded.
    """
    if means.is_unlimited or not scene.layers:
        return Choice(ALL)
    if "units" in plugin.grows_with:
        return _choose_units(plugin, scene, means, clock, aside)
    if "images" in plugin.grows_with:
        return Choice(_choose_images(plugin, scene, means, clock))
    return Choice(ALL)


def _choose_images(plugin: Plugin, scene: Scene, means: Means, clock: Clock) -> Portion:
    started, count = clock(), len(scene.probe)
    one = Portion(images=1).of(scene)
    first = trial_cost(plugin, one, clock)
    left = means.seconds - first[0]
    if first[0] * count > SPARE * left and 2 * first[0] < left:
        first = trial_cost(plugin, one, clock)  # nothing is compiled this time
    have = _left(means, clock() - started), means.bytes, means.room
    need = *first, 4 * sum(math.prod(layer.shape) for layer in scene.layers)
    wanted = min(left / max(float(each), 1e-9) for left, each in zip(have, need, strict=True))
    return ALL if wanted >= count else Portion(images=max(1, int(wanted)))


def _choose_units(plugin: Plugin, scene: Scene, means: Means, clock: Clock, aside: Aside) -> Choice:
    started = clock()
    each = cost_of_units(plugin, scene, clock, SAMPLED * means.seconds)
    spent = clock() - started
    portion = affordable(scene.layers, each, Means(_left(means, spent), means.bytes))
    if portion.units != 1:
        return Choice(portion)
    seconds = max(SPARE * means.seconds - spent, AFTER_TRIAL * means.seconds)
    choice = _make(plugin, scene, Means(seconds, means.bytes), clock, aside)
    spent = clock() - started
    if choice.portion.layers is None and spent < SAMPLED * means.seconds:
        each = cost_of_units(plugin, scene, clock)  # nothing is compiled this time
        left = SPARE * (means.seconds - (clock() - started))
        portion = affordable(scene.layers, each, Means(left, means.bytes))
    return choice if portion.units == 1 else Choice(portion)


def _make(plugin: Plugin, scene: Scene, means: Means, clock: Clock, aside: Aside) -> Choice:
    """One unit of one layer after the other, while the next, as the mean of those before, is
    paid."""
    started, size, made = clock(), 0, dict[int, list[Again]]()
    limit = max(means.seconds, 1e-9)
    own = plugin.model_copy(deep=True)
    for place in spread_order([layer.kind for layer in scene.layers]):
        count = len(made)
        share = max((clock() - started) / limit, size / means.bytes) if count else 0.0
        if share * (count + 1) > count:
            break
        layers = frozenset((scene.layers[place].name,))
        alone = Portion(units=1, layers=layers).of(replace(scene, progress=ignore_progress))
        made[place] = []
        for frame in frames_of(own, alone):
            size += bytes_of(plugin, frame)
            made[place].append(_put_aside(frame, aside))
            del frame
    names = frozenset(scene.layers[place].name for place in made)
    portion = Portion(units=1, layers=None if len(made) == len(scene.layers) else names)
    # What a plugin remembers it did not see on a copy of itself.
    frames = chain.from_iterable(made[place] for place in sorted(made))
    return Choice(portion, None if plugin.looks_back else tuple(frames))


def _put_aside(frame: Frame, aside: Aside) -> Again:
    """What gives the frame again, as it was yielded."""
    if type(frame) is not Frame or not is_plain(frame.values):
        return lambda: frame
    values, bare = aside.array(frame.values), replace(frame, values=_NOTHING)
    return lambda: replace(bare, values=values())


def _left(means: Means, spent: float) -> float:
    """Seconds that a portion may take, after so many spent on trial. A trial compiles, which later
    recordings need not: it leaves a share in any case."""
    return max(SPARE * (means.seconds - spent), AFTER_TRIAL * means.seconds)


def cost_of_units(plugin: Plugin, scene: Scene, clock: Clock, seconds: float = math.inf) -> Floats:
    """The seconds and bytes of one unit of each layer, (2, layers): of a few layers on trial, and
    in between of those between. After so many seconds no further layer is tried."""
    scene.activations(scene.layers[0])  # of all layers: they are every plugin's
    count, started = len(scene.layers), clock()
    places = np.unique(np.linspace(0, count - 1, min(SAMPLES, count)).round().astype(int))
    tried: dict[int, Floats] = {}
    for at in map(int, (*places[:1], *places[:0:-1])):  # the cheapest, then the last
        if not tried or clock() - started < seconds:
            tried[at] = _unit_cost(plugin, scene, scene.layers[at], clock)
    known = sorted(tried)
    found = np.stack([tried[at] for at in known])
    return np.stack([np.interp(np.arange(count), known, found[:, of]) for of in (0, 1)])


def affordable(layers: Sequence[Layer], each: Floats, means: Means) -> Portion:
    """The most units of every layer that the means pay for, one at least.

    Args:
        each: the seconds and bytes of one unit, (2, layers).
    """
    has = np.array([layer.units for layer in layers])
    limits = np.array([means.seconds, means.bytes])

    def is_paid(units: int) -> bool:
        costs = (each * np.minimum(has, units)).sum(axis=1)
        return bool((costs <= limits).all())

    low, high = 1, int(has.max())
    if is_paid(high):
        return ALL
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if is_paid(middle) else (low, middle)
    return Portion(units=low)


def spread_order(kinds: Sequence[str]) -> Iterator[int]:
    """All places: the first of each kind, then always the one farthest from those before it.

    >>> list(spread_order(["convolution"] * 8 + ["dense"]))
    [0, 8, 4, 2, 6, 1, 3, 5, 7]
    """
    places = np.arange(len(kinds))
    distance = np.full(len(kinds), len(kinds))
    firsts = [kinds.index(kind) for kind in dict.fromkeys(kinds)]
    for count in range(len(kinds)):
        place = firsts[count] if count < len(firsts) else int(distance.argmax())
        distance = np.minimum(distance, abs(places - place))
        yield place


def _unit_cost(plugin: Plugin, scene: Scene, layer: Layer, clock: Clock) -> Floats:
    """What each unit of the layer costs, and its share of what the layer does anyway: seconds and
    bytes, (2,)."""
    alone = Portion(units=ON_TRIAL, layers=frozenset((layer.name,)))
    return trial_cost(plugin, alone.of(scene), clock) / min(ON_TRIAL, layer.units)


def trial_cost(plugin: Plugin, scene: Scene, clock: Clock) -> Floats:
    """Seconds that a copy of the plugin takes, whose frames are thrown away, and their bytes."""
    started, size = clock(), 0
    tried = replace(scene, progress=ignore_progress, left_out=_leave_out)
    for frame in frames_of(plugin.model_copy(deep=True), tried):
        size += bytes_of(plugin, frame)
    return np.array([clock() - started, size])


def _leave_out(_layer: str, _reason: str) -> None:
    """What cannot be asked is said of the recording, not of its trial."""


def bytes_of(plugin: Plugin, frame: Frame) -> int:
    """What the frame's pictures take, as they are stored."""
    sizes = {picture.part: SIZES[picture.encoding] for picture in plugin.makes}
    return frame.values.size * sizes.get(frame.part, 4)
