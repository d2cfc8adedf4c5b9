"""Regularisers: what is done to an image after each step uphill (Yosinski et al. 2015, section 3).

Each is a closure ``(image, gradient, iteration) -> image`` on (batch, channel, y, x); norms and
percentiles are taken per image, over its pixels. `in_order` runs several one after the other, as
the paper's Table 1 does: decay, blur, small norms, small contributions. The image is the
optimiser's newest, which nobody else holds: it may be written into.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from vizframe.ascent.pixels import Factor, Pixels, factor
from vizframe.network import DeviceArray, Ops

Regulariser = Callable[[DeviceArray, DeviceArray, int], DeviceArray]


def in_order(regularisers: Sequence[Regulariser]) -> Regulariser:
    """All of them, the first one first."""

    def apply(image: DeviceArray, gradient: DeviceArray, iteration: int) -> DeviceArray:
        for regulariser in regularisers:
            image = regulariser(image, gradient, iteration)
        return image

    return apply


def decay(amount: float) -> Regulariser:
    """L2 decay: shrink every pixel by this share."""

    def apply(image: DeviceArray, _gradient: DeviceArray, _iteration: int) -> DeviceArray:
        image *= 1 - amount
        return image

    return apply


def sparsity(ops: Ops, amount: float, pixels: Pixels) -> Regulariser:
    """Move every pixel towards 0 by this many pixels of 0 … 255, and no further: the proximal
    step of an L1 penalty, which clears what only a little contributes."""
    shrink = factor(ops, [amount / scale for scale in pixels.scale])
    grow = -shrink

    def apply(image: DeviceArray, _gradient: DeviceArray, _iteration: int) -> DeviceArray:
        return image - ops.clip(image, grow, shrink)

    return apply


def blur(ops: Ops, sigma: float, every: int) -> Regulariser:
    """Gaussian blur of σ pixels at iterations 0, every, 2·every, …"""

    def apply(image: DeviceArray, _gradient: DeviceArray, iteration: int) -> DeviceArray:
        return image if iteration % every else ops.blur(image, sigma)

    return apply


def drop_small_norms(ops: Ops, percent: float, pixels: Pixels) -> Regulariser:
    """Zero the pixels whose norm over the channels is under this percentile.

    Norms are compared squared, and in inputs where all channels have one scale, which leaves their
    order as it is.
    """
    scale: Factor = factor(ops, pixels.scale)

    def apply(image: DeviceArray, _gradient: DeviceArray, _iteration: int) -> DeviceArray:
        squares = image * (image if isinstance(scale, float) else scale)
        if not isinstance(scale, float):
            squares *= squares
        norms = ops.sum(squares, (1,))
        image *= ops.largest(norms, percent)
        return image

    return apply


def drop_small_contributions(ops: Ops, percent: float) -> Regulariser:
    """Zero the pixels with |Σ_c g·x| under this percentile: those that, to first order, would
    change the objective least if they were zeroed. The same in pixels and in network inputs."""

    def apply(image: DeviceArray, gradient: DeviceArray, _iteration: int) -> DeviceArray:
        contributions = ops.abs(ops.sum(gradient * image, (1,)))
        image *= ops.largest(contributions, percent)
        return image

    return apply


def valid_range(ops: Ops, pixels: Pixels) -> Regulariser:
    """Clip to what a picture can hold, from black to white, per channel."""
    low, high = factor(ops, pixels.lowest), factor(ops, pixels.highest)

    def apply(image: DeviceArray, _gradient: DeviceArray, _iteration: int) -> DeviceArray:
        return ops.clip(image, low, high)

    return apply
