"""What a layer gives for the probe, in a few numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from vizframe.diagnosis.course import LayerReading
from vizframe.network import FloatArray
from vizframe.network.kinds import KERNEL_KINDS
from vizframe.network.layer import Layer

NEAR = 0.01
"""Within 1 % of the bound an activation's slope is under 2 % (tanh) or 1 % (sigmoid) of its
largest: what arrives there is not passed back."""

BOUNDS = {"tanh": (-1.0, 1.0), "sigmoid": (0.0, 1.0), "softsign": (-1.0, 1.0)}
"""Of activations that saturate."""

ENOUGH_IMAGES = 8
"""Fewer cannot tell a silent unit from one that none of them is for: from 8 on the share of silent
units is within .01 of that on 1,400 images, as measured on digits."""

UNREAD = frozenset(("reshape", "dropout", "input", "pooling", "join", "arithmetic"))
"""Kinds of layers that say nothing that those before them do not."""


def is_read(layer: Layer, layers: Sequence[Layer]) -> bool:
    """Whether the layer is looked at: it calculates, and is not merely the inside of another, as
    the product before the activation of a dense layer is."""
    inner = any(other.name and layer.name.startswith(f"{other.name}.") for other in layers)
    return layer.kind not in UNREAD and bool(layer.shape) and not inner


def feeding(layer: Layer, layers: Mapping[str, Layer]) -> str:
    """The nearest layer before an activation that has a kernel; "" of a layer that has its own."""
    found = layer
    while found.kind in ("activation", "normalization") and found.inputs[:1]:
        before = layers.get(found.inputs[0])
        if before is None:
            return ""
        found = before
    return "" if found is layer or found.kind not in KERNEL_KINDS else found.name


def bounds_of(operator: str) -> tuple[float, float] | None:
    """Between which values the layer's activation gives, where it has bounds."""
    words = operator.lower()
    return next((bounds for name, bounds in BOUNDS.items() if name in words), None)


def normalizes_batches(layer: Layer) -> bool:
    """Whether it normalizes by the batch while it learns, and by running statistics else."""
    return layer.kind == "normalization" and "batch" in layer.operator.lower()


def as_trained(layer: Layer, outputs: FloatArray, weights: Mapping[str, FloatArray]) -> FloatArray:
    """What a batch normalization gives for the batch when it learns, from what it gives by its
    running statistics: both are linear in its input, so that the one tells the other.

    Args:
        weights: its own, ``gamma`` and ``beta`` or ``weight`` and ``bias``; 1 and 0 where it has
            none.
    """
    axis = 1 + layer.unit_axis
    others = tuple(each for each in range(outputs.ndim) if each != axis)
    wide = [-1 if each == axis else 1 for each in range(outputs.ndim)]
    mean = outputs.mean(others, keepdims=True, dtype=np.float64)
    deviation = outputs.std(others, keepdims=True, dtype=np.float64)
    scale, shift = (
        next((weights[each].reshape(wide) for each in names if each in weights), usual)
        for names, usual in ((("gamma", "weight"), 1.0), (("beta", "bias"), 0.0))
    )
    unit = (outputs - mean) / np.maximum(deviation, 1e-12)
    found: FloatArray = (np.abs(scale) * unit + shift).astype(np.float32)
    return found


def read_layer(
    layer: Layer, outputs: FloatArray, before: FloatArray | None = None, fed_by: str = ""
) -> LayerReading:
    """The layer for the outputs (batch, *layer.shape).

    Args:
        before: of a ReLU right behind a batch normalization, what that one gives `as_trained`: a
            unit is silent where the training, too, has it so. In the first steps, and wherever
            weights move fast, the running statistics are not those of the batches.
        fed_by: see `feeding`.
    """
    units = _of_units(layer, outputs)
    bad = int(outputs.size - np.isfinite(outputs).sum())
    bounds = bounds_of(layer.operator)
    saturated = None
    if bounds is not None:
        low, high = bounds
        edge = NEAR * (high - low)
        saturated = float(((outputs < low + edge) | (outputs > high - edge)).mean())
    silent = None
    if layer.nonnegative and bounds is None and len(outputs) >= ENOUGH_IMAGES:
        never = (units == 0).all((1, 2))
        if before is not None and before.shape == outputs.shape:
            never &= (_of_units(layer, before) <= 0).all((1, 2))
        silent = tuple(np.flatnonzero(never).tolist())
    return LayerReading(
        kind=layer.kind,
        operator=layer.operator,
        units=layer.units,
        mean=float(outputs.mean(dtype=np.float64)),
        deviation=float(outputs.std(dtype=np.float64)),
        varying=float(units.std(1, dtype=np.float64).mean()),
        silent=silent,
        saturated=saturated,
        bad=bad,
        fed_by=fed_by,
    )


def _of_units(layer: Layer, outputs: FloatArray) -> FloatArray:
    """(units, batch, places)."""
    return np.moveaxis(outputs, 1 + layer.unit_axis, 0).reshape(layer.units, len(outputs), -1)
