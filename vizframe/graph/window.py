"""How an operator looks at space: which input places one output place reads, along one axis.

place p reads   p·stride − pad,  p·stride − pad + dilate, …   kernel of them
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

Interval = tuple[int, int]
"""The first and last place, both included, along one axis."""

Box = tuple[Interval, Interval]
"""Of y, and of x."""

Padding = Literal["constant", "counted", "left out"]
"""What lies beyond the edges: a constant, which a cut can pad by hand; what an average counts as
zeros, but not where its last window hangs over; or nothing, as an average leaves it out."""


@dataclass(frozen=True, slots=True)
class OperatorWindow:
    """The window of an operator; each pair is (y, x)."""

    kernel: tuple[int, int] = (1, 1)
    stride: tuple[int, int] = (1, 1)
    pad: tuple[int, int] = (0, 0)
    dilate: tuple[int, int] = (1, 1)

    def reads(self, axis: int, places: Interval) -> Interval:
        """The input places that these output places read; those in the padding too."""
        first, last = places
        start = first * self.stride[axis] - self.pad[axis]
        reach = (self.kernel[axis] - 1) * self.dilate[axis]
        return start, last * self.stride[axis] - self.pad[axis] + reach


POINTWISE = OperatorWindow()
"""Each place reads its own alone."""


@dataclass(frozen=True, slots=True)
class MapNode:
    """What windows, fields and crops ask of a node of any framework's graph.

    Attributes:
        window: of its operator; None where a place may depend on the whole map.
        sources: the nodes it reads that depend on the image.
        size: (y, x) of its map; None where it has none.
        varies: whether a parameter differs from place to place, as a learned position does.
        padding: what its operator has beyond the edges.
    """

    window: OperatorWindow | None
    sources: tuple[int, ...]
    size: tuple[int, int] | None
    varies: bool = False
    padding: Padding = "constant"


Maps: TypeAlias = Mapping[int, MapNode]
"""By the node's index, in forward order, those that depend on the image; its own node too."""
