"""Moves: each is what it says, their product is one after the other, its adjoint is an adjoint."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import rotate as scipy_rotate

from vizframe.ascent import transforms
from vizframe.ascent.transforms import Transform
from vizframe.network import FloatArray
from vizframe.testing.ops import NumpyOps

OPS = NumpyOps()


def image(side: int = 16) -> FloatArray:
    return np.random.default_rng(0).normal(size=(2, 3, side, side)).astype(np.float32)


def move_image(values: FloatArray, matrix: FloatArray) -> FloatArray:
    return OPS.to_numpy(OPS.warp(OPS.to_device(values), matrix))


def test_a_jitter_moves_whole_pixels_within_its_width() -> None:
    seen = set()
    for iteration in range(200):
        matrix = transforms.compose([transforms.jitter(4)], 0, iteration)
        seen.add((matrix[0, 2], matrix[1, 2]))
    assert seen == {(x, y) for x in range(-2, 3) for y in range(-2, 3)}


def test_a_moved_image_is_the_image_read_elsewhere_and_zero_outside() -> None:
    values, matrix = image(), np.array([[1, 0, 2], [0, 1, -3]], np.float32)
    twin = np.zeros_like(values)
    twin[:, :, 3:, :-2] = values[:, :, :-3, 2:]
    assert move_image(values, matrix) == pytest.approx(twin, abs=1e-6)


def test_a_turn_by_ninety_degrees_is_exact() -> None:
    matrix = transforms.compose([transforms.rotate([90])], 0, 0)
    twin = scipy_rotate(image(), 90, axes=(2, 3), reshape=False, order=1)
    assert move_image(image(), matrix)[:, :, 1:-1, 1:-1] == pytest.approx(
        twin[:, :, 1:-1, 1:-1], abs=1e-5
    )


def test_scaling_by_two_enlarges_about_the_centre() -> None:
    values = np.zeros((1, 1, 9, 9), np.float32)
    values[0, 0, 4, 6] = 1
    enlarged = move_image(values, transforms.compose([transforms.scale([2.0])], 0, 0))
    assert np.unravel_index(enlarged[0, 0].argmax(), (9, 9)) == (4, 8)


def test_each_is_drawn_as_numpy_chooses() -> None:
    values = [0.9, 1.0, 1.1, 1.2, 1.3]
    for seed in range(20):
        chosen = np.random.default_rng(seed).choice(values)
        assert transforms.scale(values)(np.random.default_rng(seed))[0, 0] == 1 / chosen
        turn = transforms.rotate(values)(np.random.default_rng(seed))
        assert turn[1, 0] == pytest.approx(np.sin(np.radians(chosen)))


def test_the_product_is_one_after_the_other() -> None:
    first: Transform = transforms.jitter(4)
    second: Transform = transforms.rotate([90])
    random = np.random.default_rng((5, 3))
    one, two = (each(random)[:2].astype(np.float32) for each in (first, second))
    stepwise = move_image(move_image(image(), one), two)
    at_once = move_image(image(), transforms.compose([first, second], 5, 3))
    inside = (slice(None), slice(None), slice(4, 12), slice(4, 12))
    assert at_once[inside] == pytest.approx(stepwise[inside], abs=1e-4)


@pytest.mark.parametrize("iteration", range(5))
def test_unwarp_is_the_adjoint_of_warp_for_the_standard_moves(iteration: int) -> None:
    matrix = transforms.compose(transforms.lucid(64), 1, iteration)
    x, y = image(), image()[::-1].copy()
    there = (move_image(x, matrix) * y).sum()
    back = (OPS.to_numpy(OPS.unwarp(OPS.to_device(y), matrix)) * x).sum()
    assert there == pytest.approx(back, rel=1e-4, abs=1e-3)


def test_moves_are_drawn_from_seed_and_iteration_alone() -> None:
    parts = transforms.lucid(128)
    assert np.array_equal(transforms.compose(parts, 1, 2), transforms.compose(parts, 1, 2))
    assert not np.array_equal(transforms.compose(parts, 1, 2), transforms.compose(parts, 1, 3))


def test_small_pictures_move_less() -> None:
    widest = {
        side: max(abs(transforms.lucid(side)[0](np.random.default_rng(n))[0, 2]) for n in range(50))
        for side in (128, 32)
    }
    assert widest == {128: 4, 32: 1}
