"""A portion: how much of what a plugin could show is recorded, the same at every step of a run.

    deconvolution of ResNet-50, for 4 s:   64 of up to 2,048 units of each of 54 layers
    saliency:                              5 of 16 probe images

A film strip needs the same units at every step, so the choice is made once, before a plugin's first
recording: see `vizframe.recording.portion_choice`. A run that is resumed goes on with what it has.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from vizframe.history import Declaration
from vizframe.network import FloatArray
from vizframe.network.layer import Layer
from vizframe.plugin import Frame, Scene
from vizframe.plugin.frame import tile_axes

Caches = dict[int, dict[str, FloatArray]]
"""Activations that the plugins of one step share, by the number of images that they are of."""


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
        """The scene cut down to the portion. Portions of equally many images share activations."""
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


def portion_of(
    declarations: Iterable[Declaration], units: Mapping[str, int], images: int
) -> Portion:
    """The portion of a plugin that a run has, by the declarations of its series. Layers were left
    out only where one unit of each of the others was recorded.

    Args:
        units: how many each layer of the network has, by name.
        images: how many the probe has.
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
