"""A plugin of one's own: vizframe record --plugins examples/contrast.py -- train.py"""

from collections.abc import Iterator
from typing import ClassVar

from vizframe import Field, Frame, Picture, Plugin, Scene


class Contrast(Plugin):
    """How much each unit's activation varies over the places of each probe image."""

    makes: ClassVar = (Picture(axes=("probe", "unit"), draw="bar", help="Spread of the map."),)

    power: float = Field(1.0, gt=0, le=4, description="Exponent of the spread.")

    def visualize(self, scene: Scene) -> Iterator[Frame]:
        for layer in scene.spatial_layers():
            maps = scene.activations(layer)
            yield Frame(layer.name, maps.std(axis=(2, 3)) ** self.power)
