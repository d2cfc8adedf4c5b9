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
from vizframe.graph.resampling import Slots, moves
from vizframe.network import AdamStep, DeviceArray, FloatArray

UNDIVIDED = 1 << 18
"""Multiplications up to which OpenBLAS leaves a matrix product to one thread."""

LESSON = 31 << 20
"""Bytes of a block that glibc is shown once: from then on, memory of freed arrays up to this size
stays with the process. By itself it gives 600 kB back each time, and fetches it anew page by page,
which cost four times as much as the sums did. Freed, the block itself costs nothing."""

TURNED_BATCH, TURNED_PIXELS = 16, 64 * 64
"""From so many images up, of so many pixels at most, those that go through matrix products lie
pixel by pixel: see `is_turned`."""

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
        self._moved_last = False

    def to_device(self, values: FloatArray) -> DeviceArray:
        return _device(np.array(values, np.float32, order="C"))

    def to_numpy(self, values: DeviceArray) -> FloatArray:
        return _own(values).copy()

    def zeros_like(self, values: DeviceArray) -> DeviceArray:
        return _device(np.zeros_like(_own(values)))

    def clip(
        self, values: DeviceArray, low: DeviceArray | float, high: DeviceArray | float
    ) -> DeviceArray:
        own, bottom, top = _own(values), _number(low), _number(high)
        if bottom.ndim or top.ndim:  # of arrays NumPy's own clip takes three times as long
            cut = np.maximum(own, bottom)
            return _device(np.minimum(cut, top, out=cut))
        return _device(own.clip(bottom, top))

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
        own, other = _own(a), _own(b)
        found = np.empty(np.broadcast_shapes(own.shape, other.shape), np.float32)
        return _device(np.greater_equal(own, other, out=found))

    def sum(self, values: DeviceArray, axes: tuple[int, ...]) -> DeviceArray:
        own = _own(values)
        if axes == (1,) and own.ndim == 4:
            return _device(_over_channels(own))
        kept = own.ndim - len(axes)
        if axes == tuple(range(kept, own.ndim)):  # the last ones: as one, three times as fast
            totals = own.reshape(*own.shape[:kept], -1).sum(axis=kept)
            return _device(totals.reshape(own.shape[:kept] + (1,) * len(axes)))
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

    def separable(
        self, images: DeviceArray, rows: DeviceArray, columns: DeviceArray
    ) -> DeviceArray:
        own, tall, wide = _own(images), _own(rows), _own(columns)
        batch, channels, height, width = own.shape
        if not is_turned(own) and not (batch >= TURNED_BATCH and height * width <= TURNED_PIXELS):
            across = product(own.reshape(-1, width), wide).reshape(own.shape)
            return _device(np.matmul(tall, across))
        lines = turned(own).reshape(channels, height, width * batch)
        made = np.stack([left_product(tall, each) for each in lines])
        made = np.matmul(wide.T, made.reshape(channels, height, width, batch))
        return _device(made.transpose(3, 0, 1, 2))

    def mix(self, images: DeviceArray, matrix: DeviceArray) -> DeviceArray:
        own, mixing = _own(images), _own(matrix).T
        batch, channels, height, width = own.shape
        if not is_turned(own):
            pixels = own.reshape(batch, channels, height * width)
            return _device(np.matmul(mixing, pixels).reshape(own.shape))
        mixed = left_product(mixing, turned(own).reshape(channels, -1))
        return _device(mixed.reshape(channels, height, width, batch).transpose(3, 0, 1, 2))

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
        own = _own(images)
        self._moved_last = is_turned(own)
        return _device(_resample(self._moves(own, matrix)[0], own, turn=self._moved_last))

    def unwarp(self, grads: DeviceArray, matrix: FloatArray) -> DeviceArray:
        own = _own(grads)
        return _device(_resample(self._moves(own, matrix)[1], own, turn=self._moved_last))

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
            work = own * np.float32(1 - mean_decay)
            mean += work
            square *= np.float32(square_decay)
            np.multiply(own, own, out=work)
            work *= np.float32(1 - square_decay)
            square += work
            np.sqrt(square, out=work)
            work += np.float32(1e-8)
            np.divide(mean, work, out=work)
            work *= np.float32(rate * adam_shrink(steps, mean_decay, square_decay))
            work += _own(values)
            return _device(work)

        return step

    def _moves(self, images: FloatArray, matrix: FloatArray) -> tuple[Slots, Slots]:
        """There and back. The last ones are kept, as an adjoint follows each move."""
        height, width = images.shape[2:]
        key = (height, width, matrix.tobytes())
        if self._last is None or self._last[0] != key:
            self._last = key, moves(height, width, matrix)
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


def left_product(a: FloatArray, b: FloatArray) -> FloatArray:
    """Of two matrices, (n, k) and (k, m), in pieces of columns."""
    columns = max(1, UNDIVIDED // max(1, a.size))
    found = np.empty((len(a), b.shape[1]), np.float32)
    for start in range(0, b.shape[1], columns):
        part = slice(start, start + columns)
        np.matmul(a, b[:, part], out=found[:, part])
    return found


def is_turned(images: FloatArray) -> bool:
    """Whether the images lie pixel by pixel, the batch innermost: then moves and matrix products
    of small images need no turning, and arithmetic keeps them so."""
    last = images.transpose(1, 2, 3, 0)
    return images.shape[0] > 1 and last.flags.c_contiguous and not images.flags.c_contiguous


def turned(images: FloatArray) -> FloatArray:
    """As (channel, y, x, batch), in order."""
    return np.ascontiguousarray(images.transpose(1, 2, 3, 0))


def _resample(slots: Slots, images: FloatArray, *, turn: bool) -> FloatArray:
    """
    Args:
        turn: whether the result shall lie pixel by pixel.
    """
    batch, channels, height, width = images.shape
    if turn:
        rows = turned(images).reshape(channels, height * width, batch)
        return slots.of_rows(rows).reshape(channels, height, width, batch).transpose(3, 0, 1, 2)
    planes = images.reshape(batch * channels, height * width)
    return slots(planes).reshape(images.shape)


def _number(value: DeviceArray | float) -> FloatArray | np.float32:
    return np.float32(value) if isinstance(value, int | float) else _own(value)


def _own(values: DeviceArray) -> FloatArray:
    return cast(FloatArray, values)


def _device(values: FloatArray) -> DeviceArray:
    return cast(DeviceArray, values)
