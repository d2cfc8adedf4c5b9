"""`Ops` on MXNet: arithmetic that stays on the model's device; see `host` for those on the CPU.

A device array is an ``mx.nd.NDArray``. Its own ``+ − × ÷`` broadcast and never wait. What is not
written the plainest way was measured on (64, 3, 14, 14) and (8, 3, 224, 224), two cores:

    sum over all of an image   a product with ones     60 µs and 0.8 ms; ``sum`` 360 µs and 7 ms
    sum over the channels      a 1×1 convolution       19 µs and 0.1 ms; ``sum`` 460 µs and 16 ms
    blur                       two matrix products     90 µs and 15 ms; convolution 650 µs and 16 ms
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, cast

import numpy as np

from vizframe.gluon.compat import mx
from vizframe.graph.arithmetic import adam_shrink, blur_matrix, ranks
from vizframe.network import AdamStep, DeviceArray, FloatArray, Ops

NDArray = Any
"""``mx.nd.NDArray``; MXNet ships no types."""


class Arithmetic(Ops, Protocol):
    """`Ops`, and the way between its arrays and those that graphs read and write."""

    def give(self, values: DeviceArray, array: NDArray) -> None:
        """Copy the values into an array of their shape."""
        ...

    def take(self, array: NDArray) -> DeviceArray:
        """The array, which may be overwritten by the next pass through its graph."""
        ...

    def linked(self, array: NDArray) -> Linked:
        """An array of a graph that is run again and again, to be given and taken each time."""
        ...


class Linked(Protocol):
    """One array of MXNet's, for `Arithmetic.give` and `Arithmetic.take` again and again."""

    def give(self, values: DeviceArray, *, is_free: bool = False) -> None:
        """
        Args:
            is_free: whether nothing reads it any more, so that nothing is waited for.
        """
        ...

    def take(self) -> DeviceArray: ...


class DeviceLinked:
    """An array on a device, which stays there."""

    def __init__(self, array: NDArray) -> None:
        self._array = array

    def give(self, values: DeviceArray, *, is_free: bool = False) -> None:
        _own(values).copyto(self._array)

    def take(self) -> DeviceArray:
        return _device(self._array)


