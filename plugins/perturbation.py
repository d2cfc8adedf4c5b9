"""Perturbation: what the score does when the image is changed, many times over."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import AfterValidator, BeforeValidator, Field

from vizframe.attribution.baseline import Baseline, baseline_of
from vizframe.attribution.expected import expected_gradients
from vizframe.attribution.method import COLUMNS, MethodResult, describe_empty
from vizframe.attribution.rise import rise
from vizframe.attribution.score_cam import score_cam
from vizframe.attribution.target import Target, target
from vizframe.plugin import Plugin, Scene
from vizframe.plugin.commas import each_once_of, items
from vizframe.plugin.control import draw_or_control
from vizframe.plugin.frame import Encoding, Frame, Picture
from vizframe.plugin.inputs import require_images

Method = Literal["rise", "score_cam", "expected"]


def _made(
    part: Method, title: str, help: str, *, signed: bool = False, encoding: Encoding = "uint8"
) -> Picture:
    error = "How far the pixels' sum is from the score less the mean score of the other images."
    return Picture(
        axes=("probe", "y", "x"),
        part=part,
        title=title,
        signed=signed,
        draw="map",
        encoding=encoding,
        over="probe",
        help=help,
        columns={**COLUMNS, "completeness_error": error} if part == "expected" else COLUMNS,
    )


class Perturbation(Plugin):
    """Which pixels of each probe image a class rests on, found by changing the image many times.

    RISE hides random parts and Score-CAM all but what a unit sees; both need forward passes alone,
    thousands of them. Expected gradients take every other image of the probe as the empty one.
    """

    name: ClassVar[str] = "perturbation"
    slow: ClassVar[bool] = True
    makes: ClassVar[tuple[Picture, ...]] = (
        _made("rise", "RISE", "The class's probability where the pixel is among what is shown."),
        _made(
            "score_cam",
            "Score-CAM",
            "Where the layer sees evidence, its units weighed by the score seen through each.",
        ),
        _made(
            "expected",
            "expected gradients",
            "What each pixel adds to the score on the way from the other images of the probe.",
            signed=True,
            encoding="float16",
        ),
    )

    methods: Annotated[
        tuple[Method, ...], BeforeValidator(items), AfterValidator(each_once_of(Method))
    ] = Field(
        ("rise", "expected"),
        description="Which methods; Score-CAM needs a pass for every unit of every layer of maps.",
    )
    target: int | str = Field(
        "predicted",
        description="Which class is explained: 'predicted', 'label', a class number or name.",
    )
    masks: int = Field(1000, ge=1, le=1_000_000, description="RISE: how many random masks.")
    cells: int = Field(7, ge=1, le=64, description="RISE: cells of a mask along each axis.")
    open_share: float = Field(0.5, gt=0, le=1, description="RISE: the share of cells that show.")
    baseline: Baseline = Field("black", description="RISE: what is shown where a mask hides.")
    units: int | None = Field(
        None, ge=1, description="Score-CAM: so many units of each image, the most active; or all."
    )
    samples: int = Field(64, ge=1, description="Expected gradients: pairs of image and place.")
    noise: float = Field(
        0.0,
        ge=0,
        le=1,
        description="Expected gradients: noise on the image, as share of its range.",
    )
    control: bool = Field(
        False, description="Explain the same net with its weights shuffled, as a control."
    )

    def visualize(self, scene: Scene) -> Iterator[Frame]:
        require_images("perturbation", scene)
        chosen = target(scene.network, scene.probe, self.target)

        def draw(seen: Scene) -> Iterator[Frame]:
            return self._frames(seen, chosen.seen_in(seen))

        yield from draw_or_control(scene, draw, self.makes, control=self.control)

    def _frames(self, scene: Scene, explained: Target) -> Iterator[Frame]:
        making: Mapping[Method, Callable[[Scene, Target], MethodResult]] = {
            "rise": self._rise,
            "expected": self._expected,
        }
        for method, make in making.items():
            if method in self.methods:
                result = make(scene, explained)
                yield result.frame(scene.network.score_layer, method, explained)
        for layer in scene.spatial_layers() if "score_cam" in self.methods else ():
            maps = scene.activations(layer)
            cam = score_cam(explained, maps, most=self.units, progress=scene.progress)
            notes = describe_empty(cam, "The layer sees no evidence for the class in")
            yield MethodResult(cam, notes=notes).frame(layer.name, "score_cam", explained)

    def _rise(self, scene: Scene, explained: Target) -> MethodResult:
        side = min(scene.network.input_shape[1:])
        found = rise(
            explained,
            baseline_of(scene.probe, self.baseline),
            masks=self.masks,
            cells=min(self.cells, side),
            open_share=self.open_share,
            seed=scene.seed,
            progress=scene.progress,
        )
        return MethodResult(found)

    def _expected(self, scene: Scene, explained: Target) -> MethodResult:
        found = expected_gradients(
            explained,
            samples=self.samples,
            seed=scene.seed,
            noise=self.noise,
            progress=scene.progress,
        )
        alone = ("The probe has one image, which is its own baseline",)
        pixels = found.values.sum(axis=1)
        return MethodResult(
            np.ascontiguousarray(pixels, np.float32),
            columns={"completeness_error": found.error},
            notes=alone if len(scene.probe) == 1 else (),
        )
