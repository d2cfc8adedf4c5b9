"""Exactly what one place of one layer needs, and nothing else: cut out of the graph.

From the place backwards, every node learns which interval of its map is needed (several readers:
the interval that holds all). Then the graph is written anew, computing those intervals alone:

    full image   ░░░░░░░░░░░░░░░░        the field    ▓▓▓▓▓▓▓  pads are gone, since what they
    conv 3×3     ░░░░░▓▓▓▓▓▓▓░░░░   ══►  conv 3×3      ▓▓▓▓▓   would meet is real input now; at
    conv 3×3     ░░░░░░▓▓▓▓▓░░░░░        conv 3×3       ▓▓▓    the image's own border just the
    the unit     ░░░░░░░░▓░░░░░░░        the unit        ▓     missing rows are padded
    skips        a branch that needs less slices the middle out

The answers and gradients are those of the full image: the same products, summed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from vizframe.gluon.graph.graph import Entry, Graph, Node
from vizframe.gluon.graph.window import Interval, OperatorWindow, window_of

Box = tuple[Interval, Interval]

LOWEST = "-3.40282347e+38"
"""What pads a maximum: nothing is smaller in float32."""


@dataclass(frozen=True, slots=True)
class Crop:
    """A graph that answers for one place alone, the part of the input that it takes, as
    (first, last) pixel in y and in x, and what the asked entry is now called."""

    graph: Graph
    box: Box

    @property
    def size(self) -> tuple[int, int]:
        (top, bottom), (left, right) = self.box
        return bottom - top + 1, right - left + 1

    @property
    def corner(self) -> tuple[int, int]:
        return self.box[0][0], self.box[1][0]


def crop(
    graph: Graph,
    data: int,
    target: Entry,
    needed: Box,
    shapes: Mapping[int, Sequence[int]],
) -> Crop | None:
    """The graph cut to what the box of the target's map needs, its one head the target.

    None where a place depends on more than a window (global pooling, dense layers), or where an
    average would count padding that the cut cannot repeat.
    """
    depends = graph.above([data])
    boxes = _boxes(graph, data, target, needed, shapes, depends)
    if boxes is None:
        return None
    return Crop(_write_nodes(graph, target, boxes, shapes, depends), boxes[data])


def _boxes(
    graph: Graph,
    data: int,
    target: Entry,
    needed: Box,
    shapes: Mapping[int, Sequence[int]],
    depends: set[int],
) -> dict[int, Box] | None:
    """Which box of its map each node has to compute."""
    boxes: dict[int, Box] = {target[0]: needed}
    for index in sorted(graph.below([target]) & depends, reverse=True):
        if index == data:
            continue
        node, box = graph.nodes[index], boxes[index]
        window = window_of(node)
        if window is None or len(shapes.get(index, ())) != 4:
            return None
        if window == OperatorWindow() and _adds_a_map(node, depends, shapes):
            return None
        for source, output in node.inputs:
            if source not in depends:
                continue
            shape = shapes.get(source, ())
            if output or len(shape) != 4 or _broadcasts(window, shape, shapes[index]):
                return None
            wanted = tuple(window.reads(axis, box[axis]) for axis in (0, 1))
            inside = tuple(_inside(wanted[axis], shape[2 + axis]) for axis in (0, 1))
            if inside[0] is None or inside[1] is None:
                return None
            if inside != wanted and not _can_pad(node, window, wanted, shape):
                return None
            boxes[source] = _hull(boxes.get(source), (inside[0], inside[1]))
    return boxes if data in boxes else None


def _adds_a_map(node: Node, depends: set[int], shapes: Mapping[int, Sequence[int]]) -> bool:
    """Whether a parameter differs from place to place, as a learned position does."""
    if node.operator in ("Convolution", "BatchNorm", "BatchNorm_v1", "LeakyReLU"):
        return False  # those of a channel
    others = (shapes.get(source, ()) for source, _ in node.inputs if source not in depends)
    return any(length != 1 for shape in others for length in shape[-2:])


def _broadcasts(window: OperatorWindow, source: Sequence[int], result: Sequence[int]) -> bool:
    """Whether one place of the source answers for all places of the result."""
    return window == OperatorWindow() and tuple(source[2:]) != tuple(result[2:])


def _inside(interval: Interval, length: int) -> Interval | None:
    first, last = max(interval[0], 0), min(interval[1], length - 1)
    return (first, last) if first <= last else None


def _hull(known: Box | None, box: Box) -> Box:
    if known is None:
        return box
    (a, b), (c, d) = known
    (e, f), (g, h) = box
    return (min(a, e), max(b, f)), (min(c, g), max(d, h))


def _can_pad(
    node: Node, window: OperatorWindow, wanted: Sequence[Interval], shape: Sequence[int]
) -> bool:
    """Whether padding by hand does what the operator did: not for an average that leaves padding
    out, or whose last window hangs over the padded map's edge."""
    if node.operator != "Pooling" or node.attributes.get("pool_type", "max") == "max":
        return True
    over = any(wanted[a][1] > shape[2 + a] - 1 + window.pad[a] for a in (0, 1))
    return node.flag("count_include_pad", default=True) and not over


