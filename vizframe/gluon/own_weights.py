"""The parameters of a Gluon model's layers: what it keeps of them, and what its graph computes."""

from __future__ import annotations

from typing import Any

from vizframe.gluon.bound_graphs import BoundGraphs
from vizframe.gluon.graph.graph import Entry
from vizframe.gluon.graph.parameters import to_numpy
from vizframe.gluon.graph.views import parameter_views
from vizframe.gluon.question.compiled import CompiledGraph, compile_graph
from vizframe.network import FloatArray
from vizframe.network.parameter import ParameterView


class OwnWeights(BoundGraphs):
    """What `vizframe.network.Network` says of weights and their gradients."""

    def weights(self, layer: str) -> dict[str, FloatArray]:
        current, own = self._parameters.current, self._own[self.layer(layer).name]
        found = {
            short: current(each.full) if each.entry is None else self._computed(each.entry)
            for short, each in own.items()
        }
        return {short: own[short].order(to_numpy(array)) for short, array in found.items()}

    def own_names(self, layer: str) -> dict[str, str]:
        """See `vizframe.network.masked.NamesParameters`."""
        own = self._own[self.layer(layer).name]
        return {short: each.full for short, each in own.items() if each.entry is None}

    def weight_gradients(self, layer: str) -> dict[str, FloatArray]:
        found = {}
        for short, own in self._own[self.layer(layer).name].items():
            gradient = None if own.entry else self._parameters.gradients(own.full)
            if gradient is not None:
                found[short] = own.order(to_numpy(gradient))
        return found

    def _computed(self, entry: Entry) -> Any:
        """What the graph computes of parameters alone."""
        graph, arrays = self._graph.with_heads([entry]), self._parameters.arrays()

        def make() -> CompiledGraph:
            return compile_graph(graph, arrays, {}, (), self._parameters.context)

        return self._kept.get(("computed", entry), arrays, make).forward()[0]

    def parameter_views(self) -> list[ParameterView]:
        own = [
            (layer, short, each.full)
            for layer, found in self._own.items()
            for short, each in found.items()
            if each.entry is None
        ]
        return list(parameter_views(self._parameters, own))
