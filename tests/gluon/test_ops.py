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
from vizframe.graph import selection
from vizframe.graph.product import product
from vizframe.network import FloatArray, Ops
from vizframe.testing.ops import NumpyOps
from vizframe.testing.ops_contract import TURN, OpsContract, draw_noise

Made = Callable[[object], Arithmetic]

MADE: dict[str, Made] = {"any device": GluonOps, "CPU": lambda _: GluonHostOps()}

on_each = pytest.mark.parametrize("made", MADE.values(), ids=list(MADE))


class TestAnyDevice(OpsContract):
    def made(self) -> Ops:
        return GluonOps(mx.cpu())


class TestHost(OpsContract):
    def made(self) -> Ops:
        return GluonHostOps()


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
def test_unwarp_leaves_recording_and_mode_as_they_were(made: Made) -> None:
    ops = made(mx.cpu())
    ops.unwarp(ops.to_device(draw_noise(1, 0)), TURN)
    assert not mx.autograd.is_recording()
    assert not mx.autograd.is_training()


@pytest.mark.parametrize(
    ("rows", "depth", "columns"),
    [(1, 14, 9), (300, 14, 9), (5000, 14, 9), (200_000, 14, 9), (64, 1153, 128), (64, 0, 3)],
)
def test_a_product_in_pieces_is_the_product(rows: int, depth: int, columns: int) -> None:
    random = np.random.default_rng(0)
    shapes = (rows, depth), (depth, columns)
    a, b = (random.normal(size=shape).astype(np.float32) for shape in shapes)
    into = np.full((rows, columns + 2), np.nan, np.float32)[:, 1:-1]
    for found in (product(a, b), product(a, b, into)):
        np.testing.assert_allclose(found, a @ b, rtol=1e-4, atol=1e-4)
    assert np.isfinite(into).all()


@settings(deadline=None)
@given(
    values=arrays(
        np.float32,
        array_shapes(min_dims=4, max_dims=4, max_side=6),
        elements=st.floats(0, 1e6, width=32),
    ),
    percent=st.integers(0, 100),
    in_lanes=st.booleans(),
)
def test_the_largest_are_those_from_the_percentile_on(
    values: FloatArray, percent: int, in_lanes: bool
) -> None:
    rows = values.reshape(len(values), -1)
    wanted = rows >= np.percentile(rows.astype(np.float64), percent, axis=1, keepdims=True)
    ops = GluonHostOps()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(selection, "SORTS_IN_LANES", in_lanes)
        found = ops.to_numpy(ops.largest(ops.to_device(values), percent))
    assert np.array_equal(found, wanted.reshape(values.shape))


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
