"""The strongest response of every unit to each image: far less than all responses, where a network
can find it without handing these out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import numpy as np

from vizframe.network.network import FloatArray, Network

NOTHING = np.float32(-3e38)
"""Below every activation: what a maximum over NaN alone may come to."""


@runtime_checkable
class FindsPeaks(Protocol):
    """A network that finds maxima on its own device."""

    def peaks(self, images: FloatArray, layers: Sequence[str]) -> dict[str, FloatArray]:
        """As `peaks`."""
        ...


def peaks(network: Network, images: FloatArray, layers: Sequence[str]) -> dict[str, FloatArray]:
    """Each unit's largest activation on each image, (image, unit); -inf where it gives NaN alone.

    Args:
        layers: whose activations are (unit, y, x) or (unit,).
    """
    if isinstance(network, FindsPeaks):
        found = network.peaks(images, layers)
    else:
        activations = network.activations(images, layers)
        found = {name: peaks_of(values) for name, values in activations.items()}
    return {name: np.where(values > NOTHING, values, -np.inf) for name, values in found.items()}


def peaks_of(activations: FloatArray) -> FloatArray:
    """The largest of each map, (image, unit, …) → (image, unit); NaN is passed over."""
    flat = activations.reshape(*activations.shape[:2], -1)
    largest: FloatArray = flat.max(axis=2)
    unknown = np.isnan(largest)
    if unknown.any():
        largest[unknown] = np.where(np.isnan(flat[unknown]), -np.inf, flat[unknown]).max(axis=1)
    return largest
