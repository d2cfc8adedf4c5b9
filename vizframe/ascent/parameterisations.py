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

from vizframe.ascent.pixels import Factor, Pixels, factor
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
        """The images that the network is shown at this iteration, and how their gradient goes
        back."""
        ...

    def picture(self, values: DeviceArray) -> DeviceArray:
        """The image itself, as the network would see it unmoved."""
        ...


class Grounded(Parameterisation, Protocol):
    """One whose image is a ground and what lies above it, which is what is moved: outside of the
    image there is only ground."""

    @property
    def ground(self) -> Factor | None:
        """The input of the ground, per channel; None where that is 0."""
        ...

    def rise(self, values: DeviceArray) -> tuple[DeviceArray, Pullback]:
        """The images less the ground, and how their gradient goes back."""
        ...


class Plain:
    """The image itself: the values are network inputs less the ground of the pixels."""

    def __init__(self, ops: Ops, pixels: Pixels, sd: float, *, clipped: bool = True) -> None:
        self._ops, self._pixels, self._sd, self._clipped = ops, pixels, sd, clipped
        self.ground = _ground(ops, pixels.ground)

    def start(self, noise: FloatArray) -> DeviceArray:
        """N(0, sd) in mean-subtracted pixels of 0 … 255, cut to the valid range if clipped."""
        values = self._pixels.values(noise * np.float32(self._sd))
        return self._ops.to_device(self._pixels.clipped(values) if self._clipped else values)

    def rise(self, values: DeviceArray) -> tuple[DeviceArray, Pullback]:
        return values, _same

    def show(self, values: DeviceArray, _iteration: int) -> tuple[DeviceArray, Pullback]:
        return self.picture(values), _same

    def picture(self, values: DeviceArray) -> DeviceArray:
        return values if self.ground is None else values + self.ground


class Moved:
    """Another parameterisation, its image moved a little at each iteration."""

    def __init__(
        self, inner: Grounded, ops: Ops, transforms: Sequence[Transform], seed: int
    ) -> None:
        self._inner, self._ops, self._seed = inner, ops, seed
        self._transforms = tuple(transforms)

    def start(self, noise: FloatArray) -> DeviceArray:
        return self._inner.start(noise)

    def show(self, values: DeviceArray, iteration: int) -> tuple[DeviceArray, Pullback]:
        above, back = self._inner.rise(values)
        matrix = compose(self._transforms, self._seed, iteration)
        moved = self._ops.warp(above, matrix)
        if self._inner.ground is not None:
            moved += self._inner.ground
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

    lucid squashes by a sigmoid, which is (1 + tanh(x / 2)) / 2: above mid-grey lies half of the
    range times tanh, the half of x is in the matrices.

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
        self._span = factor(
            ops, [(high - low) / 2 for low, high in zip(pixels.low, pixels.high, strict=True)]
        )
        self._planes = _planes(ops, height, width, colour=colour)
        self.ground = _ground(ops, pixels.centre)

    def start(self, noise: FloatArray) -> DeviceArray:
        return self._ops.to_device(noise * np.float32(self._sd))

    def rise(self, values: DeviceArray) -> tuple[DeviceArray, Pullback]:
        squashed = self._ops.tanh(self._planes.there(values * self._weights))

        def pullback(gradient: DeviceArray) -> DeviceArray:
            inner = 1.0 - squashed * squashed
            inner *= self._span
            inner *= gradient
            back = self._planes.back(inner)
            back *= self._weights
            return back

        return squashed * self._span, pullback

    def show(self, values: DeviceArray, _iteration: int) -> tuple[DeviceArray, Pullback]:
        image, pullback = self.rise(values)
        if self.ground is not None:
            image += self.ground
        return image, pullback

    def picture(self, values: DeviceArray) -> DeviceArray:
        return self.show(values, 0)[0]


class _Planes(Protocol):
    """From coefficients, weighed, to half of what is squashed, and the adjoint."""

    def there(self, maps: DeviceArray) -> DeviceArray: ...
    def back(self, maps: DeviceArray) -> DeviceArray: ...


class _Apart:
    """Each channel by itself: rows · map · columns; symmetric, so its own adjoint."""

    def __init__(self, ops: Ops, height: int, width: int) -> None:
        self._ops = ops
        self._rows = ops.to_device(hartley(height) / 2)
        self._columns = ops.to_device(hartley(width))

    def there(self, maps: DeviceArray) -> DeviceArray:
        return self._ops.separable(maps, self._rows, self._columns)

    back = there


class _Mixed:
    """Decorrelated colours as red, green, blue."""

    def __init__(self, ops: Ops, height: int, width: int) -> None:
        self._ops, self._apart = ops, _Apart(ops, height, width)
        mixing = _mixing()
        self._mixing = ops.to_device(mixing.T.copy()), ops.to_device(mixing)

    def there(self, maps: DeviceArray) -> DeviceArray:
        return self._ops.mix(self._apart.there(maps), self._mixing[0])

    def back(self, maps: DeviceArray) -> DeviceArray:
        return self._apart.back(self._ops.mix(maps, self._mixing[1]))


class _Stacked:
    """Likewise; the product that transforms the rows mixes the colours, too, as if these stood in
    one column."""

    ROWS = 24
    """Up to which three times the multiplications are less than reading all once more."""

    def __init__(self, ops: Ops, height: int, width: int) -> None:
        self._ops, self._columns = ops, ops.to_device(hartley(width))
        mixing, rows = _mixing(), hartley(height) / 2
        self._rows = [ops.to_device(np.kron(each, rows)) for each in (mixing, mixing.T)]

    def there(self, maps: DeviceArray) -> DeviceArray:
        return self._stack(maps, self._rows[0])

    def back(self, maps: DeviceArray) -> DeviceArray:
        return self._stack(maps, self._rows[1])

    def _stack(self, maps: DeviceArray, rows: DeviceArray) -> DeviceArray:
        batch, channels, height, width = maps.shape
        column = self._ops.reshape(maps, (batch, 1, channels * height, width))
        return self._ops.reshape(self._ops.separable(column, rows, self._columns), maps.shape)


def _planes(ops: Ops, height: int, width: int, *, colour: bool) -> _Planes:
    if not colour:
        return _Apart(ops, height, width)
    return (_Stacked if height <= _Stacked.ROWS else _Mixed)(ops, height, width)


def _mixing() -> FloatArray:
    """From decorrelated colours to red, green, blue, (3, 3)."""
    mixing: FloatArray = (COLOUR / np.linalg.norm(COLOUR, axis=0).max()).astype(np.float32)
    return mixing


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


def _ground(ops: Ops, ground: Sequence[float]) -> Factor | None:
    return factor(ops, ground) if any(ground) else None


def _same(gradient: DeviceArray) -> DeviceArray:
    return gradient
