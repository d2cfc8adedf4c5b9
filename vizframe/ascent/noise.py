"""Start noise: drawn per unit from the seed, so that only the weights move between two steps.

The noise of a unit depends on the seed, the unit and the shape of its picture; not on the training
step, nor on which units share its batch.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from vizframe.network import FloatArray


def noise(seed: int, units: Sequence[int], shape: tuple[int, ...]) -> FloatArray:
    """Standard normal noise, (unit, *shape), float32."""
    drawn = [
        np.random.default_rng((seed, unit)).standard_normal(shape, np.float32) for unit in units
    ]
    return np.stack(drawn)