class GluonOps:
    """Arithmetic on (batch, channel, y, x) on one MXNet context."""

    def __init__(self, context: Any) -> None:
        self._context = context
        self._last_grid: tuple[object, NDArray] | None = None
        self._ones: dict[tuple[int, ...], NDArray] = {}
        self._blurs: dict[tuple[int, float], NDArray] = {}

    def give(self, values: DeviceArray, array: NDArray) -> None:
        _own(values).copyto(array)

    def take(self, array: NDArray) -> DeviceArray:
        return _device(array)

    def linked(self, array: NDArray) -> Linked:
        return DeviceLinked(array)

    def to_device(self, values: FloatArray) -> DeviceArray:
        return _device(mx.nd.array(values, ctx=self._context, dtype=np.float32))

    def to_numpy(self, values: DeviceArray) -> FloatArray:
        return cast(FloatArray, _own(values).asnumpy())

    def clip(
        self, values: DeviceArray, low: DeviceArray | float, high: DeviceArray | float
    ) -> DeviceArray:
        if isinstance(low, int | float) and isinstance(high, int | float):
            return _device(mx.nd.clip(_own(values), low, high))
        return self.minimum(self.maximum(values, low), high)

    def abs(self, values: DeviceArray) -> DeviceArray:
        return _device(mx.nd.abs(_own(values)))

    def tanh(self, values: DeviceArray) -> DeviceArray:
        return _device(mx.nd.tanh(_own(values)))

    def maximum(self, a: DeviceArray, b: DeviceArray | float) -> DeviceArray:
        return _device(mx.nd.maximum(a, b))

    def minimum(self, a: DeviceArray, b: DeviceArray | float) -> DeviceArray:
        return _device(mx.nd.minimum(a, b))

    def sum(self, values: DeviceArray, axes: tuple[int, ...]) -> DeviceArray:
        shape, own = tuple(values.shape), _own(values)
        if axes == tuple(range(1, len(shape))):
            flat = own.reshape((shape[0], -1))
            total = mx.nd.dot(flat, self._of_ones((flat.shape[1], 1)))
            return _device(total.reshape((shape[0],) + (1,) * len(axes)))
        if axes == (1,) and len(shape) == 4:
            return _device(self._over_channels(own))
        return _device(mx.nd.sum(own, axis=axes, keepdims=True))

    def largest(self, values: DeviceArray, percent: float) -> DeviceArray:
        rows = _own(values).reshape((values.shape[0], -1))
        below, above, share = ranks(percent, rows.shape[1])
        between = round(share, 12)  # MXNet refuses numbers too small for float32
        places = mx.nd.array([below, above], ctx=self._context)
        ranked = mx.nd.take(mx.nd.sort(rows, axis=1), places, axis=1)
        low = mx.nd.slice_axis(ranked, axis=1, begin=0, end=1)
        high = mx.nd.slice_axis(ranked, axis=1, begin=1, end=2)
        chosen = mx.nd.broadcast_greater_equal(rows, low + (high - low) * between)
        return _device(chosen.reshape(values.shape))

    def blur(self, images: DeviceArray, sigma: float) -> DeviceArray:
        wide = mx.nd.dot(_own(images), self._blur(images.shape[3], sigma))
        tall = mx.nd.dot(_upright(wide), self._blur(images.shape[2], sigma))
        return _device(_upright(tall))

    def matmul(self, a: DeviceArray, b: DeviceArray) -> DeviceArray:
        return _device(mx.nd.dot(_own(a), _own(b)))

    def separable(
        self, images: DeviceArray, rows: DeviceArray, columns: DeviceArray
    ) -> DeviceArray:
        wide = mx.nd.dot(_own(images), _own(columns))
        tall = mx.nd.dot(_upright(wide), mx.nd.transpose(_own(rows)))
        return _device(_upright(tall))

    def mix(self, images: DeviceArray, matrix: DeviceArray) -> DeviceArray:
        last = mx.nd.transpose(_own(images), (0, 2, 3, 1))
        return _device(mx.nd.transpose(mx.nd.dot(last, _own(matrix)), (0, 3, 1, 2)))

    def reshape(self, values: DeviceArray, shape: tuple[int, ...]) -> DeviceArray:
        return _device(_own(values).reshape(shape))

    def warp(self, images: DeviceArray, matrix: FloatArray) -> DeviceArray:
        return _device(_roomy(self._sample, _own(images), matrix))

    def unwarp(self, grads: DeviceArray, matrix: FloatArray) -> DeviceArray:
        return _device(_roomy(self._scatter, _own(grads), matrix))

    def adam(self, mean_decay: float, square_decay: float) -> AdamStep:
        """Adam as MXNet's fused update: one operation, where the formula takes 14."""
        moments: list[NDArray] = []
        steps = 0

        def step(
            values: DeviceArray, gradient: DeviceArray, rate: DeviceArray | float
        ) -> DeviceArray:
            nonlocal steps
            steps += 1
            if not moments:
                moments.extend(mx.nd.zeros_like(_own(values)) for _ in range(2))
            shrink = adam_shrink(steps, mean_decay, square_decay)
            if isinstance(rate, int | float):
                return update(_own(values), _own(gradient), -rate * shrink)
            unit = update(mx.nd.zeros_like(_own(values)), _own(gradient), -shrink)
            return unit * rate + values

        def update(values: NDArray, gradient: NDArray, rate: float) -> DeviceArray:
            decays = {"beta1": mean_decay, "beta2": square_decay}
            return _device(
                mx.nd.adam_update(values, gradient, *moments, lr=rate, epsilon=1e-8, **decays)
            )

        return step

    def _sample(self, images: NDArray, matrix: FloatArray) -> NDArray:
        return mx.nd.BilinearSampler(images, self._grid(images.shape, matrix))

    def _scatter(self, grads: NDArray, matrix: FloatArray) -> NDArray:
        """The sampler is linear, so its own backward pass, taken anywhere, is the adjoint."""
        images = mx.nd.zeros_like(grads)
        images.attach_grad()
        grid = self._grid(grads.shape, matrix)
        with mx.autograd.record():
            shown = mx.nd.BilinearSampler(images, grid)
        shown.backward(grads)
        return images.grad

    def _grid(self, shape: tuple[int, ...], matrix: FloatArray) -> NDArray:
        """Where each pixel is read. The last one is kept, as an adjoint follows each move."""
        key = (tuple(shape), matrix.tobytes())
        if self._last_grid is None or self._last_grid[0] != key:
            self._last_grid = key, self._fresh_grid(shape, matrix)
        return self._last_grid[1]

    def _fresh_grid(self, shape: tuple[int, ...], matrix: FloatArray) -> NDArray:
        """Where each pixel is read, in MXNet's coordinates: −1 … 1 from first to last centre."""
        batch, _, height, width = shape
        half = np.array([(width - 1) / 2, (height - 1) / 2])
        scaled = np.array(matrix, np.float64)
        scaled[:, :2] *= half[None]
        scaled /= half[:, None]
        rows = mx.nd.array(np.tile(scaled.reshape(1, 6), (batch, 1)), ctx=self._context)
        return mx.nd.GridGenerator(rows, transform_type="affine", target_shape=(height, width))

    def _over_channels(self, values: NDArray) -> NDArray:
        channels = values.shape[1]
        if channels == 1:
            return values
        ones = self._of_ones((1, channels, 1, 1))
        return mx.nd.Convolution(values, ones, kernel=(1, 1), num_filter=1, no_bias=True)

    def _of_ones(self, shape: tuple[int, ...]) -> NDArray:
        if shape not in self._ones:
            self._ones[shape] = mx.nd.ones(shape, ctx=self._context)
        return self._ones[shape]

    def _blur(self, size: int, sigma: float) -> NDArray:
        if (size, sigma) not in self._blurs:
            matrix = blur_matrix(size, sigma)
            self._blurs[size, sigma] = mx.nd.array(matrix, ctx=self._context)
        return self._blurs[size, sigma]


def _own(values: DeviceArray) -> NDArray:
    return cast(NDArray, values)


def _device(values: NDArray) -> DeviceArray:
    return cast(DeviceArray, values)


def _upright(images: NDArray) -> NDArray:
    return mx.nd.transpose(images, (0, 1, 3, 2))


def _roomy(
    move: Callable[[NDArray, FloatArray], NDArray], images: NDArray, matrix: FloatArray
) -> NDArray:
    """The move of images; those a single pixel high or wide, which MXNet's coordinates cannot
    tell places of, get a frame of zeros for it, which is taken off again."""
    if 1 not in images.shape[2:]:
        return move(images, matrix)
    edges = (0, 0, 0, 0, 1, 1, 1, 1)  # before and after along each axis
    moved = move(mx.nd.pad(images, mode="constant", pad_width=edges, constant_value=0.0), matrix)
    return mx.nd.slice(moved, begin=(None, None, 1, 1), end=(None, None, -1, -1))
