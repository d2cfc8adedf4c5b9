"""`Ops` for a model on the CPU: its arrays lie where NumPy can work on them.

A device array is a NumPy array here; an adapter adds how it comes from its framework's, and goes
back. One of MXNet's operations takes some 25 µs to begin, NumPy's
1 µs; waited for, on (64, 3, 14, 14), two cores:

    product with a number      3 µs; MXNet 63 µs     percentile         25 µs; MXNet 510 µs
    sum over an image          8 µs; MXNet 72 µs     blur               68 µs; MXNet  88 µs
    sum over the channels      8 µs; MXNet 31 µs     Adam               45 µs; MXNet  66 µs

Matrix products go in pieces that BLAS does not divide between threads, since its threads and
MXNet's would wait for one another: a climb with a blur took 1.4 times its bare passes, and 1.1 so.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import cast

import numpy as np

from vizframe.graph.arithmetic import adam_shrink, blur_matrix, ranks
from vizframe.graph.resampling import Slots, bilinear
from vizframe.network import AdamStep, DeviceArray, FloatArray

UNDIVIDED = 1 << 18
"""Multiplications up to which OpenBLAS leaves a matrix product to one thread."""

LESSON = 31 << 20
"""Bytes of a block that glibc is shown once: from then on, memory of freed arrays up to this size
stays with the process. By itself it gives 600 kB back each time, and fetches it anew page by page,
which cost four times as much as the sums did. Freed, the block itself costs nothing."""

MOST_PIECES = 64
"""Of a product that would be more, the threads' work is worth their waiting."""


def ignore_float_warnings() -> AbstractContextManager[object]:
    """Inside, infinities and what is not a number are results, as on any device, not warnings."""
    return np.errstate(all="ignore")


