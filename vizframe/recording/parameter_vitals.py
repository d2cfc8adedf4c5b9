"""A parameter in a few numbers, and how alike two gradients are."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from vizframe.diagnosis.course import ParameterReading
from vizframe.network import FloatArray
from vizframe.network.parameter import ParameterView

SAMPLE_VALUES = 1 << 15
"""Values of a parameter whose change is measured, and whose zeros are counted."""


def read_parameter(
    view: ParameterView, before: FloatArray | None, scale: float = 1.0
) -> ParameterReading:
    """A parameter as it is now.

    Args:
        before: its sample before the last update; None where there is none.
        scale: what the optimiser multiplies the gradient by.
    """
    values = view.values()
    flat = values.reshape(-1)
    weight = norm_of(flat)
    sample = _sample(values)
    update = None
    if before is not None and before.shape == sample.shape:
        update = norm_of(sample - before) * math.sqrt(flat.size / max(1, sample.size))
    gradient = view.gradient() if view.is_trained else None
    return ParameterReading(
        layer=view.layer,
        size=flat.size,
        kernel=view.is_kernel,
        trained=view.is_trained,
        weight=weight,
        gradient=None if gradient is None else scale * norm_of(gradient.reshape(-1)),
        update=update,
        zeros=float(np.count_nonzero(sample == 0) / max(1, sample.size)),
        bad=0 if math.isfinite(weight) else int(flat.size - np.isfinite(flat).sum()),
        alike=view.is_kernel and _are_alike(values),
        held=view.is_updated() if view.is_trained and view.is_kernel else None,
    )


def without_zeroed(parameters: Mapping[str, ParameterReading]) -> dict[str, ParameterReading]:
    """The last reading of a training, without gradients that are all 0: a script that sets them to
    zero behind each update leaves none, and that says nothing of its net."""
    found = [each.gradient for each in parameters.values() if each.gradient is not None]
    if any(found):
        return dict(parameters)
    return {name: replace(each, gradient=None) for name, each in parameters.items()}


def cosine_of(pairs: Sequence[tuple[FloatArray, FloatArray]]) -> float | None:
    """Between two vectors that are given in parts; None where one of them is 0 or not finite."""
    product = square = other = 0.0
    with np.errstate(all="ignore"):
        for one, two in pairs:
            first, second = one.astype(np.float64), two.astype(np.float64)
            product += float(first @ second)
            square += float(first @ first)
            other += float(second @ second)
    if not (math.isfinite(square * other) and square * other > 0):
        return None
    return product / math.sqrt(square * other)


def norm_of(flat: FloatArray) -> float:
    """Of float32 values; where their squares overflow it, in float64."""
    with np.errstate(all="ignore"):
        square = float(np.dot(flat, flat))
        if not math.isfinite(square) or 0 <= square < 1e-30:
            wide = flat.astype(np.float64)
            square = float(np.dot(wide, wide))
    return math.sqrt(square) if square >= 0 else math.nan


def _sample(values: FloatArray) -> FloatArray:
    """The same values of a parameter each time: all, or the first of a large one."""
    return values.reshape(-1)[:SAMPLE_VALUES]


def _are_alike(values: FloatArray) -> bool:
    """Whether all units have the same weights."""
    rows = values.reshape(len(values), -1)
    return (
        len(rows) > 1
        and bool((rows[:, :64] == rows[0, :64]).all())
        and bool((rows == rows[0]).all())
    )
