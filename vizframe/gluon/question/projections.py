"""Questions to a deconvnet, in batches that fit into memory."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from vizframe.gluon.question.deconvnet import ALIVE, Deconvnet, Forward
from vizframe.graph.support import Places
from vizframe.network import FloatArray, Objective, Projections

MOST_AT_ONCE = 16
"""Larger batches gain nothing."""


def projections(
    way: Deconvnet,
    images: FloatArray,
    chosen: Places,
    objective: Objective,
    forward: Forward,
    memory: int,
) -> Iterator[Projections]:
    """All questions, batch by batch; as many images at once as half the memory holds what is kept
    of, and as many questions as the other half holds signals of."""
    size = max(1, min(MOST_AT_ONCE, memory // (8 * ALIVE * way.floats)))
    for group in np.array_split(
        np.arange(len(images)), way.rounds(len(images), max(1, memory // 2))
    ):
        asked = np.flatnonzero(np.isin(chosen, group))
        if not asked.size:
            continue
        kept = way.keep(images[group], forward)
        for start in range(0, len(asked), size):
            batch = asked[start : start + size]
            of_images = np.searchsorted(group, chosen[batch])
            values, corners = way.project(_part(objective, batch), of_images, kept)
            yield Projections(batch, corners, values)


def _part(objective: Objective, batch: Places) -> Objective:
    place, given = objective.place, objective.output_gradients
    return Objective(
        objective.layer,
        objective.units[batch],
        place if isinstance(place, str) else place[batch],
        None if given is None else given[batch],
    )
