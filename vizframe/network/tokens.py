"""Tokens that are no place of a map: the class token of a vision transformer, registers.

(batch, 1 + y·x, unit)  ──►  (batch, unit, y, x)   the layer's output
                        └─►  (batch, unit, 1)      what stands beside it
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, runtime_checkable

from vizframe.network.network import FloatArray


@runtime_checkable
class TokenNetwork(Protocol):
    """A network whose layers may have tokens beside their maps."""

    def tokens_beside(self) -> Mapping[str, FloatArray]:
        """Those of the layers that `Network.activations` was asked for last, by the names that it
        was given, for the same images: (batch, unit, tokens). Layers without any are left out."""
        ...
