"""What a layer gives for the probe, in a few numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from vizframe.arrays import blocks
from vizframe.diagnosis.course import LayerReading
from vizframe.network import FloatArray
from vizframe.network.kinds import KERNEL_KINDS
from vizframe.network.layer import Layer

BLOCK = 1 << 20
"""Values that are looked at together: in double precision they are 8 MB."""

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
    before: FloatArray = np.moveaxis(outputs, axis, 0)
    found = np.empty_like(before)
    scale, shift = (
        next((weights[each] for each in names if each in weights), np.full(len(before), usual))
        for names, usual in ((("gamma", "weight"), 1.0), (("beta", "bias"), 0.0))
    )
    wide = (-1, *(1,) * (before.ndim - 1))
    others = tuple(range(1, before.ndim))
    for part in blocks(before, BLOCK):
        own = before[part]
        mean = own.mean(others, keepdims=True, dtype=np.float64)
        deviation = own.std(others, keepdims=True, dtype=np.float64)
        unit = (own - mean) / np.maximum(deviation, 1e-12)
        found[part] = np.abs(scale[part]).reshape(wide) * unit + shift[part].reshape(wide)
    return np.moveaxis(found, 0, axis)


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
    bad = int(outputs.size - np.isfinite(outputs).sum())
    bounds = bounds_of(layer.operator)
    saturated = None
    if bounds is not None:
        low, high = bounds
        edge = NEAR * (high - low)
        saturated = float(((outputs < low + edge) | (outputs > high - edge)).mean())
    units = np.moveaxis(outputs, 1 + layer.unit_axis, 0)
    silent = None
    if layer.nonnegative and bounds is None and len(outputs) >= ENOUGH_IMAGES:
        others = tuple(range(1, units.ndim))
        never = (units == 0).all(others)
        if before is not None and before.shape == outputs.shape:
            never &= (np.moveaxis(before, 1 + layer.unit_axis, 0) <= 0).all(others)
        silent = tuple(np.flatnonzero(never).tolist())
    mean = float(outputs.mean(dtype=np.float64))
    return LayerReading(
        kind=layer.kind,
        operator=layer.operator,
        units=layer.units,
        mean=mean,
        deviation=_deviation(units, mean),
        varying=_variation(units),
        silent=silent,
        saturated=saturated,
        bad=bad,
        fed_by=fed_by,
    )


def _deviation(units: FloatArray, mean: float) -> float:
    """The standard deviation of all values around their mean."""
    square = 0.0
    for part in blocks(units, BLOCK):
        away = np.subtract(units[part], mean, dtype=np.float64)
        square += float(np.vdot(away, away))
    return math.sqrt(square / max(1, units.size))


def _variation(units: FloatArray) -> float:
    """The deviation over the batch, of units (unit, batch, …), as the mean of all places."""
    total, places = 0.0, 0
    for part in blocks(units, BLOCK):
        each = units[part].std(1, dtype=np.float64)
        total, places = total + float(each.sum()), places + each.size
    return total / max(1, places)
