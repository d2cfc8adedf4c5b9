"""Optimisers: how far to go uphill.

Each is a closure ``(values, gradient) -> values`` on (batch, …); what it remembers between calls
it keeps to itself, so one is made per batch. Rates are in what the optimiser works on: network
inputs, or the coefficients of a parameterisation. All are per image: what a batch holds besides
has no influence.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from vizframe.ascent.pixels import Factor
from vizframe.network import DeviceArray, Ops

Optimiser = Callable[[DeviceArray, DeviceArray], DeviceArray]

TINY = 1e-30
"""Keeps a squared norm of 0 from dividing; far under that of any gradient in float32."""


def ascent(rate: Factor) -> Optimiser:
    """``x + rate · g``."""

    def step(values: DeviceArray, gradient: DeviceArray) -> DeviceArray:
        moved = gradient * rate
        moved += values
        return moved

    return step


def progress(ops: Ops, wanted: float, rate: float, squared_scale: Factor) -> Optimiser:
    """``x + min(rate, wanted / ‖g‖²) · g``, the rate at which, to first order, the objective
    rises by ``wanted``; x and g in pixels, ``squared_scale`` being pixels² per input².

    Source: Yosinski et al. 2015, the released code's ``progress`` policy.
    """
    goal = ops.to_device(np.full((1, 1, 1, 1), wanted, np.float32))

    def step(values: DeviceArray, gradient: DeviceArray) -> DeviceArray:
        squares = gradient * gradient
        if isinstance(squared_scale, float):  # the scale of the norm cancels that of the way
            norm = ops.maximum(ops.sum(squares, (1, 2, 3)), TINY * squared_scale)
            share = ops.minimum(goal / norm, rate / squared_scale)
        else:
            norm = ops.sum(ops.sum(squares, (2, 3)) / squared_scale, (1,))
            share = ops.minimum(goal / ops.maximum(norm, TINY), rate) / squared_scale
        moved = gradient * share
        moved += values
        return moved

    return step


def adam(ops: Ops, rate: Factor) -> Optimiser:
    """Adam (Kingma & Ba 2014) with their own β of 0.9 and 0.999, uphill."""
    step = ops.adam(0.9, 0.999)
    return lambda values, gradient: step(values, gradient, rate)