class _Writer:
    """Nodes in the making."""

    def __init__(self) -> None:
        self.nodes: list[Node] = []

    def add(self, node: Node) -> Entry:
        self.nodes.append(node)
        return len(self.nodes) - 1, 0


def _write_nodes(
    graph: Graph,
    target: Entry,
    boxes: Mapping[int, Box],
    shapes: Mapping[int, Sequence[int]],
    depends: set[int],
) -> Graph:
    writer, number = _Writer(), dict[int, int]()
    for index in sorted(graph.below([target])):
        node = graph.nodes[index]
        window = window_of(node) if index in depends and not node.is_variable else None
        if window is None:
            inputs = tuple((number[i], o) for i, o in node.inputs)
            number[index] = writer.add(replace(node, inputs=inputs))[0]
            continue
        inputs = tuple(
            _cut(writer, node, window, (number[i], o), boxes[i], boxes[index], shapes[i])
            if i in depends
            else (number[i], o)
            for i, o in node.inputs
        )
        number[index] = writer.add(replace(_without_padding(node), inputs=inputs))[0]
    return Graph(tuple(writer.nodes), ((number[target[0]], target[1]),))


def _without_padding(node: Node) -> Node:
    if node.operator == "Pooling":
        return node.set(pad="(0, 0)", pooling_convention="valid")
    return node.set(pad="(0, 0)") if node.operator == "Convolution" else node


def _cut(
    writer: _Writer,
    node: Node,
    window: OperatorWindow,
    source: Entry,
    have: Box,
    makes: Box,
    shape: Sequence[int],
) -> Entry:
    """The source's map, sliced and padded to what the node reads."""
    wanted = tuple(window.reads(axis, makes[axis]) for axis in (0, 1))
    begins, ends, pads = [], [], []
    for axis in (0, 1):
        first, last = max(wanted[axis][0], 0), min(wanted[axis][1], shape[2 + axis] - 1)
        begins.append(first - have[axis][0])
        ends.append(last - have[axis][0] + 1)
        pads.extend([first - wanted[axis][0], wanted[axis][1] - last])
    lengths = [have[axis][1] - have[axis][0] + 1 for axis in (0, 1)]
    serial = len(writer.nodes)
    if begins != [0, 0] or ends != lengths:
        begin = f"(None, None, {begins[0]}, {begins[1]})"
        end = f"(None, None, {ends[0]}, {ends[1]})"
        cut = Node("slice", f"cut{serial}", {"begin": begin, "end": end}, (source,))
        source = writer.add(cut)
    if any(pads):
        width = f"(0, 0, 0, 0, {pads[0]}, {pads[1]}, {pads[2]}, {pads[3]})"
        maximum = node.operator == "Pooling" and node.attributes.get("pool_type", "max") == "max"
        value = LOWEST if maximum else "0"
        attributes = {"mode": "constant", "pad_width": width, "constant_value": value}
        source = writer.add(Node("Pad", f"pad{serial}", attributes, (source,)))
    return source
