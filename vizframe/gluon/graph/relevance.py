"""A graph whose gradient times its input is relevance: see `vizframe.network.relevance`.

Each layer keeps its value z, and hands the gradient to u, weighed by a factor. With c the gradient
at its output, R = z · c is the relevance there, and

    out = z        ∂out/∂u = f = z / stab(u)

has at its input a · c' = a · ρ(w) · z c / stab(u), the share that the rule says. So one pass
forward and one backward hand the relevance through any graph, skips and all.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Literal

from vizframe.gluon.graph.graph import Entry, Graph, Node
from vizframe.gluon.graph.kinds import base_name, kind_of
from vizframe.gluon.graph.nonnegative import nonnegative_nodes
from vizframe.gluon.graph.rules import is_relu
from vizframe.network.relevance import RelevanceRules

STEM = "vizframe_stem"
"""What the first layer gives, where that has a rule of its own: see `FirstLayer`."""

OPERATOR = "vizframe_share"
"""Keeps a value, and hands its relevance to what made it: see `vizframe.gluon.question.shares`."""

Rule = Literal["own", "any", "never below", "above", "both"]
"""What u is: the value itself; anything; never below zero; only what of the value is above zero has
a part; or what each sign of the value is made of, which a second input tells (`both_shares`)."""

_SUMS = frozenset(("add", "plus", "add_n", "elementwisesum", "sub", "subtract", "minus"))


@dataclass(frozen=True, slots=True)
class FirstLayer:
    """A first layer by a rule for pixels, which is computed beside the graph: forward it is no more
    than the layer, and backward one pass with both signs of its weights.

    Attributes:
        node: the convolution, whose settings it has.
        graph: gives its value, a BatchNorm right behind it included, its weight and its bias, if
            it has one.
    """

    node: Node
    graph: Graph


@dataclass(frozen=True, slots=True)
class RuledGraph:
    """A graph with the rules; where there is a ``first`` layer, its value is the input `STEM`."""

    graph: Graph
    first: FirstLayer | None


def relevance_graph(graph: Graph, data: int, target: Entry, rules: RelevanceRules) -> RuledGraph:
    """The graph with the rules at all nodes between the data's variable and the target."""
    return _Rewriting(graph.with_heads([target]), data, rules).ruled_graph()


