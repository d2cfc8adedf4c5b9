"""Saliency: which pixels of each probe image the network's score rests on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import AfterValidator, BeforeValidator, Field

from vizframe.attribution.baseline import Baseline, baseline_of
from vizframe.attribution.cam import (
    Weigh,
    grad_cam,
    guided_grad_cam,
    hires_cam,
    layer_cam,
    xgrad_cam,
)
from vizframe.attribution.gradient import magnitude, smooth_gradient, times_input
from vizframe.attribution.integrated import mean_integrated_gradients
from vizframe.attribution.layer_cams import LayerCams, layer_cams
from vizframe.attribution.method import COLUMNS as SHARED_COLUMNS
from vizframe.attribution.method import MethodResult, describe_empty
from vizframe.attribution.occlusion import occlusion
from vizframe.attribution.rule_notes import rule_notes
from vizframe.attribution.target import Target, target
from vizframe.errors import NetworkError
from vizframe.images.channels import as_picture
from vizframe.network import FloatArray
from vizframe.plugin import Growth, Plugin, Progress, Scene
from vizframe.plugin.column import Column
from vizframe.plugin.commas import each_once_of, items
from vizframe.plugin.control import draw_or_control
from vizframe.plugin.frame import Frame, Picture
from vizframe.sequences.saliency import PICTURES_OF_SEQUENCES, saliency_frames
from vizframe.wording import count_noun, listed

Method = Literal[
    "gradient",
    "gradient_input",
    "guided",
    "smooth_gradient",
    "integrated",
    "occlusion",
    "grad_cam",
    "hires_cam",
    "layer_cam",
    "xgrad_cam",
    "guided_grad_cam",
]
CAMS: Mapping[str, Weigh] = {
    "grad_cam": grad_cam,
    "hires_cam": hires_cam,
    "layer_cam": layer_cam,
    "xgrad_cam": xgrad_cam,
    "guided_grad_cam": grad_cam,
}
"""The methods that explain by a layer's maps, and how each weighs them."""

GUIDED: frozenset[Method] = frozenset(("guided", "guided_grad_cam"))
"""The methods that need another ReLU rule, which a network without a graph does not have."""

NOTHING = "The score does not change with any pixel of"
"""What a map of zeros says."""

TOLERANCE = 0.01
"""How far the sum of integrated gradients may be from the score difference, relatively."""

MAP, COLOUR = ("probe", "y", "x"), ("probe", "y", "x", "channel")

COLUMNS: dict[str, str | Column] = {
    **SHARED_COLUMNS,
    "completeness_error": "How far the pixels' sum is from the score difference, relatively.",
}


def _made(
    part: Method,
    title: str,
    help: str,
    *,
    signed: bool,
    colour: bool = False,
    summed: bool = False,
) -> Picture:
    return Picture(
        axes=COLOUR if colour else MAP,
        part=part,
        title=title,
        signed=signed,
        draw="image" if colour else "map",
        # 256 levels lose a sum by percents, float16 by hundredths of a percent
        encoding="float16" if summed else "uint8",
        over="probe",
        help=help,
        columns=COLUMNS,
    )


