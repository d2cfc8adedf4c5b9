"""The cascade: the weights are shuffled from the last layer down, one layer more at a time.

    conv1 ─ conv2 ─ dense        trained
    conv1 ─ conv2 ─ ▓▓▓▓▓        what explains the class by its last layer changes at once
    conv1 ─ ▓▓▓▓▓ ─ ▓▓▓▓▓
    ▓▓▓▓▓ ─ ▓▓▓▓▓ ─ ▓▓▓▓▓        what still looks the same here was never about the weights

Adebayo et al. 2018, section 3.1.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol, runtime_checkable

from vizframe.network.network import Network


@runtime_checkable
class CascadeNetwork(Protocol):
    """A network that can shuffle the weights of some layers; not every framework's adapter is."""

    def randomized_from(self, layer: str, seed: int) -> AbstractContextManager[Network]:
        """The same network, the weights of this layer and all behind it shuffled, each as by
        `Network.randomized` of that seed. The model itself is not touched."""
        ...
