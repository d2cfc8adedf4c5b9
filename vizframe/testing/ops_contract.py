"""The exam of an adapter's `Ops`: every operation against the same one written out in NumPy.

class TestMine(OpsContract):
    def made(self) -> Ops:
        return MyOps()
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from vizframe.network import DeviceArray, FloatArray, Ops
from vizframe.testing.ops import NumpyOps

Answer = Callable[[Ops, DeviceArray, DeviceArray], DeviceArray]

TURN = np.array([[1.02, 0.15, 2.3], [-0.15, 1.02, -1.0]], np.float32)

ANSWERS: dict[str, Answer] = {
    "clip": lambda ops, a, b: ops.clip(a, -0.5, 0.25),
    "clip per image": lambda ops, a, b: ops.clip(
        a, -ops.abs(ops.sum(b, (1, 2, 3))), ops.abs(ops.sum(b, (1,)))
    ),
    "abs": lambda ops, a, b: ops.abs(a),
    "tanh": lambda ops, a, b: ops.tanh(a * 9.0),
    "maximum": lambda ops, a, b: ops.maximum(a, b),
    "maximum of a number": lambda ops, a, b: ops.maximum(a, 0.1),
    "minimum": lambda ops, a, b: ops.minimum(a, ops.sum(b, (1,))),
    "minimum of a number": lambda ops, a, b: ops.minimum(a, 0.1),
    "sum over the image": lambda ops, a, b: ops.sum(a, (1, 2, 3)),
    "sum over channels": lambda ops, a, b: ops.sum(a, (1,)),
    "sum over places": lambda ops, a, b: ops.sum(a, (2, 3)),
    "largest 0": lambda ops, a, b: ops.largest(ops.abs(a), 0),
    "largest 37.5": lambda ops, a, b: ops.largest(ops.abs(a), 37.5),
    "largest of one channel": lambda ops, a, b: ops.largest(ops.sum(a * a, (1,)), 80),
    "largest 100": lambda ops, a, b: ops.largest(ops.abs(a), 100),
    "largest of ties": lambda ops, a, b: ops.largest(ops.clip(a, 0.0, 0.25), 50),
    "blur": lambda ops, a, b: ops.blur(a, 1.0),
    "blur half a pixel": lambda ops, a, b: ops.blur(a, 0.5),
    "blur wider than the image": lambda ops, a, b: ops.blur(a, 6.0),
    "matmul": lambda ops, a, b: ops.matmul(ops.reshape(a, (-1, 42)), ops.reshape(b, (42, -1))),
    "separable": lambda ops, a, b: ops.separable(
        a, ops.to_device(draw_matrix(6)), ops.to_device(draw_matrix(7))
    ),
    "mix": lambda ops, a, b: ops.mix(a, ops.to_device(draw_matrix(a.shape[1]))),
    "warp": lambda ops, a, b: ops.warp(a, TURN),
    "unwarp": lambda ops, a, b: ops.unwarp(a, TURN),
    "arithmetic": lambda ops, a, b: 1.0 - (2.0 * a - b / 4.0) * -a + (1.0 + b),
    "arithmetic in place": lambda ops, a, b: in_place(a * b, ops.sum(a, (1,)), b),
}


def in_place(fresh: DeviceArray, broadcast: DeviceArray, other: DeviceArray) -> DeviceArray:
    """What may be written into, multiplied, added to, and multiplied by a number."""
    fresh *= broadcast
    fresh += other
    fresh *= 0.5
    return fresh


def rate_of(ops: Ops, rate: float | list[float]) -> DeviceArray | float:
    """A number, or one per channel."""
    if isinstance(rate, float):
        return rate
    return ops.to_device(np.asarray(rate, np.float32).reshape(1, -1, 1, 1))


def transform_rows(ops: Ops, images: DeviceArray) -> DeviceArray:
    """A product with all channels in one column, of images of 5 × 7 pixels."""
    batch, channels, height, width = images.shape
    column = ops.reshape(images, (batch, 1, channels * height, width))
    rows, columns = (ops.to_device(draw_matrix(each) / 4) for each in (channels * height, width))
    return ops.reshape(ops.separable(column, rows, columns), images.shape)


def draw_noise(channels: int, seed: int) -> FloatArray:
    values = np.random.default_rng(seed).normal(size=(3, channels, 6, 7))
    return values.astype(np.float32)


def draw_matrix(size: int) -> FloatArray:
    return np.random.default_rng(size).normal(size=(size, size)).astype(np.float32)


def ask_ops(ops: Ops, answer: Answer, channels: int) -> FloatArray:
    return ops.to_numpy(
        answer(ops, *(ops.to_device(draw_noise(channels, seed)) for seed in (0, 1)))
    )


class OpsContract:
    """See the module."""

    def made(self) -> Ops:
        """The arithmetic that is examined."""
        raise NotImplementedError

    @pytest.mark.parametrize("channels", [1, 3, 9])
    @pytest.mark.parametrize("name", ANSWERS)
    def test_each_operation_is_the_one_written_out_in_numpy(self, name: str, channels: int) -> None:
        slow = ask_ops(NumpyOps(), ANSWERS[name], channels)
        fast = ask_ops(self.made(), ANSWERS[name], channels)
        assert fast.dtype == np.float32
        assert fast.shape == slow.shape
        assert fast == pytest.approx(slow, rel=1e-4, abs=1e-5)

    @pytest.mark.parametrize("name", ANSWERS)
    def test_no_operation_writes_into_what_it_is_given(self, name: str) -> None:
        ops = self.made()
        given = [ops.to_device(draw_noise(3, seed)) for seed in (0, 1)]
        ops.to_numpy(ANSWERS[name](ops, given[0], given[1]))
        for seed, each in enumerate(given):
            assert np.array_equal(ops.to_numpy(each), draw_noise(3, seed))

    @pytest.mark.parametrize("rate", [0.05, [0.05, 0.1, 0.2]])
    def test_adam_is_the_one_written_out_in_numpy_and_each_has_its_own_moments(
        self, rate: float | list[float]
    ) -> None:
        for _ in range(2):
            paths = []
            for ops in (NumpyOps(), self.made()):
                step = ops.adam(0.9, 0.999)
                values = ops.to_device(draw_noise(3, 0))
                given = rate_of(ops, rate)
                for seed in range(6):
                    values = step(values, ops.to_device(draw_noise(3, seed)), given)
                paths.append(ops.to_numpy(values))
            assert paths[1] == pytest.approx(paths[0], abs=1e-5)

    def test_many_small_images_come_to_the_same_as_they_are_moved_and_mixed_in_turn(self) -> None:
        noise = np.random.default_rng(0).normal(size=(2, 20, 3, 5, 7)).astype(np.float32)
        paths = []
        for ops in (NumpyOps(), self.made()):
            values, gradient = (ops.to_device(each) for each in noise)
            step = ops.adam(0.9, 0.999)
            for _ in range(3):
                moved = ops.tanh(ops.warp(transform_rows(ops, values), TURN))
                pulled = transform_rows(ops, ops.unwarp(moved * gradient, TURN))
                values = ops.blur(step(values, pulled, rate_of(ops, [0.5, 1.0, 2.0])), 0.7)
                values = ops.clip(values, -1.5, rate_of(ops, [1.0, 2.0, 3.0]))
            paths.append(ops.to_numpy(values * ops.largest(ops.abs(ops.sum(values, (1,))), 30)))
        assert (np.abs(paths[1] - paths[0]) > 1e-3).mean() < 0.01

    @pytest.mark.parametrize("size", [1, 2, 16, 33])
    def test_unwarp_is_the_adjoint_of_warp(self, size: int) -> None:
        ops, random = self.made(), np.random.default_rng(0)
        x, y = (random.normal(size=(2, 2, size, size)).astype(np.float32) for _ in range(2))
        there = (ops.to_numpy(ops.warp(ops.to_device(x), TURN)) * y).sum()
        back = (ops.to_numpy(ops.unwarp(ops.to_device(y), TURN)) * x).sum()
        assert there == pytest.approx(back, rel=1e-3, abs=1e-3)

    def test_an_image_of_one_pixel_can_be_moved(self) -> None:
        image = np.full((1, 1, 1, 1), 2.0, np.float32)
        half = np.array([[1, 0, 0.5], [0, 1, 0]], np.float32)
        ops = self.made()
        assert ops.to_numpy(ops.warp(ops.to_device(image), half)) == pytest.approx(image / 2)