class Saliency(Plugin):
    """Which pixels of each probe image the network's score rests on, by eleven methods.

    Each explains one class score before the softmax: that of the predicted class, of the true one,
    or of a class you name. The pixel methods belong to the layer of the scores; Grad-CAM and its
    relatives to every layer of maps that is visualized. Class and score stand beside each picture.
    Of texts and other sequences it is the tokens, or steps, that the likeliest score rests on.
    """

    name: ClassVar[str] = "saliency"
    grows_with: ClassVar[tuple[Growth, ...]] = ("images",)
    makes: ClassVar[tuple[Picture, ...]] = (
        _made(
            "gradient",
            "gradient",
            "How much the score changes with each pixel, whichever way.",
            signed=False,
        ),
        _made(
            "gradient_input",
            "gradient × input",
            "What each pixel, as it is, adds to the score at first order.",
            signed=True,
            summed=True,
        ),
        _made(
            "guided",
            "guided backpropagation",
            "The gradient through positive evidence alone, in the image's colours.",
            signed=True,
            colour=True,
        ),
        _made(
            "smooth_gradient",
            "SmoothGrad",
            "The mean gradient over noisy copies of the image, whichever way.",
            signed=False,
        ),
        _made(
            "integrated",
            "integrated gradients",
            "What each pixel adds to the score on the way from the baseline to the image.",
            signed=True,
            summed=True,
        ),
        _made(
            "occlusion",
            "occlusion",
            "What the score loses where a square covers the image.",
            signed=True,
        ),
        _made(
            "grad_cam",
            "Grad-CAM",
            "Where the layer sees evidence for the class.",
            signed=False,
        ),
        _made(
            "hires_cam",
            "HiResCAM",
            "Where the layer sees evidence for the class, each place weighed by itself.",
            signed=False,
        ),
        _made(
            "layer_cam",
            "LayerCAM",
            "Where the layer sees evidence for the class, counting only what speaks for it.",
            signed=False,
        ),
        _made(
            "xgrad_cam",
            "XGrad-CAM",
            "Where the layer sees evidence for the class, each unit weighed by where it is active.",
            signed=False,
        ),
        _made(
            "guided_grad_cam",
            "guided Grad-CAM",
            "Guided backpropagation, seen through Grad-CAM.",
            signed=True,
            colour=True,
        ),
        *PICTURES_OF_SEQUENCES,
    )

    methods: Annotated[
        tuple[Method, ...], BeforeValidator(items), AfterValidator(each_once_of(Method))
    ] = Field(
        ("gradient", "gradient_input", "guided", "grad_cam"),
        description="Which methods; those not in the default need many passes or repeat others.",
    )
    target: int | str = Field(
        "predicted",
        description="Which class is explained: 'predicted', 'label', a class number or name.",
    )
    samples: int = Field(25, ge=1, description="Noisy copies of each image for SmoothGrad.")
    noise: float = Field(
        0.15,
        ge=0,
        le=1,
        description="SmoothGrad's standard deviation, as share of the image's range.",
    )
    smooth: Literal["mean", "magnitude"] = Field(
        "mean",
        description="SmoothGrad: 'mean', the magnitude of the mean gradient; 'magnitude', the mean "
        "of its magnitudes, as others have it.",
    )
    steps: int = Field(
        256,
        ge=1,
        description="Integrated gradients: at most so many intervals, fewer where 1 % is reached.",
    )
    baseline: Annotated[
        tuple[Baseline, ...], BeforeValidator(items), AfterValidator(each_once_of(Baseline))
    ] = Field(
        ("black",),
        description="The empty image: where integrated gradients start, what covers in occlusion. "
        "Of several, the mean of what each gives.",
    )
    square: int | None = Field(
        None,
        ge=1,
        description="Occlusion: the square's side in pixels; null: a fifth of the image.",
    )
    stride: int | None = Field(
        None, ge=1, description="Occlusion: how far the square moves; null: half its side."
    )

    control: bool = Field(
        False, description="Explain the same net with its weights shuffled, as a control."
    )

    def visualize(self, scene: Scene) -> Iterator[Frame]:
        if len(scene.network.input_shape) != 3:
            yield from saliency_frames(scene)
            return
        chosen = target(scene.network, scene.probe, self.target)

        def draw(seen: Scene) -> Iterator[Frame]:
            shared = self._shared(seen, chosen.seen_in(seen))
            methods, notes = self._possible(shared)
            for frame in self._frames(seen, shared, methods):
                yield replace(frame, notes=(*notes, *frame.notes))

        yield from draw_or_control(scene, draw, self.makes, control=self.control)

    def _shared(self, scene: Scene, explained: Target) -> SharedGradients:
        cams: dict[str, Weigh] = {
            method: weigh for method, weigh in CAMS.items() if method in self.methods
        }
        layers = [layer.name for layer in scene.spatial_layers()] if cams else []
        return SharedGradients(explained, layers, cams, scene.progress)

    def _possible(self, shared: SharedGradients) -> tuple[tuple[Method, ...], tuple[str, ...]]:
        """The methods that the network can be asked for, and a note on those that it cannot."""
        if not GUIDED & set(self.methods):
            return self.methods, ()
        try:
            shared.guided  # noqa: B018  # asked for once, and kept
        except NetworkError as error:
            others = tuple(each for each in self.methods if each not in GUIDED)
            if not others:
                raise
            return others, (f"Guided backpropagation is left out: {error}",)
        return self.methods, ()

    def _frames(
        self, scene: Scene, shared: SharedGradients, methods: tuple[Method, ...]
    ) -> Iterator[Frame]:
        making: Mapping[Method, Callable[[Scene, SharedGradients], MethodResult]] = {
            "gradient": lambda _, given: _of_pixels(magnitude(given.plain)),
            "gradient_input": lambda _, given: _of_pixels(
                times_input(given.plain, given.target.images)
            ),
            "guided": lambda _, given: _of_pixels(as_picture(given.guided)),
            "smooth_gradient": self._smooth,
            "integrated": self._integrated,
            "occlusion": self._occlusion,
        }
        for method, make in making.items():
            if method in methods:
                made = make(scene, shared)
                if method in GUIDED:
                    made = replace(made, notes=(*rule_notes(scene.network), *made.notes))
                yield made.frame(scene.network.score_layer, method, shared.target)
        for layer in shared.layers:
            yield from self._cams(shared, layer, methods)

    def _smooth(self, scene: Scene, shared: SharedGradients) -> MethodResult:
        mean = smooth_gradient(
            shared.target,
            samples=self.samples,
            noise=self.noise,
            seed=scene.seed,
            magnitudes=self.smooth == "magnitude",
            progress=scene.progress,
        )
        return _of_pixels(magnitude(mean))

    def _integrated(self, scene: Scene, shared: SharedGradients) -> MethodResult:
        found = mean_integrated_gradients(
            shared.target,
            [baseline_of(scene.probe, name) for name in self.baseline],
            most=self.steps,
            least=min(8, self.steps),
            tolerance=TOLERANCE,
            progress=scene.progress,
        )
        short = np.flatnonzero(~(found.error <= TOLERANCE)).tolist()
        note = (
            f"After {count_noun(found.steps, 'step')} the pixels of {listed('image', short)} do "
            "not sum to the score difference within 1 %"
        )
        pixels = found.values.sum(axis=1)
        return MethodResult(
            pixels,
            columns={"completeness_error": found.error},
            notes=(*((note,) if short else ()), *describe_empty(pixels, NOTHING)),
        )

    def _occlusion(self, scene: Scene, shared: SharedGradients) -> MethodResult:
        side = min(scene.network.input_shape[1:])
        square = min(self.square or max(1, round(side / 5)), side)
        lost = [
            occlusion(
                shared.target,
                baseline_of(scene.probe, name),
                size=square,
                stride=min(self.stride or max(1, square // 2), square),
                progress=scene.progress,
            )
            for name in self.baseline
        ]
        return _of_pixels(np.mean(lost, axis=0, dtype=np.float64).astype(np.float32))

    def _cams(
        self, shared: SharedGradients, layer: str, methods: tuple[Method, ...]
    ) -> Iterator[Frame]:
        height, width = shared.target.images.shape[2:]
        for method in CAMS:
            if method in methods and (method, layer) in shared.cams.evidence:
                cam = shared.cams.at((height, width), method, layer)
                drawn = cam
                if method == "guided_grad_cam":
                    drawn = as_picture(guided_grad_cam(shared.guided, cam))
                rule = rule_notes(shared.target.network) if method in GUIDED else ()
                notes = describe_empty(cam, "The layer sees no evidence for the class in")
                yield MethodResult.of_any_size(drawn, (*rule, *notes)).frame(
                    layer, method, shared.target
                )


@dataclass(eq=False)
class SharedGradients:
    """The gradients that several methods share, asked for once, when first needed.

    Where maps of evidence are asked for, the passes that make them give the pixels' gradient, too.
    """

    target: Target
    layers: Sequence[str]
    weighing: Mapping[str, Weigh]
    progress: Progress

    @cached_property
    def plain(self) -> FloatArray:
        return self.cams.gradient if self.layers else self.target.gradient().gradient

    @cached_property
    def guided(self) -> FloatArray:
        return self.target.gradient(rule="guided", progress=self.progress).gradient

    @cached_property
    def cams(self) -> LayerCams:
        return layer_cams(self.target, self.layers, self.weighing, self.progress)


def _of_pixels(values: FloatArray) -> MethodResult:
    """A map of the pixels, which says where it is zero everywhere."""
    return MethodResult(values, notes=describe_empty(values, NOTHING))
