"""A plugin: one small class that, shown a network at one step, yields frames.

    class Loudness(Plugin):
        '''How strongly each unit responds to each probe image.'''

        makes: ClassVar = Picture(axes=("probe", "unit"), draw="bar", help="Mean of the map.")

        power: float = Field(1.0, gt=0, le=4, description="Exponent of the mean.")

        def visualize(self, scene: Scene) -> Iterator[Frame]:
            for layer in scene.spatial_layers():
                maps = scene.activations(layer)
                yield Frame(layer.name, (abs(maps) ** self.power).mean((2, 3)))

Parameters are pydantic fields, declared once: they become the command-line options, the config
file, the app's form and the error texts. The class docstring is the plugin's help everywhere.
"""

from __future__ import annotations

import math
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from vizframe.arrays import read_only
from vizframe.errors import NetworkError, UsageError, nearest
from vizframe.network import FloatArray, Network
from vizframe.network.in_room import bytes_of, first_in_room
from vizframe.network.layer import Layer
from vizframe.network.probe import Probe
from vizframe.network.tokens import TokenNetwork
from vizframe.plugin.frame import Frame, Picture
from vizframe.plugin.refusal import refusal_sentences

Progress = Callable[[int, int, str], None]
"""Called with (done, total, what)."""

Growth = Literal["units", "images"]
"""What a plugin's cost may grow with."""


LeftOut = Callable[[str, str], None]
"""Called with the name of a layer that cannot be asked, and the sentence that says why."""


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
        units: at most so many of each layer are to be shown, from the first; None for all. A
            plugin that says it grows with units keeps to it.
        is_control: whether the network is the control: see `vizframe.plugin.control`.
        cache: shared by the plugins of one step, so that one forward pass serves all; see
            `activations`.
        left_out: told of each layer that a plugin passes over, and why.
        room: bytes of activations to be held at once, where they are asked for layer by layer.
    """

    network: Network
    layers: tuple[Layer, ...]
    probe: Probe
    step: int = 0
    seed: int = 0
    progress: Progress = ignore_progress
    cache: dict[str, FloatArray] = field(default_factory=dict)
    is_control: bool = False
    left_out: LeftOut | None = None
    units: int | None = None
    room: float = math.inf

    @contextmanager
    def leave_out_refused(self, layer: Layer) -> Iterator[None]:
        """Inside, what the network refuses for this layer is noted, and the layer passed over, so
        that the others of the plugin are made. Where nobody takes notes, it is raised.

        Raises:
            NetworkError: the layer cannot be asked, and ``left_out`` is None.
        """
        try:
            yield
        except NetworkError as error:
            if self.left_out is None:
                raise
            self.left_out(layer.name, str(error))

    def spatial_layers(self) -> tuple[Layer, ...]:
        """The layers to visualize whose units are maps."""
        return tuple(layer for layer in self.layers if layer.is_spatial)

    def activations(self, layer: Layer) -> FloatArray:
        """The layer's output for the whole probe, (probe, *layer.shape).

        The first call asks the network for all layers of the scene in one forward pass; later
        ones, also of other plugins at this step, are free. Where there is no room for all of them,
        it asks for this layer and as many behind it as there is room for, and lets go of what it
        had. The array is shared, and so it is read-only: what changes it works on a copy.
        """
        if layer.name not in self.cache:
            wanted = [each.name for each in self._missing(layer)]
            for name, values in self.network.activations(self.probe.images, wanted).items():
                self.cache[name] = read_only(values)
            if isinstance(self.network, TokenNetwork):
                for name, values in self.network.tokens_beside().items():
                    self.cache[_BESIDE.format(name)] = read_only(values)
        return self.cache[layer.name]

    def tokens(self, layer: Layer) -> FloatArray | None:
        """What the layer gives beside its maps, at tokens that are no place of the image such as a
        class token: (probe, unit, tokens); None where it has none."""
        self.activations(layer)
        return self.cache.get(_BESIDE.format(layer.name))

    def _missing(self, layer: Layer) -> tuple[Layer, ...]:
        """What is to be asked for where this layer is, it first."""
        known = {each.name: each for each in (layer, *self.layers)}
        missing = [each for each in known.values() if each.name not in self.cache]
        held, images = sum(each.nbytes for each in self.cache.values()), len(self.probe)
        if held + sum(bytes_of(each, images) for each in missing) <= self.room:
            return tuple(missing)
        self.cache.clear()
        names = [each.name for each in self.layers]
        behind = self.layers[names.index(layer.name) + 1 :] if layer.name in names else ()
        return first_in_room((layer, *behind), images, self.room)


_BESIDE = "{} \0 beside"
"""Under which name the cache has a layer's tokens; no layer is called so."""


class Plugin(BaseModel, ABC):
    """The base of every visualization: subclass it, or let `vizframe.plugin.plugin` do so.

    A plugin object lives as long as the recording, so it may keep what it needs from one step to
    the next in pydantic private attributes.

    Attributes:
        name: what a user writes; left out, the class's own name: ``loud_units`` of ``LoudUnits``.
            A file's only plugin that names none goes by the file's.
        makes: the picture, or pictures, that it makes.
        version: grows when its pictures are no longer those of before.
        slow: whether its pictures take many passes through the network: a budget pays for such a
            plugin last.
        grows_with: what its cost grows with: ``units`` of the layers, where it keeps to
            `Scene.units`, or ``images`` of the probe. A budget that does not pay for all shows it
            fewer. It is then also run on trial, on a copy of itself.
        one_pass: whether one pass serves all its layers, so that a cluster leaves them together.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    name: ClassVar[str]
    makes: ClassVar[tuple[Picture, ...]]
    version: ClassVar[int] = 1
    slow: ClassVar[bool] = False
    one_pass: ClassVar[bool] = False
    grows_with: ClassVar[tuple[Growth, ...]] = ()
    has_own_name: ClassVar[bool] = False
    """Whether somebody gave it its name; else the class's or file's stands in."""

    @classmethod
    def __pydantic_init_subclass__(cls, **given: object) -> None:
        """One picture may stand alone, and a plugin that has no name is called as its class."""
        super().__pydantic_init_subclass__(**given)
        made = cls.__dict__.get("makes")
        if isinstance(made, Picture):
            cls.makes = (made,)
        if "name" in cls.__dict__:
            cls.has_own_name = True
        elif not cls.has_own_name:
            cls.name = snake_case(cls.__name__)

    @abstractmethod
    def visualize(self, scene: Scene) -> Iterator[Frame]:
        """Yield the frames of this step, layer by layer."""

    @property
    def looks_back(self) -> bool:
        """Whether its pictures of a step depend on earlier steps: all of them are then made in
        order, by one process. A plugin that keeps private attributes does, unless it says not."""
        return bool(type(self).__private_attributes__)

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


def snake_case(name: str) -> str:
    """A class's name as a user writes a plugin's.

    >>> snake_case("LoudUnits"), snake_case("LRP")
    ('loud_units', 'lrp')
    """
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def _unknown(plugin: type[Plugin], name: str) -> str:
    known = ", ".join(map(repr, nearest(name, plugin.model_fields)))
    allowed = f"it can be {known}" if known else "the plugin has no parameters"
    return f"{plugin.name} has no parameter {name!r}; {allowed}"
