"""What a layer gives for the probe, in a few numbers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from vizframe.diagnosis.course import LayerReading
from vizframe.network import FloatArray
from vizframe.network.layer import Layer

NEAR = 0.01
"""Within 1 % of the bound an activation's slope is under 2 % (tanh) or 1 % (sigmoid) of its
largest: what arrives there is not passed back."""

BOUNDS = {"tanh": (-1.0, 1.0), "sigmoid": (0.0, 1.0), "softsign": (-1.0, 1.0)}
"""Of activations that saturate."""

UNREAD = frozenset(("reshape", "dropout", "input", "pooling", "join", "arithmetic"))
"""Kinds of layers that say nothing that those before them do not."""


def is_read(layer: Layer, layers: Sequence[Layer]) -> bool:
    """Whether the layer is looked at: it calculates, and is not merely the inside of another, as
    the product before the activation of a dense layer is."""
    inner = any(other.name and layer.name.startswith(f"{other.name}.") for other in layers)
    return layer.kind not in UNREAD and bool(layer.shape) and not inner


def bounds_of(operator: str) -> tuple[float, float] | None:
    """Between which values the layer's activation gives, where it has bounds."""
    words = operator.lower()
    return next((bounds for name, bounds in BOUNDS.items() if name in words), None)


def read_layer(layer: Layer, outputs: FloatArray) -> LayerReading:
    """The layer for the outputs (batch, *layer.shape)."""
    units = np.moveaxis(outputs, 1 + layer.unit_axis, 0).reshape(layer.units, len(outputs), -1)
    bad = int(outputs.size - np.isfinite(outputs).sum())
    bounds = bounds_of(layer.operator)
    saturated = None
    if bounds is not None:
        low, high = bounds
        edge = NEAR * (high - low)
        saturated = float(((outputs < low + edge) | (outputs > high - edge)).mean())
    silent = None
    if layer.nonnegative and bounds is None:
        silent = tuple(np.flatnonzero((units == 0).all((1, 2))).tolist())
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
    )
