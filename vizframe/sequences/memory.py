"""Memory: how much the scores at one place depend on the tokens before it.

Connectivity (Madsen 2019, "Visualizing memorization in RNNs") is the length of the gradient of a
score with respect to each earlier input:

    reach of a target = Σ distance · connectivity² / Σ connectivity²      in tokens
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vizframe.network import FloatArray, Network, Objective
from vizframe.network.layer import Layer

Ids = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Target:
    """One score that is asked about.

    Attributes:
        text: which input of the probe.
        time: at which place.
        unit: which score.
    """

    text: int
    time: int
    unit: int


def choose_targets(scores: FloatArray, lengths: Ids, count: int) -> list[Target]:
    """So many places of each text, evenly over all but its first quarter, and the score that is
    highest there.

    Args:
        scores: (text, time, unit).
    """
    made = []
    for text, length in enumerate(lengths):
        places = np.linspace(length // 4, length - 1, count).round().astype(int)
        made += [
            Target(text, int(time), int(np.nan_to_num(scores[text, time]).argmax()))
            for time in dict.fromkeys(places)
        ]
    return made


def input_layer(network: Network, images: FloatArray) -> str | None:
    """The layer that turns tokens into what a gradient can be taken of; None of inputs that are
    numbers themselves."""
    if images.ndim != 2:
        return None
    found = (layer for layer in network.layers if layer.kind == "embedding" and layer.is_sequence)
    return next((layer.name for layer in found), None)


def connectivity(
    network: Network, images: FloatArray, layer: Layer, targets: list[Target], window: int
) -> FloatArray:
    """The length of each score's gradient by each input, (target, time); zero where it was not
    asked.

    Args:
        images: of the probe, (text, time) or (text, time, feature).
        layer: that gives the scores.
        window: how many inputs up to the target are looked at, where there are more.
    """
    steps = images.shape[1]
    found = np.zeros((len(targets), steps), np.float32)
    begins = np.array([max(0, each.time - window + 1) if steps > window else 0 for each in targets])
    long = min(steps, window)
    begins = np.minimum(begins, steps - long)
    rows = np.stack([images[t.text, b : b + long] for t, b in zip(targets, begins, strict=True)])
    objective = Objective(
        layer.name,
        np.array([each.unit for each in targets], np.int64),
        np.array([each.time for each in targets], np.int64) - begins,
    )
    at = input_layer(network, images)
    gradient = network.gradient(rows, objective, at=at).gradient
    lengths = np.sqrt(np.square(gradient.reshape(*gradient.shape[:2], -1)).sum(axis=2))
    for place, begin in enumerate(begins):
        found[place, begin : begin + long] = lengths[place]
    return found


def reach(connected: FloatArray, time: int) -> float:
    """How many tokens away, in the mean, the tokens lie that the target depends on; NaN where it
    depends on none."""
    weight = connected.astype(np.float64) ** 2
    distance = np.abs(np.arange(len(connected)) - time)
    total = weight.sum()
    return float((distance * weight).sum() / total) if np.isfinite(total) and total > 0 else np.nan