class HostOps:
    """Arithmetic on (batch, channel, y, x) in NumPy. No operation writes into its arguments."""

    def __init__(self) -> None:
        np.empty(LESSON, np.uint8)  # and freed
        self._last: tuple[object, tuple[Slots, Slots]] | None = None

    def to_device(self, values: FloatArray) -> DeviceArray:
        return _device(np.array(values, np.float32, order="C"))

    def to_numpy(self, values: DeviceArray) -> FloatArray:
        return _own(values).copy()

    def zeros_like(self, values: DeviceArray) -> DeviceArray:
        return _device(np.zeros_like(_own(values)))

    def clip(self, values: DeviceArray, low: float, high: float) -> DeviceArray:
        return _device(np.minimum(np.maximum(_own(values), np.float32(low)), np.float32(high)))

    def abs(self, values: DeviceArray) -> DeviceArray:
        return _device(np.abs(_own(values)))

    def exp(self, values: DeviceArray) -> DeviceArray:
        return _device(np.exp(_own(values)))

    def sqrt(self, values: DeviceArray) -> DeviceArray:
        return _device(np.sqrt(_own(values)))

    def sigmoid(self, values: DeviceArray) -> DeviceArray:
        half = np.float32(0.5)
        return _device(half + half * np.tanh(_own(values) * half))

    def maximum(self, a: DeviceArray, b: DeviceArray | float) -> DeviceArray:
        return _device(np.maximum(_own(a), _number(b)))

    def minimum(self, a: DeviceArray, b: DeviceArray | float) -> DeviceArray:
        return _device(np.minimum(_own(a), _number(b)))

    def at_least(self, a: DeviceArray, b: DeviceArray) -> DeviceArray:
        return _device((_own(a) >= _own(b)).astype(np.float32))

    def sum(self, values: DeviceArray, axes: tuple[int, ...]) -> DeviceArray:
        own = _own(values)
        if axes == (1,) and own.ndim == 4:
            return _device(_over_channels(own))
        if axes == tuple(range(1, own.ndim)):
            totals = own.reshape(len(own), -1).sum(axis=1)
            return _device(totals.reshape((-1,) + (1,) * len(axes)))
        return _device(own.sum(axis=axes, keepdims=True))

    def percentile(self, values: DeviceArray, percent: float) -> DeviceArray:
        rows = _own(values).reshape(values.shape[0], -1)
        below, above, between = ranks(percent, rows.shape[1])
        found = np.partition(rows, [below, above], axis=1)
        low, high = found[:, below], found[:, above]
        return _device((low + (high - low) * np.float32(between)).reshape(-1, 1, 1, 1))

    def blur(self, images: DeviceArray, sigma: float) -> DeviceArray:
        own = _own(images)
        height, width = own.shape[2:]
        wide = product(own.reshape(-1, width), blur_matrix(width, sigma)).reshape(own.shape)
        return _device(np.matmul(blur_matrix(height, sigma).T, wide))

    def matmul(self, a: DeviceArray, b: DeviceArray) -> DeviceArray:
        return _device(product(_own(a), _own(b)))

    def reshape(self, values: DeviceArray, shape: tuple[int, ...]) -> DeviceArray:
        return _device(_own(values).reshape(shape))

    def transpose(self, values: DeviceArray, axes: tuple[int, ...]) -> DeviceArray:
        return _device(np.ascontiguousarray(_own(values).transpose(axes)))

    def pad(self, images: DeviceArray, width: int, value: float) -> DeviceArray:
        batch, channels, height, wide = images.shape
        shape = (batch, channels, height + 2 * width, wide + 2 * width)
        padded = np.full(shape, value, np.float32)
        padded[:, :, width : width + height, width : width + wide] = _own(images)
        return _device(padded)

    def crop(self, images: DeviceArray, y: int, x: int, height: int, width: int) -> DeviceArray:
        cut = _own(images)[:, :, y : y + height, x : x + width]
        return _device(np.ascontiguousarray(cut))

    def uncrop(self, grads: DeviceArray, y: int, x: int, height: int, width: int) -> DeviceArray:
        whole = np.zeros((*grads.shape[:2], height, width), np.float32)
        whole[:, :, y : y + grads.shape[2], x : x + grads.shape[3]] = _own(grads)
        return _device(whole)

    def warp(self, images: DeviceArray, matrix: FloatArray) -> DeviceArray:
        return _device(_resample(self._moves(images, matrix)[0], images))

    def unwarp(self, grads: DeviceArray, matrix: FloatArray) -> DeviceArray:
        return _device(_resample(self._moves(grads, matrix)[1], grads))

    def adam(self, mean_decay: float, square_decay: float) -> AdamStep:
        moments: list[FloatArray] = []
        steps = 0

        def step(values: DeviceArray, gradient: DeviceArray, rate: float) -> DeviceArray:
            nonlocal steps
            steps += 1
            own = _own(gradient)
            if not moments:
                moments.extend(np.zeros_like(own) for _ in range(2))
            mean, square = moments
            mean *= np.float32(mean_decay)
            mean += own * np.float32(1 - mean_decay)
            square *= np.float32(square_decay)
            square += own * own * np.float32(1 - square_decay)
            shrink = adam_shrink(steps, mean_decay, square_decay)
            moved = mean / (np.sqrt(square) + np.float32(1e-8))
            moved *= np.float32(rate * shrink)
            moved += _own(values)
            return _device(moved)

        return step

    def _moves(self, images: DeviceArray, matrix: FloatArray) -> tuple[Slots, Slots]:
        """There and back. The last ones are kept, as an adjoint follows each move."""
        height, width = images.shape[2:]
        key = (height, width, matrix.tobytes())
        if self._last is None or self._last[0] != key:
            there = bilinear(height, width, matrix)
            self._last = key, (there, there.back())
        return self._last[1]


def product(a: FloatArray, b: FloatArray) -> FloatArray:
    """Of two matrices, (n, k) and (k, m), in pieces of rows."""
    rows = max(1, UNDIVIDED // max(1, b.size))
    if not rows < len(a) <= MOST_PIECES * rows:
        return a @ b
    found = np.empty((len(a), b.shape[1]), np.float32)
    for start in range(0, len(a), rows):
        np.matmul(a[start : start + rows], b, out=found[start : start + rows])
    return found


def _over_channels(values: FloatArray) -> FloatArray:
    """One after the other: for a few channels five times as fast as ``sum``."""
    if values.shape[1] > 8:
        whole: FloatArray = values.sum(axis=1, keepdims=True)
        return whole
    total = values[:, :1].copy()
    for channel in range(1, values.shape[1]):
        total += values[:, channel : channel + 1]
    return total


def _resample(slots: Slots, images: DeviceArray) -> FloatArray:
    batch, channels, height, width = images.shape
    planes = _own(images).reshape(batch * channels, height * width)
    return slots(planes).reshape(images.shape)


def _number(value: DeviceArray | float) -> FloatArray | np.float32:
    return np.float32(value) if isinstance(value, int | float) else _own(value)


def _own(values: DeviceArray) -> FloatArray:
    return cast(FloatArray, values)


def _device(values: FloatArray) -> DeviceArray:
    return cast(DeviceArray, values)
