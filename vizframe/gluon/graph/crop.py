"""A graph written anew, so that it computes what one place needs: see `vizframe.graph.crop`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from vizframe.gluon.graph.graph import Entry, Graph, Node
from vizframe.gluon.graph.window import maps_of
from vizframe.graph.crop import Cut, cut_of, needed_boxes, own_padding, size_of
from vizframe.graph.window import Box, MapNode, OperatorWindow

LOWEST = "-3.40282347e+38"
"""What pads a maximum: nothing is smaller in float32."""


@dataclass(frozen=True, slots=True)
class Crop:
    """A graph that computes one place alone, the part of the input that it takes, as
    (first, last) pixel in y and in x, and what the asked entry is now called."""

    graph: Graph
    box: Box

    @property
    def size(self) -> tuple[int, int]:
        return size_of(self.box)

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
    maps = maps_of(graph, data, shapes)
    boxes = needed_boxes(maps, data, target[0], needed)
    if boxes is None:
        return None
    return Crop(_write_nodes(graph, target, boxes, maps), boxes[data])


class _Writer:
    """The nodes of the new graph, as they are made."""

    def __init__(self) -> None:
        self.nodes: list[Node] = []

    def add(self, node: Node) -> Entry:
        self.nodes.append(node)
        return len(self.nodes) - 1, 0


def _write_nodes(
    graph: Graph, target: Entry, boxes: Mapping[int, Box], maps: Mapping[int, MapNode]
) -> Graph:
    writer, number = _Writer(), dict[int, int]()
    for index in sorted(graph.below([target])):
        node = graph.nodes[index]
        window = maps[index].window if index in maps else None
        if window is None:
            inputs = tuple((number[i], o) for i, o in node.inputs)
            number[index] = writer.add(replace(node, inputs=inputs))[0]
            continue
        cuts = {
            i: cut_of(window, boxes[i], boxes[index], size)
            for i, _ in node.inputs
            if i in maps and (size := maps[i].size) is not None
        }
        node, cuts = _with_own_padding(node, window, cuts, boxes[index])
        inputs = tuple(
            _cut(writer, node, (number[i], o), cuts[i]) if i in cuts else (number[i], o)
            for i, o in node.inputs
        )
        number[index] = writer.add(replace(node, inputs=inputs))[0]
    return Graph(tuple(writer.nodes), ((number[target[0]], target[1]),))


def _with_own_padding(
    node: Node, window: OperatorWindow, cuts: dict[int, Cut], makes: Box
) -> tuple[Node, dict[int, Cut]]:
    """The node with the padding that it does itself, and what is left to be cut before it: MXNet
    pads a map by itself without oneDNN, which takes as long as a small convolution."""
    if node.operator not in ("Convolution", "Pooling"):
        return node, cuts
    (source, cut), *_ = cuts.items()  # their kernels come from no map
    own = own_padding(window, cut, makes)
    left = cut if own is None else replace(cut, pads=(0, 0, 0, 0))
    changed: dict[str, object] = {"pad": own or (0, 0)}
    if node.operator == "Pooling":
        changed["pooling_convention"] = "valid"
    return node.set(**changed), {source: left}


def _cut(writer: _Writer, node: Node, source: Entry, cut: Cut) -> Entry:
    """The source's map, sliced and padded to what the node reads."""
    serial = len(writer.nodes)
    if cut.slices:
        begin = f"(None, None, {cut.begins[0]}, {cut.begins[1]})"
        end = f"(None, None, {cut.ends[0]}, {cut.ends[1]})"
        sliced = Node("slice", f"cut{serial}", {"begin": begin, "end": end}, (source,))
        source = writer.add(sliced)
    if any(cut.pads):
        width = f"(0, 0, 0, 0, {', '.join(map(str, cut.pads))})"
        maximum = node.operator == "Pooling" and node.attributes.get("pool_type", "max") == "max"
        value = LOWEST if maximum else "0"
        attributes = {"mode": "constant", "pad_width": width, "constant_value": value}
        source = writer.add(Node("Pad", f"pad{serial}", attributes, (source,)))
    return source
