"""Relevance: the class score handed back to the pixels, layer by layer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from vizframe.arrays import even_size
from vizframe.attribution.batches import batches, part, room
from vizframe.attribution.method import COLUMNS, MethodResult, describe_empty
from vizframe.attribution.target import Target, target
from vizframe.errors import PluginError
from vizframe.network import FloatArray, Objective
from vizframe.network.probe import Normalization
from vizframe.network.relevance import COMPOSITES, RelevanceNetwork, RelevanceRules
from vizframe.plugin import Plugin, Scene
from vizframe.plugin.control import draw_or_control
from vizframe.plugin.frame import Frame, Picture
from vizframe.plugin.inputs import require_images

Composite = Literal["epsilon", "epsilon_plus", "epsilon_plus_flat", "epsilon_gamma_box"]

SHARE = 2
"""The graph has several results of each layer: it has room for so many times fewer images."""


class Relevance(Plugin):
    """Which pixels of each probe image a class score comes from, by layer-wise relevance
    propagation.

    Each layer hands back to those that it reads from what they contributed, so that the pixels'
    relevance sums to the score, less what the biases have. The composite says by which rule each
    kind of layer does so. Blue speaks for the class, red against it.
    """

    name: ClassVar[str] = "relevance"
    makes: ClassVar[tuple[Picture, ...]] = (
        Picture(
            axes=("probe", "y", "x"),
            title="relevance",
            signed=True,
            draw="map",
            encoding="float16",
            over="probe",
            help="What each pixel contributes to the class score, layer by layer.",
            columns={
                **COLUMNS,
                "kept": "Which share of the score the pixels' relevance sums to; the biases have "
                "the rest.",
            },
        ),
    )

    composite: Composite = Field(
        "epsilon_gamma_box",
        description="The rules: ε everywhere; or ε in dense layers and z⁺ or γ in convolutions, "
        "the first of which has a rule of its own for pixels.",
    )
    epsilon: float = Field(
        1e-6, gt=0, le=1, description="ε: absorbs what is weak, and keeps shares of nothing finite."
    )
    gamma: float = Field(
        0.25, ge=0, le=1000, description="γ: how much more weights count that speak for."
    )
    target: int | str = Field(
        "predicted",
        description="Which class is explained: 'predicted', 'label', a class number or name.",
    )
    control: bool = Field(
        False, description="Explain the same net with its weights shuffled, as a control."
    )

    def visualize(self, scene: Scene) -> Iterator[Frame]:
        require_images("relevance", scene)
        chosen = target(scene.network, scene.probe, self.target)

        def draw(seen: Scene) -> Iterator[Frame]:
            yield self._frame(seen, chosen.seen_in(seen))

        yield from draw_or_control(scene, draw, self.makes, control=self.control)

    def rules(self, normalization: Normalization, channels: int) -> RelevanceRules:
        """The composite with these parameters, the box being the pixels that there can be."""
        low, high = (
            normalization.to_inputs(np.full((channels, 1, 1), share, np.float32)).ravel()
            for share in (0.0, 1.0)
        )
        return replace(
            COMPOSITES[self.composite],
            epsilon=self.epsilon,
            gamma=self.gamma,
            low=tuple(map(float, low)),
            high=tuple(map(float, high)),
        )

    def _frame(self, scene: Scene, explained: Target) -> Frame:
        rules = self.rules(scene.probe.normalization, scene.network.input_shape[0])
        found = hand_back(explained, rules, scene)
        pixels = found.sum(axis=1, dtype=np.float64)
        total, score = pixels.sum(axis=(1, 2)), explained.scores.astype(np.float64)
        kept = np.divide(total, score, out=np.full_like(total, np.nan), where=score != 0)
        result = MethodResult(
            pixels.astype(np.float32),
            columns={"kept": kept.astype(np.float32)},
            notes=describe_empty(pixels, "No pixel contributes to the score of"),
        )
        return result.frame(scene.network.score_layer, "", explained)


def hand_back(explained: Target, rules: RelevanceRules, scene: Scene) -> FloatArray:
    """The relevance of every input, of the images' shape.

    Raises:
        PluginError: the network cannot hand relevance back.
    """
    network, images = explained.network, explained.images
    if not isinstance(network, RelevanceNetwork):
        raise PluginError(
            f"the network {network.name!r} cannot hand relevance back; "
            "it can be a Block or an exported symbol of MXNet, or a module of PyTorch"
        )
    objective = Objective(network.score_layer, explained.classes, "mean")
    size = even_size(len(images), max(1, room(network) // SHARE))
    found = []
    for chosen in batches(np.arange(len(images)), size):
        found.append(network.relevance(images[chosen], part(objective, chosen), rules).gradient)
        scene.progress(min(len(found) * size, len(images)), len(images), "relevance")
    return np.concatenate(found)[: len(images)]
