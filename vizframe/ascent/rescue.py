"""The rescue of units whose gradient is zero at the start.

A unit behind a ReLU that is closed everywhere gives no direction to climb in. lucid lets the
gradient through closed ReLUs for at most the first 16 iterations (``redirected_relu_grad``); here
only the silent images are moved so, and only until their ordinary gradient is there.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vizframe.ascent.climb import Parts
from vizframe.network import DeviceArray, FloatArray, Ops

LIMIT = 16
"""Iterations with redirected gradients, lucid's number."""


@dataclass(frozen=True, slots=True, eq=False)
class Rescue:
    """Where the climb starts, and which images, (batch,), were silent, and which still are.

    ``refused`` says why there was no rescue: not every network can redirect its ReLUs.
    """

    values: DeviceArray
    rescued: npt.NDArray[np.bool_]
    dead: npt.NDArray[np.bool_]
    refused: str = ""


def slopes(parts: Parts, values: DeviceArray) -> FloatArray:
    """Σ|g| of each image, (batch,): 0 where it is silent, not finite where its unit is broken."""
    ops = parts.uphill.excitation.ops
    gradient = parts.uphill.gradient(parts.parameterisation.picture(values))
    return ops.to_numpy(ops.sum(ops.abs(gradient), (1, 2, 3))).reshape(-1)


def no_rescue(start: DeviceArray, at_first: FloatArray, refused: str = "") -> Rescue:
    """No rescue: none is silent, or the network refuses it."""
    alive = np.isfinite(at_first) & (at_first > 0)
    return Rescue(start, np.zeros(len(at_first), np.bool_), ~alive, refused)


def rescue(plain: Parts, redirected: Parts, start: DeviceArray, at_first: FloatArray) -> Rescue:
    """Move the silent images by redirected gradients until they have plain ones.

    A unit that is still 0 is still closed, which the redirected evaluation tells as well as a plain
    one; so after the first step plain gradients are asked for only once a unit is something else.

    Args:
        plain, redirected: the same but for the ReLU rule of their excitations. The optimiser of
            ``redirected`` moves the images, so the climb that follows has a fresh one.
        at_first: the plain slopes at the start.
    """
    ops = plain.uphill.excitation.ops
    values, now = start, at_first
    for iteration in range(LIMIT):
        moved = _step(redirected, values, iteration)
        if iteration > 1 and (redirected.uphill.objective()[now == 0] != 0).any():
            now = np.where(now == 0, slopes(plain, values), now)
        if now.all():
            break
        values = values + (moved - values) * _mask(ops, now == 0)
        if iteration in (0, LIMIT - 1):  # most open at the first step
            now = np.where(now == 0, slopes(plain, values), now)
            if now.all():
                break
    alive = np.isfinite(now) & (now > 0)
    return Rescue(values, (at_first == 0) & alive, ~alive)


def _step(parts: Parts, values: DeviceArray, iteration: int) -> DeviceArray:
    image, pullback = parts.parameterisation.show(values, iteration)
    gradient = pullback(parts.uphill.gradient(image))
    return parts.regulariser(parts.optimiser(values, gradient), gradient, iteration)


def _mask(ops: Ops, chosen: npt.NDArray[np.bool_]) -> DeviceArray:
    mask: FloatArray = chosen.astype(np.float32).reshape(-1, 1, 1, 1)
    return ops.to_device(mask)
