"""Start noise depends on the seed, the unit and the shape alone."""

from __future__ import annotations

import numpy as np

from vizframe.ascent.noise import noise

SHAPE = (3, 6, 5)


def test_noise_of_a_unit_does_not_depend_on_its_batch() -> None:
    together = noise(7, [0, 1, 2, 3], SHAPE)
    apart = np.concatenate([noise(7, [unit], SHAPE) for unit in range(4)])
    assert np.array_equal(together, apart)


def test_units_and_seeds_have_noise_of_their_own() -> None:
    drawn = [noise(seed, [unit], SHAPE) for seed in (0, 1) for unit in (0, 1)]
    assert len({each.tobytes() for each in drawn}) == 4


def test_noise_is_standard_normal() -> None:
    drawn = noise(0, range(8), (1, 64, 64))
    assert abs(drawn.mean()) < 0.02
    assert abs(drawn.std() - 1) < 0.02
