"""A portion: how much of what a plugin could show is recorded, the same at every step of a run.

    deconvolution of ResNet-50, for 4 s:   64 of up to 2,048 units of each of 54 layers
    saliency:                              5 of 16 probe images

A film strip needs the same units at every step, so the choice is made once, before a plugin's first
recording: its pictures are made of one unit, or one image, on trial, which tells what all cost. A
run that is resumed goes on with what it has.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from vizframe.history import Declaration
from vizframe.network import FloatArray
from vizframe.network.layer import Layer
from vizframe.plugin import Frame, Plugin, Scene, ignore_progress
from vizframe.plugin.frame import tile_axes
from vizframe.recording.work_clock import work_time

Clock = Callable[[], float]

Floats = npt.NDArray[np.float64]

Caches = dict[int, dict[str, FloatArray]]
"""Activations that the plugins of one step share, by the number of images that they are of."""

SIZES = {"uint8": 1, "float16": 2, "float32": 4}
"""Bytes of a number, by its encoding."""

SAMPLES = 3
"""Layers whose units are tried; what the others cost lies between."""

ON_TRIAL = 2
"""Units of a layer that are tried."""

AFTER_TRIAL = 0.4
"""The share of the time given that a portion may take, however long its trial took."""

SPARE = 0.8
"""The share of the time given that a portion is chosen for: a trial is short, and forecasts err."""


@dataclass(frozen=True, slots=True)
class Portion:
    """What a plugin is shown of a scene; None: all.

    Attributes:
        units: at most so many of each layer, from the first.
        images: at most so many of the probe, from the first.
        layers: their names.
    """

    units: int | None = None
    images: int | None = None
    layers: frozenset[str] | None = None

    def of(self, scene: Scene, caches: Caches | None = None) -> Scene:
        """The scene cut down to it; those of as many images share their activations."""
        if self.layers is not None:
            kept = tuple(layer for layer in scene.layers if layer.name in self.layers)
            scene = replace(scene, layers=kept)
        if self.units is not None:
            scene = replace(scene, units=self.units)
        if self.images is not None and self.images < len(scene.probe):
            probe, count = scene.probe, self.images
            labels = None if probe.labels is None else probe.labels[:count]
            probe = replace(
                probe,
                images=probe.images[:count],
                labels=labels,
                names=probe.names[:count],
                tokens=probe.tokens[:count],
            )
            cache = {} if caches is None else caches.setdefault(count, {})
            scene = replace(scene, probe=probe, cache=cache)
        return scene

    def describe(self, scene: Scene) -> str:
        """What of the scene it leaves out, such as ``64 of 2,048 units, 9 of 54 layers``; empty
        where that is nothing."""
        parts = []
        most = max((layer.units for layer in scene.layers), default=0)
        if self.units is not None and self.units < most:
            parts.append(f"{self.units:,} of up to {most:,} units")
        if self.images is not None and self.images < len(scene.probe):
            parts.append(f"{self.images} of {len(scene.probe)} probe images")
        if self.layers is not None and len(self.layers) < len(scene.layers):
            parts.append(f"{len(self.layers)} of {len(scene.layers)} layers")
        return ", ".join(parts)

    def note(self, frame: Frame, layer: Layer, axes: Sequence[str], images: int) -> Frame:
        """The frame with a sentence on the units or images that it leaves out of the layer."""
        counts = dict(zip(tile_axes(tuple(axes)), frame.values.shape, strict=False))
        said = []
        if self.units is not None and counts.get("unit") == self.units < layer.units:
            said.append(
                f"The first {self.units:,} of {layer.units:,} units; --units all for the rest"
            )
        if self.images is not None and counts.get("probe") == self.images < images:
            said.append(
                f"The first {self.images} of {images} probe images; --budget none for the rest"
            )
        return replace(frame, notes=(*frame.notes, *said)) if said else frame


ALL = Portion()


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


def portion_of(
    declarations: Iterable[Declaration], units: Mapping[str, int], images: int
) -> Portion:
    """What a run has of a plugin, given what it has declared of it; None of what it has all of.
    Only where it had one unit of each layer may there have been more layers.

    Args:
        units: of every layer of the network.
        images: of the probe.
    """
    few, seen, layers = [], [], set()
    for each in declarations:
        counts = dict(zip(each.tile_axes, each.tile_shape, strict=True))
        whole = units.get(each.key.layer, 0)
        few += [counts["unit"]] if counts.get("unit", whole) < whole else []
        seen += [counts["probe"]] if counts.get("probe", images) < images else []
        layers.add(each.key.layer)
    most = max(few, default=None)
    return Portion(most, max(seen, default=None), frozenset(layers) if most == 1 else None)


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
    if first[0] * count > SPARE * (means.seconds - first[0]):
        first = trial_cost(plugin, one, clock)  # nothing is compiled this time
    left = _left(means, clock() - started), means.bytes
    wanted = min(float(have / max(need, 1e-9)) for have, need in zip(left, first, strict=True))
    return ALL if wanted >= count else Portion(images=max(1, int(wanted)))


def _choose_units(plugin: Plugin, scene: Scene, means: Means, clock: Clock) -> Portion:
    started = clock()
    each = cost_of_units(plugin, scene, clock)
    left = _left(means, clock() - started)
    return affordable(scene.layers, each, Means(left, means.bytes))


def _left(means: Means, spent: float) -> float:
    """Seconds that a portion may take, after so many spent on trial. A trial compiles, which later
    recordings need not: it leaves a share in any case."""
    return max(SPARE * (means.seconds - spent), AFTER_TRIAL * means.seconds)


def cost_of_units(plugin: Plugin, scene: Scene, clock: Clock) -> Floats:
    """The seconds and bytes of one unit of each layer, (2, layers): of a few layers on trial, and
    in between of those between."""
    scene.activations(scene.layers[0])  # of all layers: they are every plugin's
    count = len(scene.layers)
    places = np.unique(np.linspace(0, count - 1, min(SAMPLES, count)).round().astype(int))
    tried = np.stack([_unit_cost(plugin, scene, scene.layers[at], clock) for at in places])
    return np.stack([np.interp(np.arange(count), places, tried[:, of]) for of in (0, 1)])


def affordable(layers: Sequence[Layer], each: Floats, means: Means) -> Portion:
    """The most units of every layer that the means pay for; where they do not pay for one of each,
    one unit of fewer layers, evenly spread, the last among them.

    Args:
        each: the seconds and bytes of one unit, (2, layers).
    """
    has = np.array([layer.units for layer in layers])
    limits = np.array([means.seconds, means.bytes])

    def share(units: int) -> float:
        """The share of the means that so many units take."""
        if (limits <= 0).any():
            return math.inf
        return float(((each * np.minimum(has, units)).sum(axis=1) / limits).max())

    if share(int(has.max())) <= 1:
        return ALL
    low, high = 0, int(has.max())
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if share(middle) <= 1 else (low, middle)
    if low:
        return Portion(units=low)
    count = max(1, int(len(layers) / share(1)))
    chosen = np.linspace(len(layers) - 1, 0, count).round().astype(int)
    return Portion(units=1, layers=frozenset(layers[place].name for place in chosen))


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
