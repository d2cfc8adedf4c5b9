"""The range of a colour map over many tiles."""

from __future__ import annotations

import numpy as np

from vizframe.images.limits import common_limits


def test_one_tile_of_a_hundred_lies_outside_the_common_range() -> None:
    low, high = np.zeros(101), np.arange(101.0)
    assert float(common_limits(low, high, signed=False).high) == 99.0
    assert float(common_limits(low, high, signed=False, percent=100).high) == 100.0
    assert float(common_limits(-high, low, signed=True).low) == -99.0
