"""Pixels: what the numbers of the papers mean to a network of any input range.

The papers count in mean-subtracted pixels x of 0 … 255. A network reads inputs

    y = (picture − mean) / std        picture in [low, high], per channel

so that ``x = s · (y − ground)`` with ``s = 255 · std / (high − low)``, the ground being the input
of the mean that was subtracted. The ascent works on ``y − ground``: a rate then becomes ``rate /
s²`` (the gradient shrinks by s, and so does the way it is from), a length ``length / s``, and what
is relative (decay, percentiles of norms) stays as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from vizframe.errors import NetworkError, UsageError
from vizframe.network import DeviceArray, FloatArray, Network, Ops
from vizframe.network.probe import Normalization, Probe

Ground = Literal["auto", "zero", "median", "grey"]
"""Which input the papers' pixels are counted from; see `ground_of`."""

Factor = DeviceArray | float
"""A number per channel: plain where all channels share it, else an array (1, channel, 1, 1)."""


@dataclass(frozen=True, slots=True)
class Pixels:
    """The pixels of one network's inputs.

    Attributes:
        scale: s of each channel: pixels of 0 … 255 per unit of input.
        low, high: the valid inputs of each channel: where the picture is black and white.
        ground: the input that pixels are counted from, where x is 0.
    """

    scale: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    ground: tuple[float, ...]

    @classmethod
    def of(
        cls, normalization: Normalization, channels: int, ground: Sequence[float] = (0.0,)
    ) -> Pixels:
        """The pixels of inputs of that many channels; one mean, std or ground counts for all.

        Raises:
            UsageError: the normalization has another number of channels, or no range.
        """
        mean = _spread("mean", normalization.mean, channels)
        std = _spread("std", normalization.std, channels)
        low, high = normalization.low, normalization.high
        if not (high > low and min(std) > 0):
            raise UsageError(
                f"the normalization has std {normalization.std} and pictures in [{low}, {high}]; "
                "it can be any std above 0 and any range that is not empty"
            )
        lows = [(low - m) / s for m, s in zip(mean, std, strict=True)]
        highs = [(high - m) / s for m, s in zip(mean, std, strict=True)]
        given = _spread("ground", tuple(ground), channels)
        return cls(
            scale=tuple(255 * each / (high - low) for each in std),
            low=tuple(lows),
            high=tuple(highs),
            ground=tuple(np.clip(given, lows, highs).tolist()),
        )

    @property
    def channels(self) -> int:
        return len(self.scale)

    @property
    def lowest(self) -> tuple[float, ...]:
        """How far black lies from the ground, in inputs, per channel."""
        return tuple(low - ground for low, ground in zip(self.low, self.ground, strict=True))

    @property
    def highest(self) -> tuple[float, ...]:
        """How far white lies from the ground, in inputs, per channel."""
        return tuple(high - ground for high, ground in zip(self.high, self.ground, strict=True))

    @property
    def centre(self) -> tuple[float, ...]:
        """The input of mid-grey, per channel."""
        return tuple((low + high) / 2 for low, high in zip(self.low, self.high, strict=True))

    def clipped(self, values: FloatArray) -> FloatArray:
        """Inputs less the ground, (…, channel, y, x), cut to what is valid."""
        low, high = (
            np.asarray(each, np.float32).reshape(-1, 1, 1) for each in (self.lowest, self.highest)
        )
        cut: FloatArray = np.clip(values, low, high)
        return cut

    def values(self, pixels: FloatArray) -> FloatArray:
        """Mean-subtracted pixels, (…, channel, y, x), as inputs less the ground."""
        scale = np.asarray(self.scale, np.float32).reshape(-1, 1, 1)
        scaled: FloatArray = (pixels / scale).astype(np.float32)
        return scaled


def channels(network: Network) -> int:
    """How many channels the network's input images have.

    Raises:
        NetworkError: its inputs are no images.
    """
    shape = network.input_shape
    if len(shape) != 3:
        raise NetworkError(
            f"the network's input has the shape {shape}; it can be (channels, y, x) for pictures "
            "to be climbed to"
        )
    return shape[0]


def ground_of(probe: Probe, wanted: Ground) -> tuple[float, ...]:
    """The input that pixels are counted from, per channel or one for all.

    zero     an input of zero: the mean image, where the network reads mean-subtracted ones as
             those of the papers do; black, where it reads pixels as they are
    median   the probe's median colour: black for digits on black, a grey for photographs
    grey     the middle between black and white
    auto     zero where that lies between black and white, else the median
    """
    normal = probe.normalization
    if wanted == "grey":
        middle = (normal.low + normal.high) / 2
        return tuple((middle - m) / s for m, s in zip(normal.mean, normal.std, strict=True))
    inside = all(normal.low < mean < normal.high for mean in normal.mean)
    if wanted == "zero" or (wanted == "auto" and inside):
        return (0.0,)
    median = np.median(probe.images, axis=(0, *range(2, probe.images.ndim)))
    return tuple(median.tolist()) if np.isfinite(median).all() else (0.0,)


def factor(ops: Ops, values: Sequence[float]) -> Factor:
    """One number per channel, ready to be multiplied with (batch, channel, y, x)."""
    if len(set(values)) == 1:
        return float(values[0])
    return ops.to_device(np.asarray(values, np.float32).reshape(1, -1, 1, 1))


def _spread(what: str, values: tuple[float, ...], channels: int) -> tuple[float, ...]:
    if len(values) not in (1, channels):
        raise UsageError(
            f"the normalization has {len(values)} numbers as {what} and the input {channels} "
            f"channels; it can be 1 or {channels}"
        )
    return tuple(values) * (channels // len(values))
