"""Every operation, on any device and on the CPU, against the same one written out in NumPy."""

from __future__ import annotations

import gc
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from scipy.ndimage import gaussian_filter

from vizframe.gluon.arrays.host import GluonHostOps
from vizframe.gluon.arrays.ops import Arithmetic, GluonOps
from vizframe.gluon.compat import mx
from vizframe.graph.host import product
from vizframe.network import DeviceArray, FloatArray, Ops
from vizframe.testing.ops import NumpyOps

Made = Callable[[object], Arithmetic]

MADE: dict[str, Made] = {"any device": GluonOps, "CPU": lambda _: GluonHostOps()}

on_each = pytest.mark.parametrize("made", MADE.values(), ids=list(MADE))

Answer = Callable[[Ops, DeviceArray, DeviceArray], DeviceArray]

TURN = np.array([[1.02, 0.15, 2.3], [-0.15, 1.02, -1.0]], np.float32)

ANSWERS: dict[str, Answer] = {
    "zeros_like": lambda ops, a, b: ops.zeros_like(a),
    "clip": lambda ops, a, b: ops.clip(a, -0.5, 0.25),
    "abs": lambda ops, a, b: ops.abs(a),
    "exp": lambda ops, a, b: ops.exp(a),
    "sqrt": lambda ops, a, b: ops.sqrt(ops.abs(a)),
    "sigmoid": lambda ops, a, b: ops.sigmoid(a * 9.0),
    "maximum": lambda ops, a, b: ops.maximum(a, b),
    "maximum of a number": lambda ops, a, b: ops.maximum(a, 0.1),
    "minimum": lambda ops, a, b: ops.minimum(a, ops.sum(b, (1,))),
    "minimum of a number": lambda ops, a, b: ops.minimum(a, 0.1),
    "at_least": lambda ops, a, b: ops.at_least(a, ops.sum(b, (1,))),
    "at_least of itself": lambda ops, a, b: ops.at_least(a, a),
    "sum over the image": lambda ops, a, b: ops.sum(a, (1, 2, 3)),
    "sum over channels": lambda ops, a, b: ops.sum(a, (1,)),
    "sum over places": lambda ops, a, b: ops.sum(a, (2, 3)),
    "percentile 0": lambda ops, a, b: ops.percentile(a, 0),
    "percentile 37.5": lambda ops, a, b: ops.percentile(a, 37.5),
    "percentile 100": lambda ops, a, b: ops.percentile(a, 100),
    "blur": lambda ops, a, b: ops.blur(a, 1.0),
    "blur half a pixel": lambda ops, a, b: ops.blur(a, 0.5),
    "blur wider than the image": lambda ops, a, b: ops.blur(a, 6.0),
    "matmul": lambda ops, a, b: ops.matmul(ops.reshape(a, (-1, 42)), ops.reshape(b, (42, -1))),
    "transpose": lambda ops, a, b: ops.transpose(a, (0, 2, 3, 1)),
    "pad": lambda ops, a, b: ops.pad(a, 2, 0.5),
    "crop": lambda ops, a, b: ops.crop(a, 1, 2, 3, 4),
    "uncrop": lambda ops, a, b: ops.uncrop(a, 1, 2, 9, 11),
    "warp": lambda ops, a, b: ops.warp(a, TURN),
    "unwarp": lambda ops, a, b: ops.unwarp(a, TURN),
    "arithmetic": lambda ops, a, b: 1.0 - (2.0 * a - b / 4.0) * -a + (1.0 + b),
}


def draw_noise(channels: int, seed: int) -> FloatArray:
    values = np.random.default_rng(seed).normal(size=(3, channels, 6, 7))
    return values.astype(np.float32)


def ask_ops(ops: Ops, answer: Answer, channels: int) -> FloatArray:
    return ops.to_numpy(
        answer(ops, *(ops.to_device(draw_noise(channels, seed)) for seed in (0, 1)))
    )


@on_each
@pytest.mark.parametrize("channels", [1, 3, 9])
@pytest.mark.parametrize("name", ANSWERS)
def test_each_operation_is_the_one_written_out_in_numpy(
    name: str, channels: int, made: Made
) -> None:
    slow = ask_ops(NumpyOps(), ANSWERS[name], channels)
    fast = ask_ops(made(mx.cpu()), ANSWERS[name], channels)
    assert fast.dtype == np.float32
    assert fast.shape == slow.shape
    assert fast == pytest.approx(slow, rel=1e-4, abs=1e-5)


@on_each
@settings(deadline=None)  # MXNet's first calls take long
@given(
    values=arrays(
        np.float32,
        array_shapes(min_dims=4, max_dims=4, max_side=6),
        elements=st.floats(-1e6, 1e6, width=32),
    ),
    percent=st.floats(0, 100),
)
def test_a_percentile_is_exact_also_of_ties_and_single_pixels(
    made: Made, values: FloatArray, percent: float
) -> None:
    wanted = np.percentile(values.reshape(len(values), -1).astype(np.float64), percent, axis=1)
    ops = made(mx.cpu())
    found = ops.to_numpy(ops.percentile(ops.to_device(values), percent))
    assert found.shape == (len(values), 1, 1, 1)
    assert found.ravel() == pytest.approx(wanted, rel=1e-5, abs=1e-4)


