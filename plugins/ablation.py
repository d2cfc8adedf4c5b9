"""Ablation: what the removal of each unit costs the loss and every class."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import numpy as np
import numpy.typing as npt
from pydantic import Field

from vizframe.errors import PluginError
from vizframe.network import FloatArray
from vizframe.network.layer import Layer
from vizframe.network.resumed import resume
from vizframe.network.unit_change import UnitChange, apply_changes
from vizframe.plugin import Growth, Plugin, Scene
from vizframe.plugin.column import Column
from vizframe.plugin.frame import Frame, Picture

MOST_CLASSES = 100
"""Of more classes a probe holds so few that a bar for each would say nothing."""


class Ablation(Plugin):
    """What the removal of each unit costs: how much the loss rises when the unit is off.

    Each unit's output is set to zero at every place, and the rest of the network computed on the
    probe: exact, not an estimate by gradients. The loss is the cross-entropy of the labels; where
    none are known, of the class that the whole network predicts. A unit whose removal costs nothing
    is one that the network can do without on these images, alone; two that stand in for each
    other cost nothing one by one.
    """

    name: ClassVar[str] = "ablation"
    slow: ClassVar[bool] = True
    grows_with: ClassVar[tuple[Growth, ...]] = ("units",)
    makes: ClassVar[tuple[Picture, ...]] = (
        Picture(
            axes=("unit",),
            title="loss without the unit",
            signed=True,
            draw="bar",
            encoding="float32",
            zero_is_dead=False,
            help="How much the mean loss over the probe rises when the unit is off; below zero: "
            "the network does better without it.",
            columns={
                "cost": Column("How much the loss rises without the unit.", role="strength"),
                "accuracy": "How much accuracy on the probe falls without it, in parts of one.",
                "turned": "The share of probe images that are given another class without it.",
            },
        ),
        Picture(
            axes=("unit", "class"),
            part="classes",
            title="class scores without the unit",
            signed=True,
            draw="bar",
            encoding="float32",
            zero_is_dead=False,
            help="How much the score of each class falls over the probe when the unit is off: what "
            "the unit does for that class; below zero: it speaks against it.",
            columns={
                "cost": Column(
                    "How much the loss over the probe's images of this class rises without it; "
                    "not a number where the probe has none.",
                    role="strength",
                ),
            },
        ),
    )

    batch: int = Field(
        64, ge=1, description="How many images are computed at once: several units share a pass."
    )
    units: int | None = Field(
        None, ge=1, description="How many units of each layer, from the first; all if null."
    )
    images: int | None = Field(
        None, ge=1, description="How many probe images, from the first; all if null."
    )

    def visualize(self, scene: Scene) -> Iterator[Frame]:
        images = scene.probe.images[: self.images]
        scores = scene.activations(scene.network.layer(scene.network.score_layer))[: self.images]
        if scores.ndim != 2:
            raise PluginError(
                f"ablation needs one score per class, but the network's scores have the shape "
                f"{scores.shape[1:]}; it can be (classes,)"
            )
        labels = scene.probe.labels
        truth = scores.argmax(axis=1) if labels is None else np.asarray(labels)[: self.images]
        if truth.min() < 0 or truth.max() >= scores.shape[1]:
            raise PluginError(
                f"the probe's labels go from {truth.min()} to {truth.max()}; for this network they "
                f"can be 0 to {scores.shape[1] - 1}"
            )
        for number, layer in enumerate(scene.layers):
            scene.progress(number, len(scene.layers), layer.name)
            with scene.leave_out_refused(layer):
                without = self._without(scene, layer, images)
                yield from _frames(layer, scores, without, truth)
        scene.progress(len(scene.layers), len(scene.layers), "ablation")

    def _without(self, scene: Scene, layer: Layer, images: FloatArray) -> FloatArray:
        """The scores without each unit, (unit, image, class)."""
        limits = [each for each in (self.units, scene.units, layer.units) if each is not None]
        outputs = scene.activations(layer)[: len(images)]
        return scores_without(scene, layer, images, outputs, min(limits), self.batch)


def scores_without(
    scene: Scene, layer: Layer, images: FloatArray, outputs: FloatArray, units: int, batch: int
) -> FloatArray:
    """The network's scores with the first units of the layer off, one at a time: (unit, image,
    class)."""
    name, found = scene.network.score_layer, []
    together = max(1, batch // len(images))
    for first in range(0, units, together):
        chosen = range(first, min(first + together, units))
        given = [apply_changes(layer, outputs, [UnitChange(layer.name, each)]) for each in chosen]
        repeated = np.concatenate([images] * len(chosen))
        made = resume(scene.network, repeated, {layer.name: np.concatenate(given)}, [name])[name]
        found.append(made.reshape(len(chosen), len(images), -1))
    return np.concatenate(found)


def _frames(
    layer: Layer, scores: FloatArray, without: FloatArray, truth: npt.NDArray[np.int64]
) -> Iterator[Frame]:
    rise = losses(without, truth) - losses(scores, truth)
    right, kept = without.argmax(axis=-1), scores.argmax(axis=-1)
    cost = _mean(rise)
    before = float((kept == truth).mean())
    finite = cost[np.isfinite(cost)]
    yield Frame(
        layer.name,
        cost,
        columns={
            "cost": cost,
            "accuracy": (before - (right == truth).mean(axis=1)).astype(np.float32),
            "turned": (right != kept).mean(axis=1).astype(np.float32),
        },
        scalars={
            "largest cost of a unit": float(finite.max()),
            "share of units that cost nothing": float((np.abs(finite) < 1e-6).mean()),
        }
        if finite.size
        else {},
    )
    classes = scores.shape[1]
    if classes > MOST_CLASSES:
        return
    of_class = np.full((len(without), classes), np.nan, np.float32)
    for each in np.unique(truth):
        of_class[:, each] = _mean(rise[:, truth == each])
    with np.errstate(invalid="ignore"):
        fall = np.asarray((scores[None] - without).mean(axis=1), np.float32)
    missing = classes - len(np.unique(truth))
    note = f"The probe has no image of {missing} of {classes} classes"
    yield Frame(
        layer.name,
        fall,
        "classes",
        columns={"cost": of_class},
        notes=(note,) if missing else (),
    )


def losses(scores: FloatArray, truth: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """The cross-entropy of the softmax of scores (…, image, class), in nats: (…, image)."""
    with np.errstate(invalid="ignore"):  # a broken network's inf and NaN stay such
        raised = scores.astype(np.float64) - scores.max(axis=-1, keepdims=True)
        whole = np.log(np.exp(raised).sum(axis=-1))
    own = np.take_along_axis(raised, np.broadcast_to(truth, scores.shape[:-1])[..., None], axis=-1)
    found: npt.NDArray[np.float64] = whole - own[..., 0]
    return found


def _mean(rise: npt.NDArray[np.float64]) -> FloatArray:
    with np.errstate(invalid="ignore"):
        return np.asarray(rise.mean(axis=-1), np.float32)
