"""Gradient ascent: for every unit of a layer, the image that excites it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator, Field

from vizframe.ascent.choice import units_of
from vizframe.ascent.gallery import Question
from vizframe.ascent.plugin import AscentPlugin, picture
from vizframe.network.layer import Layer
from vizframe.plugin import Scene
from vizframe.plugin.control import draw_or_control
from vizframe.plugin.frame import Frame, Picture


def _split(given: object) -> object:
    return given.replace(",", " ").split() if isinstance(given, str) else given


class GradientAscent(AscentPlugin):
    """For every unit, the image that excites it most, climbed to from noise.

    The noise is the same at every step, so that only the weights move between two frames. Where
    a unit sees less than the whole input, its picture is exactly what it sees. The numbers beside
    each picture say how far the climb came, whether it had converged, and whether the unit is
    alive at all. The units of the score layer are the classes.
    """

    name: ClassVar[str] = "gradient_ascent"
    makes: ClassVar[tuple[Picture, ...]] = (
        picture("what excites the unit", "The input that the unit responds most strongly to."),
    )

    place: Literal["centre", "mean"] = Field(
        "centre", description="Excite the unit at the centre of its map, or the mean of its map."
    )
    minimise: bool = Field(False, description="Find what the unit responds least to instead.")
    units: Annotated[tuple[str, ...], BeforeValidator(_split)] = Field(
        (),
        description="Only these, as 'layer:unit', 'layer:first-last' or 'layer:'; "
        "all units of the recorded layers if none is given.",
    )
    whole: bool = Field(
        False, description="Draw the whole input, also where the unit sees only a part of it."
    )
    size: int | None = Field(
        None, ge=8, le=2048, description="Side of the pictures in pixels, for nets that take any."
    )

    def visualize(self, scene: Scene) -> Iterator[Frame]:
        chosen = units_of(scene.layers, scene.network.layers, self.units)

        def draw(seen: Scene) -> Iterator[Frame]:
            return self.frames(seen, [(self._ask(seen, layer), units) for layer, units in chosen])

        yield from draw_or_control(scene, draw, self.makes, control=self.control)

    def _ask(self, scene: Scene, layer: Layer) -> Question:
        return replace(
            self.question(scene, layer, self.place),
            minimise=self.minimise,
            whole=self.whole,
            size=(self.size, self.size) if self.size else None,
        )
