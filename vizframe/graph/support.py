"""Where a gradient that starts at one place lies, in every map on its way back to the image.

    the unit   . . . 1 . . .      size 1, starts at the place itself
    conv 3×3   . . # # # . .      size 3, starts one place before it
    pool 2×2   . # # # # # # .    size 6, starts at twice that

The size depends on the graph alone, where it starts on the place: start = scale · place + shift.
So gradients of many places go back together, each cut to its own support. What hangs over a map's
edge is padding, where no gradient is.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vizframe.graph.window import Maps, OperatorWindow

Places = npt.NDArray[np.int64]
"""(y, x) of each question, (questions, 2)."""

MOST = 0.7
"""The share of a map's places above which a support is the whole map: cutting gains nothing."""


@dataclass(frozen=True, slots=True)
class Support:
    """A rectangle of a map that moves with the place asked for; each pair is (y, x)."""

    size: tuple[int, int] = (1, 1)
    scale: tuple[int, int] = (1, 1)
    shift: tuple[int, int] = (0, 0)

    def starts(self, places: Places) -> Places:
        """Its first row and column for each place; may be negative."""
        starts: Places = places * np.array(self.scale) + np.array(self.shift)
        return starts

    def through(self, window: OperatorWindow) -> Support:
        """What an operator with this window reads to compute it."""
        axes = (0, 1)
        size = [
            (self.size[a] - 1) * window.stride[a] + (window.kernel[a] - 1) * window.dilate[a] + 1
            for a in axes
        ]
        scale = [self.scale[a] * window.stride[a] for a in axes]
        shift = [self.shift[a] * window.stride[a] - window.pad[a] for a in axes]
        return Support((size[0], size[1]), (scale[0], scale[1]), (shift[0], shift[1]))

    def joined(self, other: Support) -> Support | None:
        """The smallest that holds both, or None where they move differently."""
        if self.scale != other.scale:
            return None
        first = [min(pair) for pair in zip(self.shift, other.shift, strict=True)]
        ends = [
            max(a + m, b + n)
            for a, m, b, n in zip(self.shift, self.size, other.shift, other.size, strict=True)
        ]
        size = ends[0] - first[0], ends[1] - first[1]
        return Support(size, self.scale, (first[0], first[1]))

    def fills(self, size: tuple[int, int]) -> bool:
        """Whether it is no cheaper than the whole map of this size."""
        return self.size[0] * self.size[1] > MOST * size[0] * size[1]


def supports(
    maps: Maps, target: int, passed: Collection[int], cuts: Callable[[int], bool]
) -> dict[int, Support | None]:
    """The support of the gradient in each node that it passes; None: the whole of what it gives.

    Args:
        target: the node whose single place is asked for.
        passed: the nodes that the gradient reaches, the target among them.
        cuts: whether a node can pass on a gradient that is cut to its support. The image can.
    """
    whole = maps[target].size in (None, (1, 1)) or not cuts(target)
    found: dict[int, Support | None] = {target: None if whole else Support()}
    for index in sorted(passed, reverse=True):
        here = maps[index]
        for source in here.sources:
            if source in passed:
                own = found[index]
                able = cuts(source) or not maps[source].sources
                seen = own.through(here.window) if own and here.window and able else None
                found[source] = _add(found, source, seen, maps[source].size)
    return found


def _add(
    found: dict[int, Support | None],
    source: int,
    seen: Support | None,
    size: tuple[int, int] | None,
) -> Support | None:
    """The source's support, with what one more of its readers sees."""
    if source in found:
        known = found[source]
        seen = known.joined(seen) if known and seen else None
    return None if seen is None or size is None or seen.fills(size) else seen


def inside(starts: Places, size: tuple[int, int], limits: tuple[int, int]) -> npt.NDArray[np.bool_]:
    """Which places of each support lie on the map, (questions, y, x)."""
    rows, columns = (
        (starts[:, axis, None] + np.arange(size[axis]) >= 0)
        & (starts[:, axis, None] + np.arange(size[axis]) < limits[axis])
        for axis in (0, 1)
    )
    on_map: npt.NDArray[np.bool_] = rows[:, :, None] & columns[:, None, :]
    return on_map


def overlap(
    start: Places, size: tuple[int, int], limits: tuple[int, ...]
) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """Which part of a map lies in a window that starts there, and where in the window it is."""
    on_map, in_window = [], []
    for first, length, limit in zip(map(int, start), size, limits, strict=True):
        low, high = max(0, first), max(0, min(limit, first + length))
        on_map.append(slice(low, max(low, high)))
        in_window.append(slice(low - first, max(low, high) - first))
    return (on_map[0], on_map[1]), (in_window[0], in_window[1])
