"""A graph whose gradient times its input is relevance: see `vizframe.network.relevance`.

Each layer keeps its value z, and gets the gradient of u, weighed by a factor that no gradient goes
into. With c the gradient at its output, R = z · c is the relevance there, and

    out = u · [f] + [z − u · f]      f = z / stab(u), [·] is BlockGrad

has at its input a · c' = a · ρ(w) · z c / stab(u), the share that the rule says. So one pass
forward and one backward hand the relevance through any graph, skips and all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from vizframe.gluon.graph.graph import Entry, Graph, Node
from vizframe.gluon.graph.kinds import base_name, kind_of
from vizframe.gluon.graph.nonnegative import nonnegative_nodes
from vizframe.gluon.graph.rules import is_relu
from vizframe.network.relevance import RelevanceRules

LOW, HIGH, ONES = "vizframe_low", "vizframe_high", "vizframe_ones"
"""Inputs of the first layer's rules, beside the images: their relevance is the pixels', too."""

_SUMS = frozenset(("add", "plus", "add_n", "elementwisesum", "sub", "subtract", "minus"))


def relevance_graph(graph: Graph, data: int, target: Entry, rules: RelevanceRules) -> Graph:
    """The graph with the rules at all nodes between the data's variable and the target."""
    return _Rewriting(graph.with_heads([target]), data, rules).graph()


@dataclass(frozen=True)
class Branch:
    """A u, the part of z that it hands back, and which sign it has where that is not zero."""

    made: Entry
    part: Entry
    sign: Literal["any", "above", "below", "never below"] = "any"


