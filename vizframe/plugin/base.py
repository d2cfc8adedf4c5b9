"""A plugin: one small class that, shown a network at one step, yields frames.

    class Loudness(Plugin):
        '''How strongly each unit answers to each probe image.'''

        name: ClassVar[str] = "loudness"
        makes: ClassVar = (Picture(axes=("probe", "unit"), draw="bar", help="Mean of the map."),)

        power: float = Field(1.0, gt=0, le=4, description="Exponent of the mean.")

        def visualize(self, scene: Scene) -> Iterator[Frame]:
            for layer in scene.spatial_layers():
                maps = scene.activations(layer)
                yield Frame(layer.name, (abs(maps) ** self.power).mean((2, 3)))

Parameters are pydantic fields, declared once: they become the command-line options, the config
file, the app's form and the error texts. The class docstring is the plugin's help everywhere.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import ClassVar, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from vizframe.errors import UsageError, nearest
from vizframe.network import FloatArray, Network
from vizframe.network.layer import Layer
from vizframe.network.probe import Probe
from vizframe.plugin.frame import Frame, Picture
from vizframe.plugin.refusal import refusal_sentences

Progress = Callable[[int, int, str], None]
"""Called with (done, total, what)."""


def ignore_progress(_done: int, _total: int, _what: str) -> None:
    """The progress report that nobody listens to."""


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """What a plugin is shown: the network at one step.

    Attributes:
        network: the model.
        layers: the layers to visualize, in forward order.
        probe: the fixed inputs.
        step: the training step.
        seed: the same at every step of a run, so that only the weights move between frames.
        progress: to be called by plugins that need many iterations.
        cache: shared by the plugins of one step, so that one forward pass serves all; see
            `activations`.
    """

    network: Network
    layers: tuple[Layer, ...]
    probe: Probe
    step: int = 0
    seed: int = 0
    progress: Progress = ignore_progress
    cache: dict[str, FloatArray] = field(default_factory=dict)

    def spatial_layers(self) -> tuple[Layer, ...]:
        """The layers to visualize whose units are maps."""
        return tuple(layer for layer in self.layers if layer.is_spatial)

    def activations(self, layer: Layer) -> FloatArray:
        """The layer's output for the whole probe, (probe, *layer.shape).

        The first call asks the network for all layers of the scene in one forward pass; later
        ones, also of other plugins at this step, are free.
        """
        if layer.name not in self.cache:
            wanted = dict.fromkeys([layer.name, *(each.name for each in self.layers)])
            missing = [name for name in wanted if name not in self.cache]
            self.cache.update(self.network.activations(self.probe.images, missing))
        return self.cache[layer.name]


class Plugin(BaseModel, ABC):
    """The base of every visualization: subclass it, or register any class that fits.

    A plugin object lives as long as the recording, so it may keep what it needs from one step to
    the next in pydantic private attributes.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    name: ClassVar[str]
    makes: ClassVar[tuple[Picture, ...]]
    version: ClassVar[int] = 1

    @abstractmethod
    def visualize(self, scene: Scene) -> Iterator[Frame]:
        """Yield the frames of this step, layer by layer."""

    @classmethod
    def configured(cls, options: Mapping[str, object]) -> Self:
        """The plugin with these parameters.

        Raises:
            UsageError: one sentence per parameter that is unknown or out of its limits.
        """
        try:
            return cls.model_validate(dict(options))
        except ValidationError as error:
            unknown = partial(_unknown, cls)
            found = refusal_sentences(error, unknown, f"{cls.name}: ")
            raise UsageError("; ".join(found)) from None


def _unknown(plugin: type[Plugin], name: str) -> str:
    known = ", ".join(map(repr, nearest(name, plugin.model_fields)))
    allowed = f"it can be {known}" if known else "the plugin has no parameters"
    return f"{plugin.name} has no parameter {name!r}; {allowed}"
