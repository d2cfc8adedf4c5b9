"""Faithfulness: how much explanations of a class score are about the network, in numbers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated, ClassVar, get_args

import numpy as np
from pydantic import AfterValidator, BeforeValidator, Field

from vizframe.attribution.baseline import Baseline, baseline_of
from vizframe.attribution.explain import Explanation, explain
from vizframe.attribution.faithful import (
    area_under,
    infidelity,
    ink_of,
    points_at,
    reveal_curves,
    sensitivity,
)
from vizframe.attribution.method import COLUMNS
from vizframe.attribution.target import Target, target
from vizframe.errors import NetworkError, PluginError
from vizframe.network import FloatArray
from vizframe.network.cascade import CascadeNetwork
from vizframe.network.probe import Probe
from vizframe.plugin import Plugin, Scene
from vizframe.plugin.commas import each_once_of, items
from vizframe.plugin.control import rank_correlation
from vizframe.plugin.frame import Frame, Picture
from vizframe.plugin.inputs import require_images

NUMBERS = {
    "deletion": "The area under the class's probability while the most important pixels are "
    "covered first; low is faithful.",
    "insertion": "The area under it while they come back to a blurred image; high is faithful.",
    "infidelity": "The share of what random squares take from the score that the map does not "
    "tell; 0 is faithful.",
    "sensitivity": "How much the map changes, at most, with noise that hardly anybody sees.",
    "pointing": "Whether the most important pixel is on the ink: 1 or 0.",
}
"""The columns that are measured, beside class and score."""


def _made(part: Explanation) -> Picture:
    columns = {name: words for name, words in COLUMNS.items() if name != "likeness"}
    return Picture(
        axes=("probe", "y", "x"),
        part=part,
        title=f"faithfulness of {part.replace('_', ' ')}",
        draw="matrix",
        value_range=(0.0, 1.0),
        encoding="float16",
        help="The class's probability while the most important pixels are covered (upper row) and "
        "while they come back (lower row), from none to all of them.",
        columns={**columns, **NUMBERS},
    )


CASCADE = Picture(
    axes=("layer", "y", "x"),
    part="cascade",
    title="cascade of shuffled layers",
    signed=True,
    draw="matrix",
    value_range=(-1.0, 1.0),
    encoding="float16",
    help="How like the trained network's each explanation is (rank correlation, a row each), while "
    "ever more layers are shuffled, from the last one down (a column each).",
)


class Faithfulness(Plugin):
    """How faithful explanations of a class score are to the network, measured on the probe.

    The numbers stand beside each image, and their means over the probe become curves over the
    training: do explanations become faithful before the network becomes accurate, or after? What
    looks at no image at all (`random`) shows what the numbers are worth.
    """

    name: ClassVar[str] = "faithfulness"
    slow: ClassVar[bool] = True
    makes: ClassVar[tuple[Picture, ...]] = (*map(_made, get_args(Explanation)), CASCADE)

    methods: Annotated[
        tuple[Explanation, ...], BeforeValidator(items), AfterValidator(each_once_of(Explanation))
    ] = Field(
        ("gradient", "gradient_input", "integrated", "random"),
        description="Which explanations are measured; 'random' is what chance has.",
    )
    target: int | str = Field(
        "predicted",
        description="Which class is explained: 'predicted', 'label', a class number or name.",
    )
    points: int = Field(17, ge=2, le=1000, description="Points of the two curves.")
    squares: int = Field(32, ge=2, description="Random squares for infidelity.")
    samples: int = Field(4, ge=1, description="Noisy copies for sensitivity.")
    radius: float = Field(
        0.02,
        gt=0,
        le=1,
        description="Sensitivity: the noise's greatest size, as share of the range.",
    )
    baseline: Baseline = Field("black", description="What covers deleted pixels and squares.")
    cascade: bool = Field(
        False,
        description="Shuffle the layers from the last one down, and compare the explanations.",
    )

    def visualize(self, scene: Scene) -> Iterator[Frame]:
        require_images("faithfulness", scene)
        chosen = target(scene.network, scene.probe, self.target)
        maps: dict[Explanation, FloatArray] = {}
        refused: list[str] = []
        for number, method in enumerate(self.methods):
            scene.progress(number, len(self.methods), method)
            try:
                maps[method] = explain(method, chosen, scene.probe, scene.seed)
            except NetworkError as error:
                refused.append(f"Faithfulness of {method} is left out: {error}")
                continue
            yield replace(self._frame(scene, chosen, method, maps[method]), notes=tuple(refused))
        if not maps:
            raise PluginError(" ".join(refused))
        if self.cascade:
            yield self._cascade(scene, chosen, maps)
        scene.progress(len(self.methods), len(self.methods), "faithfulness")

    def _frame(self, scene: Scene, chosen: Target, method: Explanation, maps: FloatArray) -> Frame:
        probe = scene.probe
        cover = baseline_of(probe, self.baseline)
        deleted = reveal_curves(chosen, maps, probe.images, cover, self.points)
        inserted = reveal_curves(
            chosen, maps, baseline_of(probe, "blurred"), probe.images, self.points
        )
        numbers = {
            "deletion": area_under(deleted),
            "insertion": area_under(inserted),
            "infidelity": infidelity(chosen, maps, cover, squares=self.squares, seed=scene.seed),
            "sensitivity": self._sensitivity(scene, chosen, method, maps),
            "pointing": points_at(maps, ink_of(probe.normalization.to_picture(probe.images))),
        }
        return Frame(
            scene.network.score_layer,
            np.stack([deleted, inserted], axis=1),
            method,
            columns={
                "class": chosen.classes.astype(np.float32),
                "score": chosen.scores,
                **numbers,
            },
            scalars={
                f"{method} {name}": float(np.mean(values[np.isfinite(values)]))
                for name, values in numbers.items()
                if np.isfinite(values).any()
            },
        )

    def _sensitivity(
        self, scene: Scene, chosen: Target, method: Explanation, maps: FloatArray
    ) -> FloatArray:
        def again(images: FloatArray) -> FloatArray:
            probe = Probe(images, normalization=scene.probe.normalization, call=scene.probe.call)
            return explain(method, replace(chosen, images=images), probe, scene.seed)

        return sensitivity(
            chosen, maps, again, samples=self.samples, radius=self.radius, seed=scene.seed
        )

    def _cascade(self, scene: Scene, chosen: Target, maps: dict[Explanation, FloatArray]) -> Frame:
        network = scene.network
        if not isinstance(network, CascadeNetwork):
            raise PluginError(
                f"the network {network.name!r} cannot shuffle layer by layer; cascade can be false"
            )
        weighty = [layer.name for layer in network.layers if layer.has_kernel]
        rows = np.full((len(maps), len(weighty)), np.nan, np.float32)
        for column, layer in enumerate(reversed(weighty)):
            with network.randomized_from(layer, scene.seed) as shuffled:
                explained = chosen.by(shuffled)
                for row, (method, own) in enumerate(maps.items()):
                    other = explain(method, explained, scene.probe, scene.seed)
                    like = [rank_correlation(a, b) for a, b in zip(own, other, strict=True)]
                    known = [each for each in like if np.isfinite(each)]
                    rows[row, column] = np.mean(known) if known else 0.0
            scene.progress(column + 1, len(weighty), "cascade")
        names = ", ".join(reversed(weighty))
        return Frame(
            network.score_layer,
            rows[None],
            "cascade",
            notes=(f"Rows: {', '.join(maps)}", f"Columns, shuffled from here on: {names}"),
        )
