"""A tape with the rules of relevance at every node between the images and a target.

    image ─ conv ─ batch_norm ─ relu ─ conv ─┬─ add ─ … ─ linear
              ╰─ Linear ───╯            ╰ Linear  ╰ Share        the rules in its nodes' places

The nodes keep their numbers, so that the tape is played as any other (see `replay`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from vizframe.network.relevance import RelevanceRules
from vizframe.torch.node import Node, Ref, Tape
from vizframe.torch.operators import (
    arguments,
    is_bounded_relu,
    is_relu,
    kind_of,
    name_of,
    nonnegative_nodes,
    reads,
)
from vizframe.torch.relevance_rules import Linear, Made, PassOn, Share
from vizframe.torch.replay import call_of, needed_nodes

_SUMS_NAMES = """
    add sub subtract rsub radd sum mean avg_pool1d avg_pool2d avg_pool3d adaptive_avg_pool1d
    adaptive_avg_pool2d adaptive_avg_pool3d
"""
_SUMS = frozenset(_SUMS_NAMES.split())
_PRODUCTS = frozenset(("matmul", "mm", "addmm"))
_RULED = frozenset(("conv1d", "conv2d", "conv3d", "linear"))
_SAME_PIXELS = frozenset(("contiguous", "to", "float", "half", "double", "clone"))
_ENDS = 3
"""Beside the images: the lowest pixels, the highest, and ones; their relevance is the pixels'."""


def relevance_tape(tape: Tape, target: int, rules: RelevanceRules) -> tuple[Tape, tuple[int, ...]]:
    """The tape with the rules, and its nodes that are given: images, lowest, highest, ones."""
    ends = tuple(range(len(tape.nodes), len(tape.nodes) + _ENDS))
    nodes = [*tape.nodes, *(Node(word="images") for _ in ends)]
    ruling = Ruling(tape.nodes, tape.data, rules, ends, needed_nodes(tape, [target]), target)
    for index in ruling.inside:
        nodes[index] = ruling.ruled(index) or nodes[index]
    return Tape(nodes, tape.data, tape.output), (tape.data, *ends)


