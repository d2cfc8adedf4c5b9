"""Exactly what one place of one layer needs, and nothing else: which part of every map.

From the place backwards, every node learns which interval of its map is needed (several readers:
the interval that holds all). Then an adapter writes its graph anew, computing those alone:

    full image   ░░░░░░░░░░░░░░░░        the field    ▓▓▓▓▓▓▓  pads are gone, since what they
    conv 3×3     ░░░░░▓▓▓▓▓▓▓░░░░   ══►  conv 3×3      ▓▓▓▓▓   would meet is real input now; at
    conv 3×3     ░░░░░░▓▓▓▓▓░░░░░        conv 3×3       ▓▓▓    the image's own border just the
    the unit     ░░░░░░░░▓░░░░░░░        the unit        ▓     missing rows are padded
    skips        a branch that needs less slices the middle out

The activations and gradients are those of the full image: the same products, summed.
"""

from __future__ import annotations

from dataclasses import dataclass

from vizframe.graph.window import POINTWISE, Box, Interval, MapNode, Maps, OperatorWindow

Size = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Cut:
    """How a source's map becomes what a node reads: a slice of it, then padded. Pairs are (y, x);
    ends are exclusive; pads are (above, below, left, right)."""

    begins: tuple[int, int]
    ends: tuple[int, int]
    pads: tuple[int, int, int, int]
    lengths: tuple[int, int]

    @property
    def slices(self) -> bool:
        """Whether anything is sliced away."""
        return self.begins != (0, 0) or self.ends != self.lengths


def size_of(box: Box) -> Size:
    """(y, x) of a box."""
    (top, bottom), (left, right) = box
    return bottom - top + 1, right - left + 1


def needed_boxes(maps: Maps, data: int, target: int, needed: Box) -> dict[int, Box] | None:
    """Which box of its map each node has to compute for the box of the target's, and which box of
    the image, node ``data``, it takes.

    None where a place depends on more than a window (global pooling, dense layers), or where an
    average would count padding that the cut cannot repeat.
    """
    boxes: dict[int, Box] = {target: needed}
    # Backwards, so that all readers of a node have been seen before it is reached.
    for index in sorted((each for each in maps if each <= target), reverse=True):
        if index == data or index not in boxes:
            continue
        node = maps[index]
        if node.window is None or node.size is None or node.varies:
            return None
        for source in node.sources:
            box = _read_box(node, node.window, boxes[index], maps[source].size)
            if box is None:
                return None
            boxes[source] = _hull(boxes.get(source), box)
    return boxes if data in boxes else None


def cut_of(window: OperatorWindow, have: Box, makes: Box, size: Size) -> Cut:
    """How the source's map, of which the box ``have`` is computed, becomes what a node reads that
    computes the box ``makes``. ``size`` is that of the source's whole map."""
    begins, ends, pads = [], [], []
    for axis in (0, 1):
        wanted = window.reads(axis, makes[axis])
        first, last = max(wanted[0], 0), min(wanted[1], size[axis] - 1)
        begins.append(first - have[axis][0])
        ends.append(last - have[axis][0] + 1)
        pads.extend([first - wanted[0], wanted[1] - last])
    return Cut(
        (begins[0], begins[1]),
        (ends[0], ends[1]),
        (pads[0], pads[1], pads[2], pads[3]),
        size_of(have),
    )


def own_padding(window: OperatorWindow, cut: Cut, makes: Box) -> tuple[int, int] | None:
    """The padding (y, x), the same on both sides, with which the operator itself makes the box of
    the sliced map, so that nothing needs to be padded before it; None where there is none.

    The rows padded below may be more than are read: a stride leaves them out.
    """
    found = []
    for axis, count in enumerate(size_of(makes)):
        before, after = cut.pads[2 * axis : 2 * axis + 2]
        length = cut.ends[axis] - cut.begins[axis] + 2 * before
        reach = (window.kernel[axis] - 1) * window.dilate[axis]
        if after > before or (length - reach - 1) // window.stride[axis] + 1 != count:
            return None
        found.append(before)
    return found[0], found[1]


def _read_box(node: MapNode, window: OperatorWindow, box: Box, size: Size | None) -> Box | None:
    """The box of a source's map that a node reads."""
    if size is None or (window == POINTWISE and size != node.size):
        return None  # one place of the source would stand for all places of the result
    wanted = window.reads(0, box[0]), window.reads(1, box[1])
    inside = _inside(wanted[0], size[0]), _inside(wanted[1], size[1])
    if inside[0] is None or inside[1] is None:
        return None
    if inside != wanted and not _can_pad(node, window, wanted, size):
        return None
    return inside[0], inside[1]


def _inside(interval: Interval, length: int) -> Interval | None:
    first, last = max(interval[0], 0), min(interval[1], length - 1)
    return (first, last) if first <= last else None


def _can_pad(node: MapNode, window: OperatorWindow, wanted: Box, size: Size) -> bool:
    """Whether padding by hand does what the operator did."""
    # An average that counts padding leaves out what hangs over beyond the declared padding.
    over = any(wanted[axis][1] > size[axis] - 1 + window.pad[axis] for axis in (0, 1))
    return node.padding == "constant" or (node.padding == "counted" and not over)


def _hull(known: Box | None, box: Box) -> Box:
    if known is None:
        return box
    (a, b), (c, d) = known
    (e, f), (g, h) = box
    return (min(a, e), max(b, f)), (min(c, g), max(d, h))
