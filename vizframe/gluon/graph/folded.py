"""Normalizations folded into the convolutions before them, for graphs that are asked many times.

    x ─ convolution W, b ─ normalization γ, β, μ, σ² ─►        y = γ (W·x + b − μ) / σ + β
    x ─ convolution (γ/σ) W, (γ/σ) (b − μ) + β ─►              the same, and one pass less

What the folded convolution multiplies with are arrays of its own: the model's are read alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from vizframe.gluon.compat import mx
from vizframe.gluon.graph.graph import Entry, Graph, Node
from vizframe.gluon.graph.parameters import Arrays
from vizframe.gluon.graph.shapes import Shape

_NORMALIZATIONS = ("BatchNorm", "BatchNorm_v1")


@dataclass(frozen=True, slots=True)
class Fold:
    """Where the parameters of a folded convolution come from: the names of the model's own."""

    weight: str
    bias: str | None
    gamma: str | None
    beta: str
    mean: str
    variance: str
    eps: float

    @property
    def sources(self) -> tuple[str, ...]:
        names = self.weight, self.bias, self.gamma, self.beta, self.mean, self.variance
        return tuple(name for name in names if name is not None)

    def arrays(self, arrays: Arrays) -> tuple[Any, Any]:
        """The convolution's weight and bias, from the model's values as they are now."""
        factor = 1 / mx.nd.sqrt(arrays[self.variance] + self.eps)
        if self.gamma is not None:
            factor = factor * arrays[self.gamma]
        bias = -arrays[self.mean] if self.bias is None else arrays[self.bias] - arrays[self.mean]
        weight = arrays[self.weight]
        shape = (-1, *([1] * (weight.ndim - 1)))
        return weight * factor.reshape(shape), bias * factor + arrays[self.beta]


Folds = Mapping[tuple[str, str], Fold]
"""By the names of the weight and the bias of each folded convolution."""


def fold_normalizations(graph: Graph) -> tuple[Graph, dict[tuple[str, str], Fold]]:
    """The graph, its nodes numbered as before, with each normalization that alone reads a
    convolution in place of both; and where the new parameters come from."""
    below = graph.below(graph.heads)
    readers = Counter(entry for i in below for entry in graph.nodes[i].inputs)
    readers.update(graph.heads)
    nodes, folds = list(graph.nodes), dict[tuple[str, str], Fold]()
    for index in sorted(below):
        norm = graph.nodes[index]
        found = _fold(graph, norm, readers)
        if found is None:
            continue
        names = f"{norm.name}_folded_weight", f"{norm.name}_folded_bias"
        weight, bias = norm.inputs[1], norm.inputs[2]
        nodes[weight[0]], nodes[bias[0]] = Node("null", names[0]), Node("null", names[1])
        convolution = graph.nodes[norm.inputs[0][0]]
        inputs = (convolution.inputs[0], weight, bias)
        nodes[index] = replace(convolution.set(no_bias=False), name=norm.name, inputs=inputs)
        folds[names] = found
    return Graph(tuple(nodes), graph.heads), folds


def folded_shapes(folds: Folds, arrays: Arrays) -> dict[str, Shape]:
    """The shapes of the folded convolutions' parameters, by name."""
    found: dict[str, Shape] = {}
    for (weight, bias), fold in folds.items():
        shape = tuple(arrays[fold.weight].shape)
        found[weight], found[bias] = shape, shape[:1]
    return found


class FoldedArrays:
    """The parameters of a network's folded convolutions: the same arrays at each question, as bound
    graphs need them, filled with what the model's own make of them now."""

    def __init__(self) -> None:
        self._held: dict[str, Any] = {}

    def now(self, folds: Folds, arrays: Arrays) -> dict[str, Any]:
        """Those of these folds, by name."""
        with mx.autograd.pause():  # a training may be recording what it computes
            for names, fold in folds.items():
                for name, values in zip(names, fold.arrays(arrays), strict=True):
                    self._fill(name, values)
        return {name: self._held[name] for names in folds for name in names}

    def _fill(self, name: str, values: Any) -> None:
        held = self._held.get(name)
        if held is None or held.shape != values.shape or held.context != values.context:
            self._held[name] = values
        else:
            values.copyto(held)


def _fold(graph: Graph, norm: Node, readers: Counter[Entry]) -> Fold | None:
    """Where a normalization's convolution gets its parameters; None where they cannot be folded:
    its values are read elsewhere, or a parameter is computed or shared."""
    if norm.operator not in _NORMALIZATIONS or norm.attributes.get("axis", "1") != "1":
        return None
    source, output = norm.inputs[0]
    convolution = graph.nodes[source]
    if convolution.operator != "Convolution" or output or readers[norm.inputs[0]] != 1:
        return None
    if convolution.attributes.get("layout", "None") not in ("None", "NCW", "NCHW", "NCDHW"):
        return None
    # The folded parameters take the places of these two among the nodes.
    if any(readers[entry] != 1 for entry in norm.inputs[1:3]):
        return None
    own = [graph.nodes[i] for i, _ in (*convolution.inputs[1:], *norm.inputs[1:])]
    if not all(each.is_variable for each in own) or norm.flag("output_mean_var"):
        return None
    weight, *bias = (graph.nodes[i].name for i, _ in convolution.inputs[1:])
    gamma, beta, mean, variance = (graph.nodes[i].name for i, _ in norm.inputs[1:5])
    return Fold(
        weight=weight,
        bias=bias[0] if bias and not convolution.flag("no_bias") else None,
        gamma=None if norm.flag("fix_gamma", default=True) else gamma,
        beta=beta,
        mean=mean,
        variance=variance,
        eps=float(norm.attributes.get("eps", "1e-3")),
    )