@dataclass(eq=False)
class Ruling:
    """Which rule each node gets.

    Attributes:
        ends: the nodes of the lowest and highest pixels, and of ones.
        needed: the nodes that the target reads, itself included.
    """

    nodes: list[Node]
    data: int
    rules: RelevanceRules
    ends: tuple[int, ...]
    needed: set[int]
    target: int
    inside: list[int] = field(init=False)

    def __post_init__(self) -> None:
        depends = {self.data}
        for index in sorted(self.needed):
            if any(each in depends for each in self.nodes[index].inputs):
                depends.add(index)
        self.depends = depends
        self.inside = sorted(depends - {self.data})
        self.nonnegative = nonnegative_nodes(self.nodes)
        self.readers: dict[int, list[int]] = {}
        for index in self.inside:
            for each in self.nodes[index].inputs:
                self.readers.setdefault(each, []).append(index)
        kinds = ((index, kind_of(self.nodes[index])) for index in self.inside)
        self.first = next((index for index, kind in kinds if kind == "convolution"), None)

    def ruled(self, index: int) -> Node | None:
        """The node by its rule; None where it passes on what a gradient does."""
        node = self.nodes[index]
        kind, name = kind_of(node), name_of(node)
        if kind in ("convolution", "transposed convolution", "dense") and self._is_layer(node):
            return None if self._norm_of(index) else self._linear(index, index)
        if name == "batch_norm":
            before = self._ref(node, "input")
            if before is not None and self._norm_of(before) == index:
                return self._linear(before, index)
            return self._passed_on(node)
        if kind == "activation" and not is_relu(node) and not is_bounded_relu(node):
            return self._passed_on(node)
        if name in _SUMS or (name in _PRODUCTS and len(self._maps_of(node)) == 1):
            return self._node(Share(self._made(node), self.rules), node)
        return None

    def _is_layer(self, node: Node) -> bool:
        """Whether it multiplies a map by weights that no image changes."""
        weight = self._ref(node, "weight")
        return weight is not None and weight not in self.depends and bool(self._maps_of(node))

    def _norm_of(self, index: int) -> int | None:
        """The batch normalization that alone reads a layer, and counts as part of it."""
        node, readers = self.nodes[index], self.readers.get(index, [])
        if name_of(node) not in _RULED or not self._is_layer(node) or index == self.target:
            return None
        if len(readers) != 1 or name_of(self.nodes[readers[0]]) != "batch_norm":
            return None
        norm = self.nodes[readers[0]]
        given = arguments(norm)
        still = given.get("training") is not True and isinstance(given.get("running_mean"), Ref)
        flat = name_of(node) == "linear" and len(node.shape) != 2
        return readers[0] if still and self._maps_of(norm) == [index] and not flat else None

    def _linear(self, index: int, end: int) -> Node:
        """A layer with the normalization behind it, which is the node ``end``."""
        node, norm = self.nodes[index], None if end == index else self.nodes[end]
        kind = kind_of(node)
        rule = self.rules.dense if kind == "dense" else self.rules.convolution
        source = self._ref(node, "input")
        first = self.rules.first if index == self.first and self._is_images(source) else None
        named = name_of(node) in _RULED or kind == "transposed convolution"
        if source is None or not named or (rule == "epsilon" and first is None):
            return self._node(Share(self._made(self.nodes[end]), self.rules), self.nodes[end])
        given = arguments(node)
        settings = {k: v for k, v in given.items() if k not in ("input", "weight", "bias")}
        norms = arguments(norm) if norm is not None else None
        ruling = Linear(
            self._made(self.nodes[end]),
            call_of(node, "plain")[0],
            settings,
            self.rules,
            rule,
            first,
            1e-5 if norm is None else _eps_of(norm),
            source not in self.nonnegative,
            self._is_rectified(end),
        )
        ends = tuple(map(Ref, self.ends)) if first is not None else ()
        more = Ref(source), given["weight"], given.get("bias"), norms, ends
        return self._node(ruling, self.nodes[end], *more)

    def _is_images(self, index: int | None) -> bool:
        """Whether a node is the images, or they in another type or layout."""
        while index is not None and index != self.data:
            node = self.nodes[index]
            index = self._ref(node, "input") if name_of(node) in _SAME_PIXELS else None
        return index is not None

    def _is_rectified(self, index: int) -> bool:
        """Whether ReLUs alone read a node."""
        readers = [self.nodes[each] for each in self.readers.get(index, [])]
        relus = bool(readers) and all(is_relu(each) or is_bounded_relu(each) for each in readers)
        return relus and index != self.target

    def _passed_on(self, node: Node) -> Node | None:
        maps = self._maps_of(node)
        if len(maps) != 1:
            return None
        return self._node(PassOn(self._made(node), self.rules), node, Ref(maps[0]))

    def _made(self, node: Node) -> Made:
        return Made(call_of(node, "plain")[0])

    def _node(self, ruling: Any, node: Node, *more: Any) -> Node:
        """A node of a rule: its own arguments, and what else the rule reads."""
        _, args, kwargs = call_of(node, "plain")
        given = (tuple(args), dict(kwargs), *more)
        made = Node(ruling, given, {}, (), node.path, "relevance", shape=node.shape)
        made.inputs = tuple(dict.fromkeys(reads(made)))
        return made

    def _maps_of(self, node: Node) -> list[int]:
        """What it reads that depends on the images."""
        return [each for each in dict.fromkeys(reads(node)) if each in self.depends]

    def _ref(self, node: Node, name: str) -> int | None:
        found = arguments(node).get(name)
        return found.node if isinstance(found, Ref) else None


def _eps_of(norm: Node) -> float:
    given: Mapping[str, Any] = dict(norm.kwargs)
    eps = given.get("eps", norm.args[7] if len(norm.args) > 7 else 1e-5)
    return float(eps)
