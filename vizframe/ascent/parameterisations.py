"""Parameterisations: what the optimiser moves, and how an image comes of it.

Each gives, for the values at one iteration, the image the network is shown and the pullback: the
adjoint that carries a gradient of the image back to one of the values.

    values ──show──►  image ──►  network ──►  gradient of the image
       ▲                                             │
       └──────────────── pullback ◄──────────────────┘
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np

from vizframe.ascent.pixels import Pixels, factor
from vizframe.ascent.transforms import Transform, compose
from vizframe.errors import UsageError
from vizframe.network import DeviceArray, FloatArray, Ops

Pullback = Callable[[DeviceArray], DeviceArray]

COLOUR = np.array([[0.26, 0.09, 0.02], [0.27, 0.00, -0.05], [0.27, -0.09, 0.03]])
"""lucid's square root of the covariance of colours in ImageNet, rows red, green, blue."""


class Parameterisation(Protocol):
    """What the optimiser moves. ``shape`` is (batch, channel, y, x) of values and images."""

    def start(self, noise: FloatArray) -> DeviceArray:
        """The values to start from, given standard normal noise."""
        ...

    def show(self, values: DeviceArray, iteration: int) -> tuple[DeviceArray, Pullback]:
        """What the network sees at this iteration, and the way back."""
        ...

    def picture(self, values: DeviceArray) -> DeviceArray:
        """The image itself, as the network would see it unmoved."""
        ...


class Plain:
    """The image itself: the values are network inputs less the ground of the pixels."""

    def __init__(self, ops: Ops, pixels: Pixels, sd: float, *, clipped: bool = True) -> None:
        self._ops, self._pixels, self._sd, self._clipped = ops, pixels, sd, clipped
        self._ground = factor(ops, pixels.ground) if any(pixels.ground) else None

    def start(self, noise: FloatArray) -> DeviceArray:
        """N(0, sd) in mean-subtracted pixels of 0 … 255, cut to the valid range if clipped."""
        values = self._pixels.values(noise * np.float32(self._sd))
        return self._ops.to_device(self._pixels.clipped(values) if self._clipped else values)

    def show(self, values: DeviceArray, _iteration: int) -> tuple[DeviceArray, Pullback]:
        return self.picture(values), _same

    def picture(self, values: DeviceArray) -> DeviceArray:
        return values if self._ground is None else values + self._ground


class Moved:
    """Another parameterisation, its image moved a little at each iteration.

    Args:
        outside: the input beyond the image's rims, per channel.
    """

    def __init__(
        self,
        inner: Parameterisation,
        ops: Ops,
        outside: Sequence[float],
        transforms: Sequence[Transform],
        seed: int,
    ) -> None:
        self._inner, self._ops, self._seed = inner, ops, seed
        self._transforms = tuple(transforms)
        self._outside = factor(ops, outside)

    def start(self, noise: FloatArray) -> DeviceArray:
        return self._inner.start(noise)

    def show(self, values: DeviceArray, iteration: int) -> tuple[DeviceArray, Pullback]:
        image, back = self._inner.show(values, iteration)
        matrix = compose(self._transforms, self._seed, iteration)
        moved = self._ops.warp(image - self._outside, matrix)
        moved += self._outside
        return moved, lambda gradient: back(self._ops.unwarp(gradient, matrix))

    def picture(self, values: DeviceArray) -> DeviceArray:
        return self._inner.picture(values)


class Fourier:
    """lucid's: decorrelated frequencies, optionally decorrelated colours, squashed into range.

    The values are coefficients of the Hartley transform, the real twin of the Fourier transform
    (cas = cos + sin, orthonormal, its own inverse), which separable matrix products compute.
    Low frequencies weigh more: ``1 / max(frequency, 1 / longest side) ^ power``. A complex
    coefficient with parts of sd 0.01 is, turned within its frequency, a pair of Hartley
    coefficients of sd √2 · 0.01, hence the √2; the 4 is lucid's own.

    Source: lucid, ``optvis/param/spatial.py`` and ``color.py``.
    """

    def __init__(
        self, ops: Ops, pixels: Pixels, shape: tuple[int, ...], sd: float, *, colour: bool
    ) -> None:
        if colour and pixels.channels != 3:
            raise UsageError(
                f"the number of input channels is {pixels.channels}; it can be 3 for a preset that "
                "decorrelates red, green and blue: take 'fourier' for any other"
            )
        self._ops, self._sd = ops, sd
        _, _, height, width = shape
        weights = frequency_weights(height, width) * np.float32(2**0.5 / 4)
        self._weights = ops.to_device(weights[None, None])
        self._rows, self._columns = ops.to_device(hartley(height)), ops.to_device(hartley(width))
        self._colours = _colours(ops) if colour else None
        spans = [high - low for low, high in zip(pixels.low, pixels.high, strict=True)]
        self._low, self._span = factor(ops, pixels.low), factor(ops, spans)

    def start(self, noise: FloatArray) -> DeviceArray:
        return self._ops.to_device(noise * np.float32(self._sd))

    def show(self, values: DeviceArray, _iteration: int) -> tuple[DeviceArray, Pullback]:
        shares = self._ops.sigmoid(self._mix_colours(self._transform(values * self._weights), 0))

        def pullback(gradient: DeviceArray) -> DeviceArray:
            inner = 1.0 - shares
            inner *= shares
            inner *= self._span
            inner *= gradient
            back = self._transform(self._mix_colours(inner, 1))
            back *= self._weights
            return back

        image = shares * self._span
        image += self._low
        return image, pullback

    def picture(self, values: DeviceArray) -> DeviceArray:
        return self.show(values, 0)[0]

    def _transform(self, maps: DeviceArray) -> DeviceArray:
        """The Hartley transform of each map: rows · map · columns; symmetric, so its adjoint."""
        return self._ops.separable(maps, self._rows, self._columns)

    def _mix_colours(self, maps: DeviceArray, which: int) -> DeviceArray:
        """Decorrelated colours as red, green, blue (0), or the adjoint of that (1)."""
        return maps if self._colours is None else self._ops.mix(maps, self._colours[which])


def hartley(size: int) -> FloatArray:
    """The orthonormal Hartley matrix (size, size): cas(2π j k / size) / √size. Symmetric, and its
    own inverse."""
    angles = 2 * np.pi * np.outer(np.arange(size), np.arange(size)) / size
    matrix: FloatArray = ((np.cos(angles) + np.sin(angles)) / np.sqrt(size)).astype(np.float32)
    return matrix


def frequency_weights(height: int, width: int, power: float = 1.0) -> FloatArray:
    """How much each coefficient counts, (height, width): lucid's decay of high frequencies."""
    frequencies = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.fftfreq(width)[None])
    weights: FloatArray = (1 / np.maximum(frequencies, 1 / max(height, width)) ** power).astype(
        np.float32
    )
    return weights


def _colours(ops: Ops) -> tuple[DeviceArray, DeviceArray]:
    """The matrix that (pixels, 3) is multiplied with to become red, green, blue, and its
    transpose."""
    matrix = (COLOUR / np.linalg.norm(COLOUR, axis=0).max()).astype(np.float32)
    return ops.to_device(np.ascontiguousarray(matrix.T)), ops.to_device(matrix)


def _same(gradient: DeviceArray) -> DeviceArray:
    return gradient