@dataclass(eq=False)
class _Rewriting:
    """The nodes made so far, and where the old ones' outputs are found now."""

    old: Graph
    data: int
    rules: RelevanceRules
    nodes: list[Node] = field(default_factory=list)
    moved: dict[Entry, Entry] = field(default_factory=dict)
    number: dict[int, int] = field(default_factory=dict)
    first: FirstLayer | None = None

    def ruled_graph(self) -> RuledGraph:
        inside = self.old.above([self.data]) & self.old.below(self.old.heads)
        self.readers = Counter(each for node in self.old.nodes for each in node.inputs)
        self.nonnegative = nonnegative_nodes(self.old)
        self.is_first = True
        for index, node in enumerate(self.old.nodes):
            self.nodes.append(replace(node, inputs=tuple(map(self.now, node.inputs))))
            self.number[index] = len(self.nodes) - 1
            if index in inside and index != self.data:
                self.moved[index, 0] = self.ruled(index, node)
        whole = Graph(tuple(self.nodes), tuple(map(self.now, self.old.heads)))
        return RuledGraph(whole, self.first)

    def now(self, entry: Entry) -> Entry:
        return self.moved.get(entry, (self.number[entry[0]], entry[1]))

    def ruled(self, index: int, node: Node) -> Entry:
        """The entry that the readers of the node read from now on."""
        value = (self.number[index], 0)
        kind = kind_of(node)
        if kind in ("convolution", "dense") and not self.is_normalized(index):
            return self.linear(index, index, None)
        if base_name(node.operator).startswith("batchnorm"):
            before = node.inputs[0][0]
            if self.is_normalized(before):
                return self.linear(before, index, node)
            return self.passed_on(node, value)
        if kind == "activation" and not is_relu(node):
            return self.passed_on(node, value)
        if base_name(node.operator) in _SUMS or node.attributes.get("pool_type") == "avg":
            return self.own(value)
        return value

    def is_normalized(self, index: int) -> bool:
        """Whether it is a convolution or dense layer that a BatchNorm reads, and nothing else."""
        if kind_of(self.old.nodes[index]) not in ("convolution", "dense"):
            return False
        readers = [node for node in self.old.nodes if any(each[0] == index for each in node.inputs)]
        only = len(readers) == 1 and self.readers[index, 0] == 1
        batchnorm = only and base_name(readers[0].operator).startswith("batchnorm")
        return batchnorm and (index, 0) not in self.old.heads

    def linear(self, index: int, end: int, norm: Node | None) -> Entry:
        """A convolution or dense layer, with the BatchNorm behind it, which is the node ``end``."""
        node, value = self.old.nodes[index], (self.number[end], 0)
        kind = kind_of(node)
        first, self.is_first = (
            self.is_first and kind == "convolution",
            (self.is_first and kind != "convolution"),
        )
        rule = self.rules.convolution if kind == "convolution" else self.rules.dense
        reads = self.now(node.inputs[0])
        if base_name(node.operator) not in ("convolution", "fullyconnected", "fully_connected"):
            return self.own(value)
        layer = _Linear(self, node, *self.parameters(node, norm))
        if norm is not None:  # the same in one pass
            value = layer.apply(reads, 1, 1.0, 0.0, bias=True)
        if first and self.rules.first and node.inputs[0] == (self.data, 0):
            return self.by_itself(layer, value, is_target=(end, 0) in self.old.heads)
        if rule == "epsilon":
            return self.own(value)
        negative = node.inputs[0][0] not in self.nonnegative
        if rule == "zplus":
            positive = self.by_sign(layer, reads, 0.0, negative)
            return self.shared("never below", value, positive)
        if self.is_rectified(end):  # what is below zero has no relevance
            return self.shared("above", value, self.by_sign(layer, reads, 1.0, negative))
        positive = self.by_sign(layer, reads, 0.0, negative)
        return self.share("both", value, positive, gamma=self.rules.gamma)

    def is_rectified(self, index: int) -> bool:
        """Whether ReLUs alone read the node."""
        readers = [node for node in self.old.nodes if any(e[0] == index for e in node.inputs)]
        return bool(readers) and all(map(is_relu, readers)) and (index, 0) not in self.old.heads

    def by_sign(self, layer: _Linear, reads: Entry, share: float, negative: bool) -> Entry:
        """What inputs and weights of the same sign give.

        Args:
            share: how much of the weights themselves counts: 1 for gamma, and γ of their part of
                this sign; 0 for z⁺, and all of it.
            negative: whether there are inputs below zero.
        """
        most = self.rules.gamma if share else 1.0
        if not negative:
            return layer.apply(reads, 1, share, most, bias=True)
        upper = layer.apply(self.part(reads, 1), 1, share, most, bias=True)
        lower = layer.apply(self.part(reads, -1), -1, share, most, bias=False)
        return self.make("elemwise_add", upper, lower)

    def by_itself(self, layer: _Linear, value: Entry, *, is_target: bool) -> Entry:
        """The input that stands for the first layer's value in the rest of the graph."""
        parameters = (layer.weight,) if layer.bias is None else (layer.weight, layer.bias)
        self.first = FirstLayer(layer.node, Graph(tuple(self.nodes), (value, *parameters)))
        self.nodes.append(Node("null", STEM))
        stem = len(self.nodes) - 1, 0
        return self.make("_copy", stem) if is_target else stem  # no input is a graph's output

    def passed_on(self, node: Node, value: Entry) -> Entry:
        """An elementwise node: its relevance is that of its input."""
        return self.shared("any", value, self.now(node.inputs[0]))

    def own(self, value: Entry) -> Entry:
        """The value, whose relevance is shared among what it was made of by what that
        contributed."""
        return self.share("own", value)

    def shared(self, rule: Rule, value: Entry, made: Entry) -> Entry:
        """The value, which gets no gradient itself."""
        return self.share(rule, self.make("BlockGrad", value), made)

    def share(self, rule: Rule, *inputs: Entry, **attributes: object) -> Entry:
        told = {"op_type": OPERATOR, "rule": rule, "epsilon": self.rules.epsilon, **attributes}
        return self.make("Custom", *inputs, **told)

    def part(self, entry: Entry, sign: int) -> Entry:
        """The entry where it has this sign, and zero elsewhere."""
        if sign > 0:
            return self.make("relu", entry)
        return self.make("negative", self.make("relu", self.make("negative", entry)))

    def parameters(self, node: Node, norm: Node | None) -> tuple[Entry, Entry | None]:
        """The layer's weight and bias, those of the BatchNorm behind it multiplied in."""
        weight = self.now(node.inputs[1])
        bias = self.now(node.inputs[2]) if len(node.inputs) > 2 else None
        if norm is None:
            return weight, bias
        gamma, beta, mean, variance = map(self.now, norm.inputs[1:5])
        eps = float(norm.attributes.get("eps", "0.001"))
        scale = self.make("rsqrt", self.make("_plus_scalar", variance, scalar=eps))
        if not norm.flag("fix_gamma", default=True):
            scale = self.make("elemwise_mul", scale, gamma)
        axes = len(node.numbers("kernel", ())) + 1
        wide = self.make("Reshape", scale, shape=(-1, *(1,) * axes))
        centred = (
            self.make("negative", mean) if bias is None else self.make("elemwise_sub", bias, mean)
        )
        shifted = self.make("elemwise_add", self.make("elemwise_mul", centred, scale), beta)
        return self.make("broadcast_mul", weight, wide), shifted

    def make(self, operator: str, *inputs: Entry, **attributes: object) -> Entry:
        words = {name: str(value) for name, value in attributes.items()}
        self.nodes.append(Node(operator, f"vizframe_lrp{len(self.nodes)}", words, inputs))
        return len(self.nodes) - 1, 0


@dataclass(frozen=True, eq=False)
class _Linear:
    """A convolution or dense layer that can be applied with other weights."""

    graph: _Rewriting
    node: Node
    weight: Entry
    bias: Entry | None

    def apply(self, reads: Entry, sign: int, share: float, most: float, *, bias: bool) -> Entry:
        """The layer with weights ``share · w + most · (w's part of this sign)``."""
        weight = self._changed(self.weight, sign, share, most)
        if self.bias is None or not bias:
            return self._applied(reads, weight)
        return self._applied(reads, weight, self._changed(self.bias, sign, share, most))

    def _changed(self, entry: Entry, sign: int, share: float, most: float) -> Entry:
        if not most:
            return entry
        part = self.graph.part(entry, sign)
        if most != 1:
            part = self.graph.make("_mul_scalar", part, scalar=most)
        return self.graph.make("elemwise_add", entry, part) if share else part

    def _applied(self, *inputs: Entry) -> Entry:
        words = {**self.node.attributes, "no_bias": str(len(inputs) < 3)}
        return self.graph.make(self.node.operator, *inputs, **words)
