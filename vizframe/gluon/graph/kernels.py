"""How MXNet's operators keep their weights, and how the core wants them: (unit, input, …).

Convolution      (unit, input, y, x)        as it is; (unit, y, x, input) where channels come last
Deconvolution    (input, unit, y, x)        turned, group by group
FullyConnected   (unit, input)              as it is
Embedding        (word, unit)               turned
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vizframe.gluon.graph.graph import Node
from vizframe.gluon.graph.kinds import kind_of
from vizframe.gluon.graph.shapes import Shape
from vizframe.network import FloatArray


@dataclass(frozen=True, slots=True)
class KernelOrder:
    """How a weight is kept.

    Attributes:
        channels_last: whether its second axis lies last.
        turned: whether inputs come before units.
        groups: into how many its inputs are divided, where it is turned.
    """

    channels_last: bool = False
    turned: bool = False
    groups: int = 1

    def __call__(self, weight: FloatArray) -> FloatArray:
        """The weight as (unit, input, …)."""
        kept = np.moveaxis(weight, -1, 1) if self.channels_last else weight
        if self.turned:
            parts = np.split(kept, self.groups)
            kept = np.concatenate([part.swapaxes(0, 1) for part in parts])
        return np.ascontiguousarray(kept)

    def shape(self, kept: Shape) -> Shape:
        """The shape of a weight that is kept in this one, as (unit, input, …)."""
        first, *rest = kept
        if self.channels_last and rest:
            rest = [rest[-1], *rest[:-1]]
        if self.turned and rest:
            return (rest[0] * self.groups, first // self.groups, *rest[1:])
        return (first, *rest)


AS_IT_IS = KernelOrder()


def kernel_order(node: Node) -> KernelOrder:
    """How the operator keeps the weight that it reads."""
    last = node.attributes.get("layout", "").endswith("C")
    match kind_of(node):
        case "embedding":
            return KernelOrder(turned=True)
        case "transposed convolution":
            return KernelOrder(last, turned=True, groups=int(node.attributes.get("num_group", "1")))
        case "convolution":
            return KernelOrder(last)
    return AS_IT_IS


def kernel_order_of(node: Node, short: str) -> KernelOrder:
    """How the operator's parameter of this short name is kept."""
    return kernel_order(node) if short == "weight" else AS_IT_IS
