"""Calls made in the places of others while a net runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from vizframe.torch.node import Node
from vizframe.torch.replay import resolve


@dataclass(frozen=True, slots=True)
class Ruled:
    """See the module.

    Attributes:
        nodes: by the number of the node that each stands for.
        given: what they read that is on no node.
    """

    nodes: Mapping[int, Node] = field(default_factory=dict)
    given: Mapping[int, Any] = field(default_factory=dict)

    def call(self, before: Sequence[Node]) -> Any:
        """The call in the place of the next one, of what the nodes so far have given."""
        node = self.nodes[len(before)]
        values = {index: each.value for index, each in enumerate(before)}
        args = resolve(node.args, {**values, **self.given})
        assert node.function is not None  # a rule is no leaf
        return node.function(*args)