@on_each
@settings(deadline=None)  # MXNet's first calls take long
@given(
    height=st.integers(1, 9),
    width=st.integers(1, 9),
    sigma=st.floats(0.1, 8),
    seed=st.integers(0, 99),
)
def test_a_blur_keeps_the_mean_and_is_that_of_scipy(
    made: Made, height: int, width: int, sigma: float, seed: int
) -> None:
    images = np.random.default_rng(seed).normal(size=(2, 3, height, width)).astype(np.float32)
    ops = made(mx.cpu())
    found = ops.to_numpy(ops.blur(ops.to_device(images), sigma))
    wanted = gaussian_filter(images.astype(np.float64), (0, 0, sigma, sigma), mode="reflect")
    assert found == pytest.approx(wanted, rel=1e-4, abs=1e-5)
    assert found.mean() == pytest.approx(images.mean(), abs=1e-5)


@on_each
@settings(deadline=None)  # MXNet's first calls take long
@given(
    size=st.tuples(st.integers(1, 7), st.integers(1, 7)),
    matrix=arrays(np.float32, (2, 3), elements=st.floats(-2, 2, width=32)),
)
def test_warp_reads_where_the_matrix_says(
    made: Made, size: tuple[int, int], matrix: FloatArray
) -> None:
    images = np.random.default_rng(0).normal(size=(2, 2, *size)).astype(np.float32)
    slow, fast = NumpyOps(), made(mx.cpu())
    wanted = slow.to_numpy(slow.warp(slow.to_device(images), matrix))
    found = fast.to_numpy(fast.warp(fast.to_device(images), matrix))
    assert found == pytest.approx(wanted, rel=1e-3, abs=1e-3)


@on_each
@pytest.mark.parametrize("name", ANSWERS)
def test_no_operation_writes_into_what_it_is_given(name: str, made: Made) -> None:
    ops = made(mx.cpu())
    given = [ops.to_device(draw_noise(3, seed)) for seed in (0, 1)]
    ANSWERS[name](ops, given[0], given[1])
    mx.nd.waitall()
    assert np.array_equal(ops.to_numpy(given[0]), draw_noise(3, 0))
    assert np.array_equal(ops.to_numpy(given[1]), draw_noise(3, 1))


@on_each
def test_adam_is_the_one_written_out_in_numpy_and_each_has_its_own_moments(made: Made) -> None:
    for _ in range(2):
        paths = []
        for ops in (NumpyOps(), made(mx.cpu())):
            step = ops.adam(0.9, 0.999)
            values = ops.to_device(draw_noise(3, 0))
            for seed in range(6):
                values = step(values, ops.to_device(draw_noise(3, seed)), 0.05)
            paths.append(ops.to_numpy(values))
        assert paths[1] == pytest.approx(paths[0], abs=1e-5)


@on_each
@pytest.mark.parametrize("size", [1, 2, 16, 33])
def test_unwarp_is_the_adjoint_of_warp(size: int, made: Made) -> None:
    ops = made(mx.cpu())
    random = np.random.default_rng(0)
    x, y = (random.normal(size=(2, 2, size, size)).astype(np.float32) for _ in range(2))
    there = (ops.to_numpy(ops.warp(ops.to_device(x), TURN)) * y).sum()
    back = (ops.to_numpy(ops.unwarp(ops.to_device(y), TURN)) * x).sum()
    assert there == pytest.approx(back, rel=1e-3, abs=1e-3)


@on_each
def test_an_image_of_one_pixel_can_be_moved(made: Made) -> None:
    image = np.full((1, 1, 1, 1), 2.0, np.float32)
    half = np.array([[1, 0, 0.5], [0, 1, 0]], np.float32)
    ops = made(mx.cpu())
    assert ops.to_numpy(ops.warp(ops.to_device(image), half)) == pytest.approx(image / 2)


@on_each
def test_unwarp_leaves_recording_and_mode_as_they_were(made: Made) -> None:
    ops = made(mx.cpu())
    ops.unwarp(ops.to_device(draw_noise(1, 0)), TURN)
    assert not mx.autograd.is_recording()
    assert not mx.autograd.is_training()


@pytest.mark.parametrize("rows", [1, 3, 300, 5000, 200_000])
def test_a_product_in_pieces_is_the_product(rows: int) -> None:
    random = np.random.default_rng(0)
    a, b = (random.normal(size=shape).astype(np.float32) for shape in ((rows, 14), (14, 9)))
    assert product(a, b) == pytest.approx(a @ b, rel=1e-4, abs=1e-5)


@on_each
def test_what_is_taken_of_an_array_outlives_it(made: Made) -> None:
    ops, array = made(mx.cpu()), mx.nd.array(draw_noise(3, 0))
    taken = ops.take(array)
    del array
    gc.collect()
    mx.nd.zeros((3, 3, 6, 7)).wait_to_read()  # what would lie there next
    assert np.array_equal(ops.to_numpy(taken), draw_noise(3, 0))


@on_each
def test_values_are_given_to_an_array_that_is_there(made: Made) -> None:
    ops, array = made(mx.cpu()), mx.nd.zeros((3, 3, 6, 7))
    ops.give(ops.to_device(draw_noise(3, 0)), array)
    assert np.array_equal(array.asnumpy(), draw_noise(3, 0))


def test_an_array_of_half_precision_is_taken_as_float32() -> None:
    taken = GluonHostOps().take(mx.nd.ones((2, 2), dtype="float16"))
    assert GluonHostOps().to_numpy(taken).dtype == np.float32
