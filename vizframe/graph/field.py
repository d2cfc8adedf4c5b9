"""The receptive field of every layer, carried forward through the graph.

Araujo, Norris & Sim, "Computing receptive fields of convolutional neural networks", Distill 2019:
size and offset add up in units of the stride so far; where branches meet, the widest counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from vizframe.graph.window import POINTWISE, MapNode, Maps, OperatorWindow
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


def receptive_fields(maps: Maps, data: int) -> dict[int, ReceptiveField]:
    """For each node whose places see a limited part of the image, which is node ``data``."""
    spans: dict[int, Spans] = {data: (Span(0, 1, 1), Span(0, 1, 1))}
    for index, node in maps.items():
        if index != data and node.size is not None:
            found = _merge(maps, node, spans)
            if found is not None:
                spans[index] = found
    return {index: _field(pair) for index, pair in spans.items() if index != data}


def _merge(maps: Maps, node: MapNode, spans: dict[int, Spans]) -> Spans | None:
    known = [spans[each] for each in node.sources if each in spans]
    if node.window is None or len(known) < len(node.sources) or not known:
        return None
    if node.window == POINTWISE and any(maps[each].size != node.size for each in node.sources):
        return None  # one place of the source stands for all places of the result
    joined = [_hull([pair[axis] for pair in known]) for axis in (0, 1)]
    if joined[0] is None or joined[1] is None:
        return None
    return joined[0].through(node.window, 0), joined[1].through(node.window, 1)


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