@dataclass(eq=False)
class _Rewriting:
    """The nodes made so far, and where the old ones' outputs are found now."""

    old: Graph
    data: int
    rules: RelevanceRules
    nodes: list[Node] = field(default_factory=list)
    moved: dict[Entry, Entry] = field(default_factory=dict)
    number: dict[int, int] = field(default_factory=dict)

    def graph(self) -> Graph:
        inside = self.old.above([self.data]) & self.old.below(self.old.heads)
        self.readers = Counter(each for node in self.old.nodes for each in node.inputs)
        self.nonnegative = nonnegative_nodes(self.old)
        self.is_first = True
        for index, node in enumerate(self.old.nodes):
            self.nodes.append(replace(node, inputs=tuple(map(self.now, node.inputs))))
            self.number[index] = len(self.nodes) - 1
            if index in inside and index != self.data:
                self.moved[index, 0] = self.ruled(index, node)
        return Graph(tuple(self.nodes), tuple(map(self.now, self.old.heads)))

    def now(self, entry: Entry) -> Entry:
        return self.moved.get(entry, (self.number[entry[0]], entry[1]))

    def ruled(self, index: int, node: Node) -> Entry:
        """What the readers of the node read from now on."""
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
            return self.shared(value, [Branch(value, value)])
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
            return self.shared(value, [Branch(value, value)])
        layer = _Linear(self, node, *self.parameters(node, norm))
        if norm is not None:  # the same in one pass
            value = layer.apply(reads, 1, 1.0, 0.0, bias=True)
        if first and self.rules.first and node.inputs[0] == (self.data, 0):
            return self.shared(value, [self.first(layer, reads, value)])
        if rule == "epsilon":
            return self.shared(value, [Branch(value, value)])
        negative = node.inputs[0][0] not in self.nonnegative
        if rule == "zplus":
            positive = self.by_sign(layer, reads, 0.0, negative)
            return self.shared(value, [Branch(positive, value, "never below")])
        if self.is_rectified(end):  # what is below zero has no relevance
            made = self.by_sign(layer, reads, 1.0, negative)
            return self.shared(value, [Branch(made, self.part(value, 1), "above")])
        return self.shared(value, self.by_gamma(layer, reads, value, negative))

    def is_rectified(self, index: int) -> bool:
        """Whether ReLUs alone read the node."""
        readers = [node for node in self.old.nodes if any(e[0] == index for e in node.inputs)]
        return bool(readers) and all(map(is_relu, readers)) and (index, 0) not in self.old.heads

    def by_gamma(self, layer: _Linear, reads: Entry, value: Entry, negative: bool) -> list[Branch]:
        """z + γ p for what of z is above zero, and z + γ n for what is below: p is what speaks for
        the unit, n = z − p against it."""
        gamma = self.rules.gamma
        part = self.make("_mul_scalar", self.by_sign(layer, reads, 0.0, negative), scalar=gamma)
        more = self.make("_mul_scalar", value, scalar=1 + gamma)
        return [
            Branch(self.make("elemwise_add", value, part), self.part(value, 1), "above"),
            Branch(self.make("elemwise_sub", more, part), self.part(value, -1), "below"),
        ]

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

    def first(self, layer: _Linear, reads: Entry, value: Entry) -> Branch:
        """What the first layer would give by the box or the flat rule.

        a w − l w⁺ − h w⁻ = (a − l) w⁺ + (a − h) w⁻, one convolution of twice the channels.
        """
        if self.rules.first == "flat":
            return Branch(layer.ones(self.variable(ONES)), value, "never below")
        above, under = (
            self.make("elemwise_sub", reads, self.variable(name)) for name in (LOW, HIGH)
        )
        return Branch(layer.apart(above, under), value)  # pixels may lie outside of the box

    def passed_on(self, node: Node, value: Entry) -> Entry:
        """An elementwise node: its relevance is that of its input."""
        return self.shared(value, [Branch(self.now(node.inputs[0]), value)])

    def shared(self, value: Entry, branches: Sequence[Branch]) -> Entry:
        """``Σ u · [part / stab(u)]``, but with the value as it was."""
        total: Entry | None = None
        for branch in branches:
            quotient = self.make("elemwise_div", branch.part, self.stable(branch))
            product = self.make("elemwise_mul", branch.made, self.make("BlockGrad", quotient))
            total = product if total is None else self.make("elemwise_add", total, product)
        assert total is not None
        rest = self.make("BlockGrad", self.make("elemwise_sub", value, total))
        return self.make("elemwise_add", total, rest)

    def stable(self, branch: Branch) -> Entry:
        """u away from zero by ε. Where its part of z is not zero, a branch of one sign has that
        sign; elsewhere any number does, so long as it is not zero."""
        entry, epsilon = branch.made, self.rules.epsilon
        if branch.sign != "any":
            one_sided = self.part(entry, -1 if branch.sign == "below" else 1)
            entry = entry if branch.sign == "never below" else one_sided
            epsilon = -epsilon if branch.sign == "below" else epsilon
            return self.make("_plus_scalar", entry, scalar=epsilon)
        upper = self.make("_greater_equal_scalar", entry, scalar=0)
        doubled = self.make("_mul_scalar", upper, scalar=2 * epsilon)
        return self.make("elemwise_add", entry, self.make("_minus_scalar", doubled, scalar=epsilon))

    def part(self, entry: Entry, sign: int) -> Entry:
        """What of the entry has this sign, zero elsewhere."""
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

    def variable(self, name: str) -> Entry:
        self.nodes.append(Node("null", name))
        return len(self.nodes) - 1, 0

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

    def ones(self, reads: Entry) -> Entry:
        """The layer with weights of one and no bias."""
        return self._applied(reads, self.graph.make("ones_like", self.weight))

    def apart(self, above: Entry, under: Entry) -> Entry:
        """The layer without bias, with weights above zero on the one and those below on the
        other."""
        make, part, node = self.graph.make, self.graph.part, self.node
        groups = int(node.attributes.get("num_group", "1"))
        if groups > 1:  # whose channels would have to lie side by side
            made = (
                self._applied(reads, part(self.weight, sign))
                for reads, sign in ((above, 1), (under, -1))
            )
            return make("elemwise_add", *made)
        reads = make("Concat", above, under, dim=1, num_args=2)
        weights = part(self.weight, 1), part(self.weight, -1)
        return self._applied(reads, make("Concat", *weights, dim=1, num_args=2))

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
