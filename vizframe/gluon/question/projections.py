"""Questions to a deconvnet, in batches that fit into memory."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from vizframe.arrays import even_size
from vizframe.gluon.question.asked import Asked, Kept, join_kept, share
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
    """All questions, batch by batch; as many images at once as an eighth of the memory holds what
    is kept of, and as many questions as a quarter of it holds signals of."""
    most = max(1, min(MOST_AT_ONCE, memory // (16 * ALIVE * way.floats)))
    rounds = _rounds(len(images), way.lasting_bytes(), memory // 8)
    for group in np.array_split(np.arange(len(images)), rounds):
        asked = np.flatnonzero(np.isin(chosen, group))
        if not asked.size:
            continue
        kept = _keep(way, images[group], forward, memory // 8)
        start, questions = share(_part(objective, asked), np.searchsorted(group, chosen[asked]))
        size = even_size(len(start.units), most)
        for first in range(0, len(start.units), size):
            signals = np.arange(first, min(first + size, len(start.units)))
            members = np.flatnonzero(np.isin(questions.copies, signals))
            own = questions.of(members)
            own = Asked(own.copies - first, own.images, own.strength, questions.is_each)
            for which, values, corners in way.project(_part(start, signals), own, kept, most):
                yield Projections(asked[members[which]], corners, values)


def _keep(way: Deconvnet, images: FloatArray, forward: Forward, memory: int) -> Kept:
    """What is kept of the images, which go forward as many at once as fit."""
    rounds = _rounds(len(images), way.passing_bytes(), memory)
    parts = []
    for part in np.array_split(images, rounds):
        kept = way.keep(part, forward)
        if kept is None:
            return way.look(images, forward)
        parts.append(kept)
    return join_kept(parts)


def _rounds(images: int, each: int, memory: int) -> int:
    """In how many groups so many images of so many bytes fit."""
    return min(images, -(-images * each // max(1, memory))) if each else 1


def _part(objective: Objective, batch: Places) -> Objective:
    place, given = objective.place, objective.output_gradients
    return Objective(
        objective.layer,
        objective.units[batch],
        place if isinstance(place, str) else place[batch],
        None if given is None else given[batch],
    )
