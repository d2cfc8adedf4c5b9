"""Every operation, on any device and on the CPU, against the same one written out in NumPy."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

from tests.gluon.test_ops import ANSWERS, TURN, ask_ops, draw_noise
from vizframe.testing.ops import NumpyOps
from vizframe.torch.ops import Arithmetic, TorchHostOps, TorchOps

MADE: dict[str, Callable[[], Arithmetic]] = {
    "any device": lambda: TorchOps(torch.device("cpu")),
    "CPU": TorchHostOps,
}

on_each = pytest.mark.parametrize("made", MADE.values(), ids=list(MADE))


@on_each
@pytest.mark.parametrize("name", ANSWERS)
def test_each_operation_is_the_one_written_out_in_numpy(
    name: str, made: Callable[[], Arithmetic]
) -> None:
    for channels in (1, 3, 9):
        slow = ask_ops(NumpyOps(), ANSWERS[name], channels)
        fast = ask_ops(made(), ANSWERS[name], channels)
        assert fast.dtype == np.float32
        assert fast.shape == slow.shape
        assert fast == pytest.approx(slow, rel=1e-4, abs=1e-5)


@on_each
def test_no_operation_writes_into_what_it_is_given(made: Callable[[], Arithmetic]) -> None:
    for answer in ANSWERS.values():
        ops = made()
        given = [ops.to_device(draw_noise(3, seed)) for seed in (0, 1)]
        answer(ops, given[0], given[1])
        assert np.array_equal(ops.to_numpy(given[0]), draw_noise(3, 0))
        assert np.array_equal(ops.to_numpy(given[1]), draw_noise(3, 1))


@on_each
def test_adam_is_the_one_written_out_in_numpy(made: Callable[[], Arithmetic]) -> None:
    paths = []
    for ops in (NumpyOps(), made()):
        step = ops.adam(0.9, 0.999)
        values = ops.to_device(draw_noise(3, 0))
        for seed in range(6):
            values = step(values, ops.to_device(draw_noise(3, seed)), 0.05)
        paths.append(ops.to_numpy(values))
    assert paths[1] == pytest.approx(paths[0], abs=1e-5)


@on_each
@pytest.mark.parametrize("size", [1, 2, 16, 33])
def test_unwarp_is_the_adjoint_of_warp(size: int, made: Callable[[], Arithmetic]) -> None:
    ops, random = made(), np.random.default_rng(0)
    x, y = (random.normal(size=(2, 2, size, size)).astype(np.float32) for _ in range(2))
    there = (ops.to_numpy(ops.warp(ops.to_device(x), TURN)) * y).sum()
    back = (ops.to_numpy(ops.unwarp(ops.to_device(y), TURN)) * x).sum()
    assert there == pytest.approx(back, rel=1e-3, abs=1e-3)
