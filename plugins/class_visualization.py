"""Class visualization: for every class, the image that the network would score highest."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, ClassVar

from pydantic import BeforeValidator, Field

from vizframe.ascent.plugin import AscentPlugin, picture, preset_field
from vizframe.attribution.target import class_number
from vizframe.network import Place
from vizframe.plugin import Scene
from vizframe.plugin.commas import items
from vizframe.plugin.control import draw_or_control
from vizframe.plugin.frame import Frame, Picture


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
    classes: Annotated[tuple[int | str, ...], BeforeValidator(items)] = Field(
        (), description="Only these classes, by number or name; all if none is given."
    )

    def visualize(self, scene: Scene) -> Iterator[Frame]:
        network = scene.network
        layer = network.layer(network.score_layer)
        chosen = tuple(class_number(network, each, "class") for each in self.classes)
        # Of a network without a dense layer a score is a map, and its mean counts.
        place: Place = "mean" if layer.is_spatial else "centre"
        units = chosen or tuple(range(layer.units))

        def draw(seen: Scene) -> Iterator[Frame]:
            return self.frames(seen, [(self.question(seen, layer, place), units)])

        yield from draw_or_control(scene, draw, self.makes, control=self.control)
