"""Gradients of any number of questions, asked in batches of one size.

The last batch is filled up by repeating: a network compiles one graph per batch
size, and a recording asks for other numbers of questions at every step.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from vizframe.arrays import even_size
from vizframe.network import FloatArray, Gradient, Network, Objective, ReluRule
from vizframe.plugin import Progress, ignore_progress

Indices = npt.NDArray[np.int64]

SHARE = 4
"""Of the memory, one part of so many is for a pass through the whole network and back: what it
gives is copied out beside it, and the plugins of a step share activations."""


def gradients(
    network: Network,
    images: FloatArray,
    objective: Objective,
    *,
    rule: ReluRule = "plain",
    at: str | None = None,
    progress: Progress = ignore_progress,
) -> Gradient:
    """`Network.gradient` for more images than fit into memory at once.

    Args:
        images: (questions, channel, y, x), at least one.
        objective: one unit, place and output gradient per image.
        rule, at: as `Network.gradient` has them.
        progress: told how many images are done.
    """
    count, parts = len(images), []
    size = even_size(count, room(network))
    for chosen in batches(np.arange(count), size):
        parts.append(network.gradient(images[chosen], part(objective, chosen), rule=rule, at=at))
        progress(min(len(parts) * size, count), count, f"{rule} gradient")
    values = np.concatenate([each.values for each in parts])[: len(images)]
    gradient = np.concatenate([each.gradient for each in parts])[: len(images)]
    return Gradient(values, gradient)


def scores(network: Network, images: FloatArray) -> FloatArray:
    """Class scores (images, classes) of more images than fit into memory at once.

    Where each score is a map, as in a network without a dense layer, or a sequence, its mean
    counts.
    """
    size = even_size(len(images), room(network))
    together = batches(np.arange(len(images)), size)
    parts = [network.scores(images[chosen]) for chosen in together]
    found = np.concatenate(parts)[: len(images)]
    unit = 1 + network.layer(network.score_layer).unit_axis
    places = tuple(axis for axis in range(1, found.ndim) if axis != unit)
    mean: FloatArray = found.mean(axis=places, dtype=found.dtype)
    return mean


def room(network: Network) -> int:
    """How many whole images go through the whole network at once, and back: as many as fit into
    their share of the memory."""
    return max(1, network.batch_size(network.score_layer) // SHARE)


def batches(questions: Indices, size: int) -> Iterator[Indices]:
    """The questions in batches of exactly this size; the last one is filled by repeating."""
    for start in range(0, len(questions), size):
        yield np.resize(questions[start : start + size], size)


def part(objective: Objective, chosen: Indices) -> Objective:
    """The objective for these of its images."""
    place, heads = objective.place, objective.output_gradients
    return Objective(
        layer=objective.layer,
        units=objective.units[chosen],
        place=place if isinstance(place, str) else place[chosen],
        output_gradients=None if heads is None else heads[chosen],
    )
