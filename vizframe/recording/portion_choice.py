"""The choice of a portion: what a plugin is tried on, and what the means then pay for.

Before its first recording a plugin's pictures are made of one unit of a few layers, or of one
image, on trial, which tells what all cost. Of what is too much, fewer units of each layer are
chosen first, then fewer layers, spread over the network and its kinds of layers.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from vizframe.network.layer import Layer
from vizframe.plugin import Frame, Plugin, Scene, ignore_progress
from vizframe.recording.portion import ALL, Portion
from vizframe.recording.work_clock import work_time

Clock = Callable[[], float]

Floats = npt.NDArray[np.float64]

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
    """

    seconds: float = math.inf
    bytes: float = math.inf

    @property
    def is_unlimited(self) -> bool:
        return math.isinf(self.seconds) and math.isinf(self.bytes)


def choose(plugin: Plugin, scene: Scene, means: Means, clock: Clock = work_time) -> Portion:
    """As much as the means pay for, spread over the layers.

    What the trial itself takes is counted. At least one unit of one layer, or one image, is chosen
    however little there is.
    """
    if means.is_unlimited or not scene.layers:
        return ALL
    if "units" in plugin.grows_with:
        return _choose_units(plugin, scene, means, clock)
    if "images" in plugin.grows_with:
        return _choose_images(plugin, scene, means, clock)
    return ALL


def _choose_images(plugin: Plugin, scene: Scene, means: Means, clock: Clock) -> Portion:
    started, count = clock(), len(scene.probe)
    one = Portion(images=1).of(scene)
    first = trial_cost(plugin, one, clock)
    left = means.seconds - first[0]
    if first[0] * count > SPARE * left and 2 * first[0] < left:
        first = trial_cost(plugin, one, clock)  # nothing is compiled this time
    left = _left(means, clock() - started), means.bytes
    wanted = min(float(have / max(need, 1e-9)) for have, need in zip(left, first, strict=True))
    return ALL if wanted >= count else Portion(images=max(1, int(wanted)))


def _choose_units(plugin: Plugin, scene: Scene, means: Means, clock: Clock) -> Portion:
    started = clock()
    each = cost_of_units(plugin, scene, clock, SAMPLED * means.seconds)
    left = _left(means, clock() - started)
    return affordable(scene.layers, each, Means(left, means.bytes))


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
    """The most units of every layer that the means pay for; where they do not pay for one of each,
    one unit of fewer layers: see `spread`.

    Args:
        each: the seconds and bytes of one unit, (2, layers).
    """
    has = np.array([layer.units for layer in layers])
    limits = np.array([means.seconds, means.bytes])

    def share(units: npt.NDArray[np.int64]) -> float:
        """The share of the means that so many units of each layer take."""
        if (limits <= 0).any():
            return math.inf
        return float(((each * np.minimum(has, units)).sum(axis=1) / limits).max())

    def all_of(units: int) -> npt.NDArray[np.int64]:
        return np.full(len(layers), units)

    if share(all_of(int(has.max()))) <= 1:
        return ALL
    low, high = 0, int(has.max())
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if share(all_of(middle)) <= 1 else (low, middle)
    if low:
        return Portion(units=low)
    kinds = [layer.kind for layer in layers]
    chosen = spread(kinds, each[0], lambda kept: share(kept.astype(np.int64)) <= 1)
    return Portion(units=1, layers=frozenset(layers[place].name for place in chosen))


def spread(
    kinds: Sequence[str], costs: Floats, is_paid: Callable[[npt.NDArray[np.bool_]], bool]
) -> list[int]:
    """As many places as are paid, evenly spread, the last among them, and one of each kind at
    least; where that is too much, the cheapest of as many kinds as are paid, one in any case.

    Args:
        kinds: what each place holds.
        costs: of each place.
        is_paid: says whether the places of a mask can be paid.
    """
    total = len(kinds)
    cheapest = {kind: place for place, kind in _by_cost(kinds, costs)}
    for count in range(total, 0, -1):
        even = set(np.linspace(total - 1, 0, count).round().astype(int).tolist())
        seen = {kinds[place] for place in even}
        even |= {place for kind, place in cheapest.items() if kind not in seen}
        if is_paid(_mask(even, total)):
            return sorted(even)
    chosen: list[int] = []
    for place in sorted(cheapest.values(), key=lambda at: float(costs[at])):
        if not chosen or is_paid(_mask([*chosen, place], total)):
            chosen.append(place)
    return chosen


def _by_cost(kinds: Sequence[str], costs: Floats) -> Iterator[tuple[int, str]]:
    """Place and kind, the most expensive first, and of equals the first."""
    for place in sorted(range(len(kinds)), key=lambda at: (-float(costs[at]), at)):
        yield place, kinds[place]


def _mask(places: Iterable[int], total: int) -> npt.NDArray[np.bool_]:
    kept = np.zeros(total, bool)
    kept[list(places)] = True
    return kept


def _unit_cost(plugin: Plugin, scene: Scene, layer: Layer, clock: Clock) -> Floats:
    """What each unit of the layer costs, and its share of what the layer does anyway: seconds and
    bytes, (2,)."""
    alone = Portion(units=ON_TRIAL, layers=frozenset((layer.name,)))
    return trial_cost(plugin, alone.of(scene), clock) / min(ON_TRIAL, layer.units)


def trial_cost(plugin: Plugin, scene: Scene, clock: Clock) -> Floats:
    """Seconds that a copy of the plugin takes, whose frames are thrown away, and their bytes."""
    started, size = clock(), 0
    for frame in plugin.model_copy(deep=True).visualize(replace(scene, progress=ignore_progress)):
        size += bytes_of(plugin, frame)
    return np.array([clock() - started, size])


def bytes_of(plugin: Plugin, frame: Frame) -> int:
    """What the frame's pictures take, as they are stored."""
    sizes = {picture.part: SIZES[picture.encoding] for picture in plugin.makes}
    return frame.values.size * sizes.get(frame.part, 4)
