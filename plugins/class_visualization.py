"""Class visualization: for every class, the image that the network would score highest."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from pydantic import Field

from vizframe.ascent.plugin import AscentPlugin, picture, preset_field
from vizframe.errors import UsageError
from vizframe.frame import Frame, Picture
from vizframe.plugin import Scene


class ClassVisualization(AscentPlugin):
    """For every class, the image with the highest score before the softmax, less a penalty on its
    norm (Simonyan et al. 2013, equation 1).

    Scores before the softmax, because a probability also rises when the other classes fall.
    """

    name: ClassVar[str] = "class_visualization"
    makes: ClassVar[tuple[Picture, ...]] = (
        picture("what the class looks like", "The input that the network scores highest."),
    )

    preset: str = preset_field("clear")
    classes: tuple[int, ...] = Field(
        (), description="Only these classes, by number; all if none is given."
    )

    def visualize(self, scene: Scene) -> Iterator[Frame]:
        with self.network(scene) as network:
            layer = network.layer(network.score_layer)
            for each in self.classes:
                if not 0 <= each < layer.units:
                    raise UsageError(
                        f"the class is {each}; it can be 0 … {layer.units - 1}, "
                        "as the network has no more"
                    )
            question = self.question(network, scene, layer, "centre")
            units = self.classes or tuple(range(layer.units))
            yield from self.frames(network, scene, [(question, units)])
