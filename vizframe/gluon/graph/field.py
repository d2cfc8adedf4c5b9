"""The receptive field of every layer, carried forward through the graph.

Araujo, Norris & Sim, "Computing receptive fields of convolutional neural networks", Distill 2019:
size and offset add up in units of the stride so far; where branches meet, the widest counts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from vizframe.gluon.graph.graph import Graph, Node
from vizframe.gluon.graph.window import OperatorWindow, window_of
from vizframe.network.layer import ReceptiveField


@dataclass(frozen=True, slots=True)
class Span:
    """What place p sees along one axis: pixels from ``start + p·stride`` on, ``size`` of them."""

    start: int
    size: int
    stride: int

    def through(self, window: OperatorWindow, axis: int) -> Span:
        return Span(
            start=self.start - window.pad[axis] * self.stride,
            size=self.size + (window.kernel[axis] - 1) * window.dilate[axis] * self.stride,
            stride=self.stride * window.stride[axis],
        )


Spans = tuple[Span, Span]


def receptive_fields(
    graph: Graph, data: int, shapes: Mapping[int, Sequence[int]]
) -> dict[int, ReceptiveField]:
    """For each node whose places see a limited part of the input variable ``data``."""
    depends = graph.above([data])
    spans: dict[int, Spans] = {data: (Span(0, 1, 1), Span(0, 1, 1))}
    for index, node in enumerate(graph.nodes):
        if index in depends and index != data and len(shapes.get(index, ())) == 4:
            sources = [each for each, _ in node.inputs if each in depends]
            found = _merge(node, [spans.get(each) for each in sources])
            if found is not None:
                spans[index] = found
    return {index: _field(pair) for index, pair in spans.items() if index != data}


def _merge(node: Node, sources: Sequence[Spans | None]) -> Spans | None:
    window = window_of(node)
    known = [spans for spans in sources if spans is not None]
    if window is None or len(known) < len(sources) or not known:
        return None
    joined = [_hull([spans[axis] for spans in known]) for axis in (0, 1)]
    if joined[0] is None or joined[1] is None:
        return None
    return joined[0].through(window, 0), joined[1].through(window, 1)


def _hull(spans: Sequence[Span]) -> Span | None:
    """The span that holds all; None where they move at different strides."""
    if len({span.stride for span in spans}) > 1:
        return None
    start = min(span.start for span in spans)
    end = max(span.start + span.size for span in spans)
    return Span(start, end - start, spans[0].stride)


def _field(spans: Spans) -> ReceptiveField:
    y, x = spans
    return ReceptiveField(
        size=(y.size, x.size),
        stride=(y.stride, x.stride),
        offset=(y.start + (y.size - 1) / 2, x.start + (x.size - 1) / 2),
    )
