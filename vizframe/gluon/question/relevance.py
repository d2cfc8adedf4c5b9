"""Relevance out of a compiled graph: every input times its gradient."""

from __future__ import annotations

import numpy as np

from vizframe.gluon.compat import mx
from vizframe.gluon.graph.graph import Graph
from vizframe.gluon.graph.parameters import to_numpy
from vizframe.gluon.graph.relevance import HIGH, LOW, ONES
from vizframe.gluon.question.compiled import CompiledGraph
from vizframe.graph.target import output_weights, read, refuse_shape
from vizframe.network import Gradient, Objective
from vizframe.network.relevance import RelevanceRules


def relevance_inputs(graph: Graph, images: str) -> tuple[str, ...]:
    """The inputs whose relevance is that of the pixels."""
    return (images, *(name for name in (LOW, HIGH, ONES) if name in graph.variables()))


def relevance_of(
    compiled: CompiledGraph, objective: Objective, rules: RelevanceRules, layer: str
) -> Gradient:
    """Run it, filled with a batch: the objective's values, and the relevance of every pixel."""
    given = {
        LOW: np.asarray(rules.low, np.float32).reshape(1, -1, 1, 1),
        HIGH: np.asarray(rules.high, np.float32).reshape(1, -1, 1, 1),
        ONES: np.ones((1, 1, 1, 1), np.float32),
    }
    for name in compiled.gradients:
        if name in given:
            shape = compiled.inputs[name].shape
            compiled.inputs[name][:] = np.broadcast_to(given[name], shape)
    output = compiled.forward(training=True)[0]
    refuse_shape(layer, output.shape, output.shape[0])
    weights = output_weights(objective, output.shape)
    compiled.backward([mx.nd.array(weights, ctx=output.context)])
    found = sum(
        to_numpy(compiled.inputs[name]) * to_numpy(gradient)
        for name, gradient in compiled.gradients.items()
    )
    return Gradient(read(objective, to_numpy(output)), np.asarray(found, np.float32))
