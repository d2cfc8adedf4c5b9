"""How an operator looks at space: which input places one output place reads, along one axis.

place p reads   p·stride − pad,  p·stride − pad + dilate, …   kernel of them
"""

from __future__ import annotations

from dataclasses import dataclass

from vizframe.gluon.graph.graph import Node
from vizframe.gluon.graph.rules import OPERATOR

Interval = tuple[int, int]
"""The first and last place, both included, along one axis."""

POINTWISE = frozenset(
    (
        "Activation",
        "LeakyReLU",
        "relu",
        "sigmoid",
        "tanh",
        "softsign",
        "exp",
        "log",
        "sqrt",
        "square",
        "abs",
        "negative",
        "clip",
        "BatchNorm",
        "BatchNorm_v1",
        "Dropout",
        "identity",
        "_copy",
        "BlockGrad",
        "Cast",
        "_plus_scalar",
        "_minus_scalar",
        "_rminus_scalar",
        "_mul_scalar",
        "_div_scalar",
        "_rdiv_scalar",
        "_maximum_scalar",
        "_minimum_scalar",
        "_power_scalar",
        "elemwise_add",
        "elemwise_sub",
        "elemwise_mul",
        "elemwise_div",
        "add_n",
        "broadcast_add",
        "broadcast_sub",
        "broadcast_mul",
        "broadcast_div",
        "broadcast_maximum",
        "broadcast_minimum",
        "_maximum",
        "_minimum",
        "LRN",
        "_contrib_div_sqrt_dim",
        "hard_sigmoid",
        "amp_cast",
    )
)
"""Operators whose output at a place depends on their inputs at that place alone."""


@dataclass(frozen=True, slots=True)
class OperatorWindow:
    """The window of an operator; each pair is (y, x)."""

    kernel: tuple[int, int] = (1, 1)
    stride: tuple[int, int] = (1, 1)
    pad: tuple[int, int] = (0, 0)
    dilate: tuple[int, int] = (1, 1)

    def reads(self, axis: int, places: Interval) -> Interval:
        """The input places that these output places read; those in the padding too."""
        first, last = places
        start = first * self.stride[axis] - self.pad[axis]
        reach = (self.kernel[axis] - 1) * self.dilate[axis]
        return start, last * self.stride[axis] - self.pad[axis] + reach


def window_of(node: Node) -> OperatorWindow | None:
    """The operator's window, or None where a place may depend on the whole map."""
    if node.operator == "Convolution" and len(node.numbers("kernel", ())) == 2:
        return OperatorWindow(
            kernel=_pair(node.numbers("kernel", (1, 1))),
            stride=_pair(node.numbers("stride", (1, 1))),
            pad=_pair(node.numbers("pad", (0, 0))),
            dilate=_pair(node.numbers("dilate", (1, 1))),
        )
    if node.operator == "Pooling" and not node.flag("global_pool"):
        kernel = node.numbers("kernel", ())
        if len(kernel) == 2:
            return OperatorWindow(
                kernel=_pair(kernel),
                stride=_pair(node.numbers("stride", (1, 1))),
                pad=_pair(node.numbers("pad", (0, 0))),
            )
        return None
    if node.operator.startswith("BatchNorm") and node.attributes.get("axis", "1") != "1":
        return None  # each place has its own statistics
    if node.operator in POINTWISE or node.attributes.get("op_type") == OPERATOR:
        return OperatorWindow()
    if node.operator == "Concat" and node.attributes.get("dim", "1") == "1":
        return OperatorWindow()
    return None


def _pair(values: tuple[int, ...]) -> tuple[int, int]:
    return values[0], values[1]
