"""`Ops` for a model on the CPU: its arrays lie where NumPy can work on them.

A device array is a NumPy array here; an adapter adds how it comes from its framework's, and goes
back. One of MXNet's operations takes some 25 µs to begin, NumPy's 1 µs; waited for, on
(64, 3, 14, 14), two cores:

    product with a number      3 µs; MXNet 63 µs     ranks of values   160 µs; MXNet 510 µs
    sum over an image          8 µs; MXNet 72 µs     blur               35 µs; MXNet  88 µs
    sum over the channels      8 µs; MXNet 31 µs     Adam               49 µs; MXNet  66 µs
"""

from __future__ import annotations

import math
from contextlib import AbstractContextManager
from typing import cast

import numpy as np

from vizframe.graph.arithmetic import adam_shrink, blur_matrix, rank_of_least
from vizframe.graph.product import product
from vizframe.graph.resampling import Move, moves
from vizframe.graph.selection import value_of_rank
from vizframe.network import AdamStep, DeviceArray, FloatArray

LESSON = 31 << 20
"""Bytes of a block that glibc is shown once: from then on, memory of freed arrays up to this size
stays with the process. By itself it gives 600 kB back each time, and fetches it anew page by page,
which cost four times as much as the sums did. Freed, the block itself costs nothing."""


def ignore_float_warnings() -> AbstractContextManager[object]:
    """Inside, infinities and NaN are results, as on any device, and raise no warnings."""
    return np.errstate(all="ignore")


class HostOps:
    """Arithmetic on (batch, channel, y, x) in NumPy. No operation writes into its arguments."""

    def __init__(self) -> None:
        np.empty(LESSON, np.uint8)  # and freed
        self._last: tuple[object, tuple[Move, Move]] | None = None

    def to_device(self, values: FloatArray) -> DeviceArray:
        return _device(np.array(values, np.float32, order="C"))

    def to_numpy(self, values: DeviceArray) -> FloatArray:
        return _own(values).copy()

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

    def tanh(self, values: DeviceArray) -> DeviceArray:
        return _device(np.tanh(_own(values)))

    def maximum(self, a: DeviceArray, b: DeviceArray | float) -> DeviceArray:
        return _device(np.maximum(_own(a), _number(b)))

    def minimum(self, a: DeviceArray, b: DeviceArray | float) -> DeviceArray:
        return _device(np.minimum(_own(a), _number(b)))

    def sum(self, values: DeviceArray, axes: tuple[int, ...]) -> DeviceArray:
        own = _own(values)
        if axes == (1,) and own.ndim == 4:
            return _device(_over_channels(own))
        kept = own.ndim - len(axes)
        if axes == tuple(range(kept, own.ndim)):  # the last ones: as one, three times as fast
            totals = np.add.reduce(own.reshape(*own.shape[:kept], -1), axis=kept)
            return _device(totals.reshape(own.shape[:kept] + (1,) * len(axes)))
        return _device(own.sum(axis=axes, keepdims=True))

    def largest(self, values: DeviceArray, percent: float) -> DeviceArray:
        rows = _own(values).reshape(values.shape[0], -1)
        least = value_of_rank(rows, rank_of_least(percent, rows.shape[1]))
        found = np.empty(rows.shape, np.float32)
        np.greater_equal(rows, least, out=found)
        return _device(found.reshape(values.shape))

    def blur(self, images: DeviceArray, sigma: float) -> DeviceArray:
        own = _own(images)
        height, width = own.shape[2:]
        tall, wide = blur_matrix(height, sigma).T, blur_matrix(width, sigma)
        return _device(_between(own, tall, wide))

    def matmul(self, a: DeviceArray, b: DeviceArray) -> DeviceArray:
        return _device(product(_own(a), _own(b)))

    def separable(
        self, images: DeviceArray, rows: DeviceArray, columns: DeviceArray
    ) -> DeviceArray:
        return _device(_between(_own(images), _own(rows), _own(columns)))

    def mix(self, images: DeviceArray, matrix: DeviceArray) -> DeviceArray:
        own = _own(images)
        pixels = own.reshape(*own.shape[:2], -1)
        return _device(np.matmul(_own(matrix).T, pixels).reshape(own.shape))

    def reshape(self, values: DeviceArray, shape: tuple[int, ...]) -> DeviceArray:
        return _device(_own(values).reshape(shape))

    def warp(self, images: DeviceArray, matrix: FloatArray) -> DeviceArray:
        return _device(_resample(self._moves(images.shape, matrix)[0], _own(images)))

    def unwarp(self, grads: DeviceArray, matrix: FloatArray) -> DeviceArray:
        return _device(_resample(self._moves(grads.shape, matrix)[1], _own(grads)))

    def adam(self, mean_decay: float, square_decay: float) -> AdamStep:
        """The moments are sums of what has decayed, 1 / (1 − decay) times the means: each takes a
        multiplication less."""
        moments: list[FloatArray] = []
        steps = 0
        small = np.float32(1e-8 / math.sqrt(1 - square_decay))
        share = (1 - mean_decay) / math.sqrt(1 - square_decay)

        def step(
            values: DeviceArray, gradient: DeviceArray, rate: DeviceArray | float
        ) -> DeviceArray:
            nonlocal steps
            steps += 1
            own = _own(gradient)
            if not moments:
                moments.extend(np.zeros_like(own) for _ in range(2))
            mean, square = moments
            mean *= np.float32(mean_decay)
            mean += own
            work = own * own
            square *= np.float32(square_decay)
            square += work
            np.sqrt(square, out=work)
            work += small
            np.divide(mean, work, out=work)
            work *= _number(rate) * np.float32(share * adam_shrink(steps, mean_decay, square_decay))
            work += _own(values)
            return _device(work)

        return step

    def _moves(self, shape: tuple[int, ...], matrix: FloatArray) -> tuple[Move, Move]:
        """The move and its adjoint. The last two are kept, since an adjoint follows each move."""
        height, width = shape[2:]
        key = (height, width, matrix.tobytes())
        if self._last is None or self._last[0] != key:
            self._last = key, moves(height, width, matrix)
        return self._last[1]


def _over_channels(values: FloatArray) -> FloatArray:
    """The sum over the channels, one after the other: of a few, five times as fast as ``sum``."""
    if values.shape[1] == 1:
        return values
    if values.shape[1] > 8:
        whole: FloatArray = values.sum(axis=1, keepdims=True)
        return whole
    total = values[:, :1].copy()
    for channel in range(1, values.shape[1]):
        total += values[:, channel : channel + 1]
    return total


def _between(images: FloatArray, tall: FloatArray, wide: FloatArray) -> FloatArray:
    """The product tall · map · wide of each map."""
    height, width = images.shape[2:]
    across = product(images.reshape(-1, width), wide).reshape(-1, height, width)
    made: FloatArray = np.matmul(tall, across).reshape(images.shape)
    return made


def _resample(move: Move, images: FloatArray) -> FloatArray:
    height, width = images.shape[2:]
    return move(images.reshape(-1, height * width)).reshape(images.shape)


def _number(value: DeviceArray | float) -> FloatArray | np.float32:
    return np.float32(value) if isinstance(value, int | float) else _own(value)


def _own(values: DeviceArray) -> FloatArray:
    return cast(FloatArray, values)


def _device(values: FloatArray) -> DeviceArray:
    return cast(DeviceArray, values)
