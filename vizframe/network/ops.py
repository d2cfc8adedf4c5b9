"""Arithmetic on a network's own device, so that nothing leaves it inside an optimisation loop."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np
import numpy.typing as npt

from vizframe.arrays import FloatArray


class DeviceArray(Protocol):
    """An array of the adapter's own, float32 on the model's device, with the usual arithmetic.

    Only what is listed here may be used on one; all else goes through `Ops`. ``+=`` and ``*=`` are
    for what the arithmetic has just given and nobody else holds: they save an array each time.
    """

    @property
    def shape(self) -> tuple[int, ...]: ...
    def __add__(self, other: DeviceArray | float) -> DeviceArray: ...
    def __iadd__(self, other: DeviceArray | float) -> DeviceArray: ...
    def __radd__(self, other: float) -> DeviceArray: ...
    def __sub__(self, other: DeviceArray | float) -> DeviceArray: ...
    def __rsub__(self, other: float) -> DeviceArray: ...
    def __mul__(self, other: DeviceArray | float) -> DeviceArray: ...
    def __imul__(self, other: DeviceArray | float) -> DeviceArray: ...
    def __rmul__(self, other: float) -> DeviceArray: ...
    def __truediv__(self, other: DeviceArray | float) -> DeviceArray: ...
    def __neg__(self) -> DeviceArray: ...


AdamStep = Callable[[DeviceArray, DeviceArray, DeviceArray | float], DeviceArray]
"""``(values, gradient, rate) -> values``: one step of Adam, as one operation of the device.
The rate is a number, or one per channel."""


class Ops(Protocol):
    """Arithmetic on the device: what the regularisers, parameterisations and optimisers need.

    All work image by image on (batch, channel, y, x); broadcasting follows NumPy.
    """

    def to_device(self, values: npt.NDArray[np.float32]) -> DeviceArray: ...
    def to_numpy(self, values: DeviceArray) -> FloatArray: ...
    def clip(
        self, values: DeviceArray, low: DeviceArray | float, high: DeviceArray | float
    ) -> DeviceArray: ...
    def abs(self, values: DeviceArray) -> DeviceArray: ...
    def tanh(self, values: DeviceArray) -> DeviceArray: ...
    def maximum(self, a: DeviceArray, b: DeviceArray | float) -> DeviceArray: ...
    def minimum(self, a: DeviceArray, b: DeviceArray | float) -> DeviceArray: ...

    def sum(self, values: DeviceArray, axes: tuple[int, ...]) -> DeviceArray:
        """Sum over the axes, which stay with length 1."""
        ...

    def largest(self, values: DeviceArray, percent: float) -> DeviceArray:
        """1.0 where a value is at least that percentile of its image's, else 0.0; of values that
        are no less than 0."""
        ...

    def blur(self, images: DeviceArray, sigma: float) -> DeviceArray:
        """Gaussian blur per channel, σ in pixels, edges reflected, cut at 4σ (as SciPy does)."""
        ...

    def matmul(self, a: DeviceArray, b: DeviceArray) -> DeviceArray:
        """Product of two matrices: (n, k) with (k, m)."""
        ...

    def separable(
        self, images: DeviceArray, rows: DeviceArray, columns: DeviceArray
    ) -> DeviceArray:
        """rows · map · columns of each map: (y, y) and (x, x)."""
        ...

    def mix(self, images: DeviceArray, matrix: DeviceArray) -> DeviceArray:
        """The channels of each pixel times a matrix (channel, channel)."""
        ...

    def reshape(self, values: DeviceArray, shape: tuple[int, ...]) -> DeviceArray: ...

    def warp(self, images: DeviceArray, matrix: FloatArray) -> DeviceArray:
        """Bilinear resampling: output pixel p (x, y, relative to the centre) reads the input at
        ``matrix[:, :2] @ p + matrix[:, 2]``; zero outside. ``matrix`` is (2, 3)."""
        ...

    def unwarp(self, grads: DeviceArray, matrix: FloatArray) -> DeviceArray:
        """The adjoint of `warp`."""
        ...

    def adam(self, mean_decay: float, square_decay: float) -> AdamStep:
        """A fresh Adam, ε = 1e-8, that goes uphill and remembers its moments."""
        ...
