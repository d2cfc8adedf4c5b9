"""What an objective asks of a reference network's last layer, in NumPy."""

from __future__ import annotations

import math

import numpy as np

from vizframe.errors import NetworkError, UsageError
from vizframe.network import Objective
from vizframe.testing.reference_ops import Signal


def refuse_units(objective: Objective, count: int) -> None:
    """Raises UsageError for the first unit that the layer does not have."""
    wrong = objective.units[(objective.units < 0) | (objective.units >= count)]
    if wrong.size:
        raise UsageError(
            f"unit is {wrong[0]}; it can be 0 to {count - 1} in layer {objective.layer!r}"
        )


def share_of_places(objective: Objective, last: Signal) -> Signal:
    """How much each place counts, (batch, y, x): one place of each image, or all alike."""
    batch, _, *places = last.shape
    if len(objective.units) != batch:
        raise NetworkError(
            f"the objective has {len(objective.units)} units for {batch} images; "
            "it can be one for each image"
        )
    refuse_units(objective, last.shape[1])
    share = np.zeros((batch, *places))
    if not places:
        return share + 1
    if isinstance(objective.place, str) and objective.place == "mean":
        return share + 1 / math.prod(places)
    if isinstance(objective.place, str):
        share[:, places[0] // 2, places[1] // 2] = 1
    else:
        for image, (y, x) in enumerate(objective.place):
            if not (0 <= y < places[0] and 0 <= x < places[1]):
                raise UsageError(
                    f"place is ({y}, {x}); it can be (0, 0) to {(places[0] - 1, places[1] - 1)} "
                    f"in layer {objective.layer!r}"
                )
            share[image, y, x] = 1
    return share


def read_units(last: Signal, share: Signal) -> Signal:
    """The activation of each unit, (batch, unit)."""
    places = tuple(range(2, last.ndim))
    weighed = np.where(share[:, None] > 0, last * share[:, None], 0)
    total: Signal = weighed.sum(axis=places)
    return total
