"""Where a kernel at one place of a map meets what it reads, edges and dilation minded."""

from __future__ import annotations

from collections.abc import Sequence

from vizframe.graph.window import Box, OperatorWindow

Slices = tuple[slice, slice]
"""Of y and of x."""


def strided(box: Box, window: OperatorWindow) -> Slices:
    """The places of a box that a dilated kernel meets."""
    y, x = (slice(b[0], b[1] + 1, d) for b, d in zip(box, window.dilate, strict=True))
    return y, x


def kernel_overlap(
    window: OperatorWindow, place: tuple[int, int], size: Sequence[int]
) -> tuple[Box, Slices | None] | None:
    """The box of the features that a kernel at the place meets, and the part of the kernel, None
    for all of it; None where it lies in the padding, wholly.

    Args:
        size: (y, x) of the features.
    """
    boxes, parts = [], []
    for axis in (0, 1):
        start = window.reads(axis, (place[axis], place[axis]))[0]
        taps = [start + k * window.dilate[axis] for k in range(window.kernel[axis])]
        kept = [k for k, tap in enumerate(taps) if 0 <= tap < size[axis]]
        if not kept:
            return None
        boxes.append((taps[kept[0]], taps[kept[-1]]))
        parts.append(slice(kept[0], kept[-1] + 1))
    whole = all(part == slice(0, length) for part, length in zip(parts, window.kernel, strict=True))
    return (boxes[0], boxes[1]), None if whole else (parts[0], parts[1])
