"""The reference of `Ops`: each operation written out in NumPy, slow and obvious.

A device array is a NumPy array here. No operation writes into its arguments.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import cast

import numpy as np
import numpy.typing as npt

from vizframe.network import AdamStep, DeviceArray, FloatArray

Grid = npt.NDArray[np.int64]


def _host(values: DeviceArray | float) -> FloatArray:
    return np.asarray(cast(FloatArray, values), np.float32)


def _device(values: npt.ArrayLike) -> DeviceArray:
    return cast(DeviceArray, np.array(values, np.float32))


class NumpyOps:
    """Arithmetic on (batch, channel, y, x) in NumPy; implements `vizframe.network.Ops`."""

    def to_device(self, values: FloatArray) -> DeviceArray:
        return _device(values)

    def to_numpy(self, values: DeviceArray) -> FloatArray:
        return _host(values).copy()

    def clip(
        self, values: DeviceArray, low: DeviceArray | float, high: DeviceArray | float
    ) -> DeviceArray:
        return _device(np.clip(_host(values), _host(low), _host(high)))

    def abs(self, values: DeviceArray) -> DeviceArray:
        return _device(np.abs(_host(values)))

    def tanh(self, values: DeviceArray) -> DeviceArray:
        return _device(np.tanh(_host(values)))

    def maximum(self, a: DeviceArray, b: DeviceArray | float) -> DeviceArray:
        return _device(np.maximum(_host(a), _host(b)))

    def minimum(self, a: DeviceArray, b: DeviceArray | float) -> DeviceArray:
        return _device(np.minimum(_host(a), _host(b)))

    def sum(self, values: DeviceArray, axes: tuple[int, ...]) -> DeviceArray:
        return _device(_host(values).sum(axis=axes, keepdims=True))

    def largest(self, values: DeviceArray, percent: float) -> DeviceArray:
        rows = _host(values).reshape(values.shape[0], -1)
        wanted = np.percentile(rows.astype(np.float64), percent, axis=1, keepdims=True)
        return _device((rows >= wanted).reshape(values.shape))

    def blur(self, images: DeviceArray, sigma: float) -> DeviceArray:
        radius = int(4 * sigma + 0.5)
        places = np.arange(-radius, radius + 1)
        kernel = np.exp(-0.5 * (places / sigma) ** 2)
        kernel /= kernel.sum()
        values = _host(images)
        for axis in (2, 3):
            values = _blurred(values, kernel, axis)
        return _device(values)

    def matmul(self, a: DeviceArray, b: DeviceArray) -> DeviceArray:
        return _device(_host(a) @ _host(b))

    def separable(
        self, images: DeviceArray, rows: DeviceArray, columns: DeviceArray
    ) -> DeviceArray:
        return _device([[_host(rows) @ m @ _host(columns) for m in each] for each in _host(images)])

    def mix(self, images: DeviceArray, matrix: DeviceArray) -> DeviceArray:
        return _device(np.einsum("bcyx,cd->bdyx", _host(images), _host(matrix)))

    def reshape(self, values: DeviceArray, shape: tuple[int, ...]) -> DeviceArray:
        return _device(_host(values).reshape(shape))

    def warp(self, images: DeviceArray, matrix: FloatArray) -> DeviceArray:
        values = _host(images)
        shown = np.zeros_like(values)
        for rows, columns, weights in _corners(values.shape[2], values.shape[3], matrix):
            shown += values[:, :, rows, columns] * weights
        return _device(shown)

    def unwarp(self, grads: DeviceArray, matrix: FloatArray) -> DeviceArray:
        height, width = grads.shape[2:]
        planes = _host(grads).reshape(-1, height, width)
        back = np.zeros_like(planes)
        for rows, columns, weights in _corners(height, width, matrix):
            for target, plane in zip(back, planes, strict=True):
                np.add.at(target, (rows, columns), plane * weights)
        return _device(back.reshape(grads.shape))

    def adam(self, mean_decay: float, square_decay: float) -> AdamStep:
        mean, square = np.zeros((), np.float32), np.zeros((), np.float32)
        steps = 0

        def step(
            values: DeviceArray, gradient: DeviceArray, rate: DeviceArray | float
        ) -> DeviceArray:
            nonlocal mean, square, steps
            steps += 1
            g = _host(gradient)
            mean = np.asarray(mean_decay * mean + (1 - mean_decay) * g, np.float32)
            square = np.asarray(square_decay * square + (1 - square_decay) * g * g, np.float32)
            shrink = adam_shrink(steps, mean_decay, square_decay)
            return _device(_host(values) + _host(rate) * shrink * mean / (np.sqrt(square) + 1e-8))

        return step


def adam_shrink(steps: int, mean_decay: float, square_decay: float) -> float:
    """What corrects both moments for having begun at zero, as a factor of the rate
    (Kingma & Ba 2014, end of section 2)."""
    return math.sqrt(1 - math.pow(square_decay, steps)) / (1 - math.pow(mean_decay, steps))


def _blurred(values: FloatArray, kernel: npt.NDArray[np.float64], axis: int) -> FloatArray:
    """One axis convolved with the kernel, the edges reflected (d c b a | a b c d | d c b a)."""
    size, radius = values.shape[axis], len(kernel) // 2
    edges = [(radius, radius) if each == axis else (0, 0) for each in range(values.ndim)]
    wide = np.pad(values, edges, mode="symmetric")
    total = np.zeros(values.shape, np.float64)
    for shift, weight in enumerate(kernel):
        total += weight * wide.take(range(shift, shift + size), axis=axis)
    return total.astype(np.float32)


def _corners(
    height: int, width: int, matrix: FloatArray
) -> Iterator[tuple[Grid, Grid, FloatArray]]:
    """The four pixels that each pixel of the result is read from, with their weights; those
    outside weigh nothing."""
    y, x = np.mgrid[:height, :width]
    centre_y, centre_x = (height - 1) / 2, (width - 1) / 2
    points = np.stack([x - centre_x, y - centre_y, np.ones((height, width))], axis=-1)
    read = points @ np.asarray(matrix, np.float64).T
    read_x, read_y = read[..., 0] + centre_x, read[..., 1] + centre_y
    for below in (0, 1):
        for right in (0, 1):
            row = np.floor(read_y).astype(np.int64) + below
            column = np.floor(read_x).astype(np.int64) + right
            inside = (row >= 0) & (row < height) & (column >= 0) & (column < width)
            weight = (1 - np.abs(read_y - row)) * (1 - np.abs(read_x - column)) * inside
            yield (
                np.clip(row, 0, height - 1),
                np.clip(column, 0, width - 1),
                weight.astype(np.float32),
            )
