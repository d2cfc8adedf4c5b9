"""The parameters that a deconvnet's way back multiplies with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Set
from typing import Any

from vizframe.gluon.compat import mx
from vizframe.gluon.graph.graph import Graph, Node
from vizframe.gluon.graph.parameters import Arrays
from vizframe.gluon.question.linear import moves_channels
from vizframe.graph.window import Maps


class BackKernels:
    """Copies of a graph's parameters, each made when it is first needed.

    Args:
        passed: the nodes that are gone back through.
        maps: of the graph's nodes.

    Attributes:
        readers: how many of the nodes read each of them.
    """

    def __init__(self, graph: Graph, passed: Set[int], maps: Maps, arrays: Arrays) -> None:
        self._graph, self._passed, self._maps, self._arrays = graph, passed, maps, arrays
        self.readers = Counter(source for i in passed for source, _ in graph.nodes[i].inputs)
        self._copies: dict[str, Any] = {}

    def array(self, node: Node, place: int) -> Any:
        """A copy of a parameter: oneDNN lays out what it is given as each operator likes it."""
        name = self._graph.nodes[node.inputs[place][0]].name
        if name not in self._copies:
            self._copies[name] = self._arrays[name].copy()
        return self._copies[name]

    def folds(self, norm: Node) -> bool:
        """Whether a normalization's factor is taken into the convolution before it, which nothing
        else reads: it is then applied to the kernels and not to every signal."""
        source, output = norm.inputs[0]
        return (
            source in self._passed
            and not output
            and self.readers[source] == 1
            and self._graph.nodes[source].operator == "Convolution"
            and not moves_channels(self._graph.nodes[source])
            and norm.attributes.get("axis", "1") == "1"
            and self._maps[source].size is not None
        )

    def scaled(self, index: int, node: Node) -> Any:
        """A convolution's kernels, times the factor of the normalization behind it."""
        weight = self.array(node, 1)
        name = f"{node.name} scaled"
        if name not in self._copies:
            norms = [
                self._graph.nodes[i]
                for i in self._passed
                if self._graph.nodes[i].operator in ("BatchNorm", "BatchNorm_v1")
                and self._graph.nodes[i].inputs[0][0] == index
            ]
            if not norms or not self.folds(norms[0]):
                return weight
            self._copies[name] = weight * self.factor(norms[0], 4).reshape((-1, 1, 1, 1))
        return self._copies[name]

    def factor(self, node: Node, axes: int) -> Any:
        """What a normalization multiplies each channel by."""
        gamma, variance = self.array(node, 1), self.array(node, 4)
        scale = 1 / mx.nd.sqrt(variance + float(node.attributes.get("eps", "1e-3")))
        if not node.flag("fix_gamma", default=True):
            scale = scale * gamma
        axis = int(node.attributes.get("axis", "1")) % axes
        return scale.reshape([-1 if each == axis else 1 for each in range(axes)])
