"""What the plugins that climb share: the recipe as parameters, and a layer's units as a frame."""

from __future__ import annotations

from abc import ABC
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, ClassVar, Self

from pydantic import Field, PrivateAttr, field_validator, model_validator

from vizframe.ascent.best_size import at_best_size
from vizframe.ascent.climb import Report
from vizframe.ascent.gallery import Question, ascend
from vizframe.ascent.pixels import Ground, Pixels, channels, ground_of
from vizframe.ascent.presets import PRESETS, preset
from vizframe.ascent.recipe import Keep, Recipe
from vizframe.ascent.tiles import COLUMNS, columns, notes, pictures
from vizframe.errors import Inapplicable
from vizframe.network import FloatArray, Place
from vizframe.network.layer import Layer
from vizframe.plugin import Plugin, Scene
from vizframe.plugin.frame import Frame, Picture

Chosen = Sequence[tuple[Layer, tuple[int, ...]]]
"""Which units to draw, layer by layer."""

NUMBERS = (
    "iterations",
    "rate",
    "l2",
    "decay",
    "sparsity",
    "blur",
    "blur_every",
    "small_norm",
    "small_contribution",
    "keep",
)
"""The parameters that change single numbers of the preset, and what it keeps."""


def picture(title: str, help: str) -> Picture:
    """The declaration of pictures that were climbed to; grey ones leave the channel out."""
    return Picture(
        axes=("unit", "y", "x", "channel"),
        title=title,
        draw="image",
        value_range=(0.0, 1.0),
        help=help,
        columns=COLUMNS,
    )


def preset_field(default: str) -> Any:
    """The parameter that names the recipe; every name of it is known to forms and help."""
    return Field(
        default,
        description="The recipe to follow; the numbers below take the place of single ones of it.",
        json_schema_extra={"enum": list(PRESETS)},
    )


class AscentPlugin(Plugin, ABC):
    """A plugin that climbs for many units of some layers."""

    makes: ClassVar[tuple[Picture, ...]]
    slow: ClassVar[bool] = True

    preset: str = preset_field("quick")
    warm_start: bool = Field(
        False,
        description="Start from the previous step's pictures and end when they have converged.",
    )
    control: bool = Field(
        False, description="Draw the same net with its weights shuffled, as a control."
    )
    ground: Ground = Field(
        "auto",
        description="What pixels are counted from and fade to: an input of zero, the probe's "
        "median colour, mid-grey; auto: zero where it is neither black nor white, else the median.",
    )
    exact: bool = Field(
        False,
        description="Climb on all pixels that the unit sees, also where these are more than 128 "
        "on a side.",
    )
    iterations: int | None = Field(
        None, ge=1, le=100_000, description="Evaluations of the network."
    )
    rate: float | None = Field(
        None, gt=0, le=1e12, description="How far each step goes, in pixels of 0 to 255."
    )
    l2: float | None = Field(
        None, ge=0, le=1, description="Simonyan's penalty on the squared norm, in pixels."
    )
    decay: float | None = Field(
        None, ge=0, lt=1, description="Share by which every pixel shrinks per iteration."
    )
    sparsity: float | None = Field(
        None, ge=0, le=255, description="Pixels of 0 to 255 that every pixel loses per iteration."
    )
    blur: float | None = Field(
        None, ge=0, le=20, description="Width σ of the Gaussian blur in pixels; 0 for none."
    )
    blur_every: int | None = Field(
        None, ge=1, le=1000, description="Blur at every so many iterations."
    )
    small_norm: float | None = Field(
        None, ge=0, le=100, description="Percentile of norms under which pixels are zeroed."
    )
    small_contribution: float | None = Field(
        None,
        ge=0,
        le=100,
        description="Percentile of contributions to the activation under which pixels are zeroed.",
    )

    keep: Keep | None = Field(
        None,
        description="Which picture of the climb: 'last', or 'best' as Yosinski's released code.",
    )

    _earlier: dict[tuple[str, bool], FloatArray] = PrivateAttr(default_factory=dict)

    @property
    def looks_back(self) -> bool:
        return self.warm_start

    @field_validator("preset")
    @classmethod
    def _check_preset(cls, name: str) -> str:
        preset(name)
        return name

    @model_validator(mode="after")
    def _check_fit(self) -> Self:
        self.recipe()
        return self

    def recipe(self) -> Recipe:
        """The preset, with the numbers that were given in place of its own."""
        given = {name: getattr(self, name) for name in NUMBERS}
        return replace(
            preset(self.preset), **{name: each for name, each in given.items() if each is not None}
        )

    def question(self, scene: Scene, layer: Layer, place: Place) -> Question:
        """The question that is asked of the layer's units."""
        if len(scene.network.input_shape) != 3:
            between = "; between the numbers of two tokens there is nothing to climb through"
            raise Inapplicable(
                f"{self.name} climbs to pictures, but the network's input has shape "
                f"{scene.network.input_shape}; it can be (channels, y, x)"
                f"{between if scene.probe.tokens else ''}"
            )
        count = channels(scene.network)
        pixels = Pixels.of(scene.probe.normalization, count, ground_of(scene.probe, self.ground))
        return Question(layer, self.recipe(), pixels, place=place, seed=scene.seed)

    def frames(
        self, scene: Scene, questions: Sequence[tuple[Question, tuple[int, ...]]]
    ) -> Iterator[Frame]:
        """One frame per question, its progress counted in unit-iterations over all of them."""
        total = sum(len(units) * question.recipe.iterations for question, units in questions)
        done = 0
        for question, units in questions:
            with scene.leave_out_refused(question.layer):
                chosen = question if self.exact else at_best_size(scene.network, question)
                report = _report(scene, done, total, question.layer)
                yield self._frame(scene, chosen, units, report)
            done += len(units) * question.recipe.iterations

    def _frame(
        self, scene: Scene, question: Question, units: tuple[int, ...], report: Report
    ) -> Frame:
        kept = (question.layer.name, scene.is_control)
        earlier = self._earlier.get(kept)
        gallery = ascend(scene.network, question, units, earlier=earlier, report=report)
        if self.warm_start:
            self._earlier[kept] = gallery.outcome.values
        return Frame(
            question.layer.name,
            pictures(gallery, scene.probe.normalization),
            columns=columns(gallery, question),
            notes=tuple(notes(gallery, question)),
        )


def _report(scene: Scene, before: int, total: int, layer: Layer) -> Report:
    return lambda done: scene.progress(before + done, total, layer.name)
