"""Relevance out of compiled graphs: what is read times its gradient."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from vizframe.gluon.compat import mx
from vizframe.gluon.graph.graph import Graph
from vizframe.gluon.graph.parameters import to_numpy
from vizframe.gluon.graph.relevance import STEM, RuledGraph
from vizframe.gluon.graph.shapes import Shape
from vizframe.gluon.question.compiled import CompiledGraph
from vizframe.gluon.question.first_layer import pixel_relevance
from vizframe.graph.target import output_weights, read, refuse_shape
from vizframe.network import FloatArray, Gradient, Objective
from vizframe.network.relevance import RelevanceRules


class Bind(Protocol):
    """Compiles a part of a question's graph, filled with the images."""

    def __call__(
        self, part: str, graph: Graph, own: Mapping[str, Shape], wanted: Sequence[str]
    ) -> CompiledGraph:
        """``own`` are inputs beside the network's; gradients are kept of the inputs ``wanted``."""
        ...


def relevance_of(
    ruled: RuledGraph,
    images: FloatArray,
    data: str,
    objective: Objective,
    rules: RelevanceRules,
    bind: Bind,
) -> Gradient:
    """The objective's values, and the relevance of every pixel.

    Args:
        data: the name of the graph's input that the images are.
    """
    own, made = dict[str, Shape](), tuple[Any, ...]()
    if ruled.first is not None:
        stem = bind("stem", ruled.first.graph, {}, ())
        made = tuple(stem.forward(training=True))
        own[STEM] = made[0].shape
    wanted = [name for name in (data, STEM) if name in ruled.graph.variables()]
    rest = bind("rest", ruled.graph, own, wanted)
    if made:
        made[0].copyto(rest.inputs[STEM])
    output = rest.forward(training=True)[0]
    refuse_shape(objective.layer, output.shape, len(images))
    weights = output_weights(objective, output.shape)
    rest.backward([mx.nd.array(weights, ctx=output.context)])
    found = np.zeros_like(images)
    if data in rest.gradients:
        found += images * to_numpy(rest.gradients[data])
    if ruled.first is not None:
        reads = mx.nd.array(images, ctx=output.context)
        found += to_numpy(
            pixel_relevance(ruled.first.node, rules, reads, made, rest.gradients[STEM])
        )
    return Gradient(read(objective, to_numpy(output)), found)
