"""A network's graph as plain Python: read from a Symbol's JSON, rewritten, written back.

MXNet's own symbols cannot be changed once made, so all that vizframe asks of a network (inference
semantics, another ReLU rule, a cut at a layer, a crop to a receptive field) is said here.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from vizframe.gluon.compat import mx

Entry: TypeAlias = tuple[int, int]
"""An output of a node: (index of the node, which of its outputs)."""

_MXNET_VERSION = 10901


@dataclass(frozen=True, slots=True)
class Node:
    """A variable (operator ``null``) or an operator applied to entries of earlier nodes."""

    operator: str
    name: str
    attributes: Mapping[str, str] = field(default_factory=dict)
    inputs: tuple[Entry, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)
    """What else the JSON says: the sub-graphs of control flow."""

    @property
    def is_variable(self) -> bool:
        return self.operator == "null"

    def numbers(self, key: str, default: tuple[int, ...]) -> tuple[int, ...]:
        """An attribute such as ``"(3, 3)"``; the default where it is absent or empty."""
        text = self.attributes.get(key)
        value = ast.literal_eval(text) if text else ()
        return tuple(int(each) for each in value) or default

    def flag(self, key: str, default: bool = False) -> bool:
        return self.attributes.get(key, str(default)).lower() in ("true", "1")

    def set(self, **attributes: object) -> Node:
        changed = {name: str(value) for name, value in attributes.items()}
        return replace(self, attributes={**self.attributes, **changed})


@dataclass(frozen=True, slots=True)
class Graph:
    """Nodes in an order in which each comes after its inputs, and the entries that it gives."""

    nodes: tuple[Node, ...]
    heads: tuple[Entry, ...]

    @classmethod
    def of(cls, symbol: Any) -> Graph:
        """The graph of an MXNet Symbol."""
        return cls.parse(symbol.tojson())

    @classmethod
    def parse(cls, text: str) -> Graph:
        """The graph of a Symbol's JSON."""
        raw = json.loads(text)
        known = {"op", "name", "attrs", "inputs"}
        nodes = tuple(
            Node(
                operator=each["op"],
                name=each["name"],
                attributes=each.get("attrs", {}),
                inputs=tuple((entry[0], entry[1]) for entry in each["inputs"]),
                extra={key: value for key, value in each.items() if key not in known},
            )
            for each in raw["nodes"]
        )
        return cls(nodes, tuple((head[0], head[1]) for head in raw["heads"]))

    def symbol(self) -> Any:
        """The MXNet Symbol of what the heads need, and of nothing else."""
        kept = self.prune()
        nodes = [
            {
                "op": node.operator,
                "name": node.name,
                "attrs": dict(node.attributes),
                "inputs": [[index, output, 0] for index, output in node.inputs],
                **node.extra,
            }
            for node in kept.nodes
        ]
        return _load(
            {
                "nodes": nodes,
                "arg_nodes": [i for i, node in enumerate(kept.nodes) if node.is_variable],
                "heads": [[index, output, 0] for index, output in kept.heads],
                "attrs": {"mxnet_version": ["int", _MXNET_VERSION]},
            }
        )

    def below(self, entries: Iterable[Entry]) -> set[int]:
        """The nodes that the entries need, themselves included."""
        found: set[int] = set()
        waiting = [index for index, _ in entries]
        while waiting:
            index = waiting.pop()
            if index not in found:
                found.add(index)
                waiting.extend(each for each, _ in self.nodes[index].inputs)
        return found

    def above(self, sources: Iterable[int]) -> set[int]:
        """The nodes that depend on any of the sources, themselves included."""
        found = set(sources)
        for index, node in enumerate(self.nodes):
            if any(each in found for each, _ in node.inputs):
                found.add(index)
        return found

    def prune(self) -> Graph:
        """Only the nodes that the heads need, numbered anew."""
        kept = sorted(self.below(self.heads))
        number = {old: new for new, old in enumerate(kept)}

        def renumbered(entries: Sequence[Entry]) -> tuple[Entry, ...]:
            return tuple((number[index], output) for index, output in entries)

        nodes = (
            replace(self.nodes[old], inputs=renumbered(self.nodes[old].inputs)) for old in kept
        )
        return Graph(tuple(nodes), renumbered(self.heads))

    def with_heads(self, heads: Iterable[Entry]) -> Graph:
        """The same nodes, asked for other entries."""
        return replace(self, heads=tuple(heads))

    def map_nodes(self, change: Callable[[Node], Node]) -> Graph:
        """Each node as ``change`` gives it back; their number and inputs stay."""
        return replace(self, nodes=tuple(change(node) for node in self.nodes))

    def feed(self, entry: Entry, name: str) -> Graph:
        """The entry no longer computed but given, as a variable of that name."""
        at = entry[0] + 1
        given = (at, 0)

        def moved(old: Entry) -> Entry:
            if old == entry:
                return given
            return (old[0] + 1, old[1]) if old[0] >= at else old

        before, after = self.nodes[:at], self.nodes[at:]
        nodes = [replace(node, inputs=tuple(moved(each) for each in node.inputs)) for node in after]
        return Graph(
            (*before, Node("null", name), *nodes), tuple(moved(head) for head in self.heads)
        )

    def variables(self) -> frozenset[str]:
        """The names of its inputs: images, parameters and states."""
        return frozenset(node.name for node in self.nodes if node.is_variable)

    def variable(self, name: str) -> int:
        """The index of the variable of that name; raises KeyError."""
        for index, node in enumerate(self.nodes):
            if node.is_variable and node.name == name:
                return index
        raise KeyError(name)


def _load(raw: Mapping[str, object]) -> Any:
    """The Symbol of a JSON object.

    Of an operator that is written in Python MXNet remembers what its backward pass needs, in one
    place for all of them, and goes by what the last one told. The training's own break where that
    is another one's, so it is put back.
    """
    registry = mx.operator._registry
    needed = registry.result_deps
    try:
        return mx.sym.load_json(json.dumps(raw))
    finally:
        registry.result_deps = needed
