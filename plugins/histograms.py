"""Histograms: how the weights, gradients, changes and activations of each layer are distributed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import numpy as np
import numpy.typing as npt
from pydantic import Field, PrivateAttr

from vizframe.network import FloatArray
from vizframe.network.layer import Layer
from vizframe.plugin import Plugin, Scene
from vizframe.plugin.frame import Frame, Picture

LEVELS = (np.arange(65) + 0.5) / 65
"""Shares of the values below each stored quantile: 0.8 % to 99.2 %, the median in the middle."""

COLUMNS = {
    "least": "The lowest value.",
    "largest": "The highest value.",
    "mean": "The mean.",
    "deviation": "The standard deviation.",
    "zeros": "The share of values that are exactly zero.",
    "not_finite": "The share of values that are NaN or infinite, which are left out of the others.",
}


def _picture(part: str, title: str, sentence: str) -> Picture:
    return Picture(
        axes=("layer", "quantile"),
        part=part,
        title=title,
        signed=True,
        draw="distribution",
        encoding="float16",
        help=sentence,
        zero_is_dead=False,
        columns=COLUMNS,
    )


class Histograms(Plugin):
    """How the values of a layer are distributed, at every recorded step.

    Each step keeps 65 quantiles of the values; the page draws them as bands over the steps, and
    as a histogram at the step that the slider stands on. They are those of a fixed sample, so that
    the cost does not grow with the layer.
    """

    name: ClassVar[str] = "histograms"
    makes: ClassVar[tuple[Picture, ...]] = (
        _picture("", "weights", "The values of the layer's weights, biases left out."),
        _picture(
            "gradients",
            "gradients",
            "The gradients of the weights that the last update was made with; of the whole batch, "
            "as the framework keeps them.",
        ),
        _picture(
            "changes",
            "changes",
            "How far each weight has moved since the recorded step before.",
        ),
        _picture("activations", "activations", "The layer's outputs on the probe."),
    )

    sample: int = Field(
        16384, ge=65, description="How many values are looked at; the same ones at every step."
    )

    _places: dict[tuple[int, int], npt.NDArray[np.int64]] = PrivateAttr(default_factory=dict)
    _last: dict[str, FloatArray] = PrivateAttr(default_factory=dict)

    @property
    def looks_back(self) -> bool:
        return True

    def visualize(self, scene: Scene) -> Iterator[Frame]:
        for layer in scene.layers:
            if layer.has_kernel:
                yield from self._of_weights(scene, layer)
            with scene.leave_out_refused(layer):
                outputs = self._sampled(scene.activations(layer), scene.seed)
                yield _frame(layer, outputs, "activations")

    def _of_weights(self, scene: Scene, layer: Layer) -> Iterator[Frame]:
        weights = self._sampled(scene.network.weights(layer.name)["weight"], scene.seed)
        yield _frame(layer, weights, "")
        gradients = scene.network.weight_gradients(layer.name)
        if "weight" in gradients:
            yield _frame(layer, self._sampled(gradients["weight"], scene.seed), "gradients")
        before = self._last.get(layer.name, weights)
        self._last[layer.name] = weights.copy()
        with np.errstate(invalid="ignore", over="ignore"):  # inf − inf, of a broken network
            moved = weights - before
        notes = ("The first recorded step: nothing has changed yet",) if before is weights else ()
        yield _frame(layer, moved, "changes", notes)

    def _sampled(self, values: FloatArray, seed: int) -> FloatArray:
        """At most ``sample`` of the values, at the same places whenever there are as many."""
        flat = np.asarray(values, np.float32).reshape(-1)
        if flat.size <= self.sample:
            return flat
        key = flat.size, seed
        if key not in self._places:
            chosen = np.random.default_rng(seed).choice(flat.size, self.sample, replace=False)
            self._places[key] = np.sort(chosen)
        found: FloatArray = flat[self._places[key]]
        return found


def _frame(layer: Layer, values: FloatArray, part: str, notes: tuple[str, ...] = ()) -> Frame:
    """The quantiles of the finite values, (1, 65), and the columns; NaN where none is finite."""
    finite = values[np.isfinite(values)].astype(np.float64)
    quantiles = np.quantile(finite, LEVELS) if finite.size else np.full(LEVELS.size, np.nan)
    numbers = {
        "least": finite.min() if finite.size else np.nan,
        "largest": finite.max() if finite.size else np.nan,
        "mean": finite.mean() if finite.size else np.nan,
        "deviation": finite.std() if finite.size else np.nan,
        "zeros": np.mean(values == 0) if values.size else np.nan,
        "not_finite": 1 - finite.size / values.size if values.size else np.nan,
    }
    columns = {name: np.array([number], np.float32) for name, number in numbers.items()}
    return Frame(layer.name, quantiles[None].astype(np.float32), part, columns=columns, notes=notes)
