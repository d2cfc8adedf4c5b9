"""Pixels: what the numbers of the papers mean to a network of any input range.

The papers count in mean-subtracted pixels x of 0 … 255. A network reads inputs

    y = (picture − mean) / std        picture in [low, high], per channel

so that ``x = s · y`` with ``s = 255 · std / (high − low)``. The ascent works on y itself: a rate
then becomes ``rate / s²`` (the gradient shrinks by s, and so does the way it is from), a length
``length / s``, and what is relative (decay, percentiles of norms) stays as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vizframe.errors import NetworkError, UsageError
from vizframe.network import DeviceArray, FloatArray, Network, Ops
from vizframe.probe import Normalization

Factor = DeviceArray | float
"""A number per channel: plain where all channels share it, else an array (1, channel, 1, 1)."""


@dataclass(frozen=True, slots=True)
class Pixels:
    """The pixels of one network's inputs.

    Attributes:
        scale: s of each channel: pixels of 0 … 255 per unit of input.
        low, high: the valid inputs of each channel: where the picture is black and white.
    """

    scale: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]

    @classmethod
    def of(cls, normalization: Normalization, channels: int) -> Pixels:
        """The pixels of inputs of that many channels; one mean or std counts for all of them.

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
        return cls(
            scale=tuple(255 * each / (high - low) for each in std),
            low=tuple((low - m) / s for m, s in zip(mean, std, strict=True)),
            high=tuple((high - m) / s for m, s in zip(mean, std, strict=True)),
        )

    @property
    def channels(self) -> int:
        return len(self.scale)

    @property
    def centre(self) -> tuple[float, ...]:
        """The input of mid-grey, per channel."""
        return tuple((low + high) / 2 for low, high in zip(self.low, self.high, strict=True))

    def clipped(self, inputs: FloatArray) -> FloatArray:
        """Network inputs, (…, channel, y, x), cut to their valid range."""
        low, high = (np.asarray(v, np.float32).reshape(-1, 1, 1) for v in (self.low, self.high))
        cut: FloatArray = np.clip(inputs, low, high)
        return cut

    def inputs(self, pixels: FloatArray) -> FloatArray:
        """Mean-subtracted pixels, (…, channel, y, x), as network inputs."""
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
