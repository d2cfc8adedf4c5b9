"""Which operators go back in the same way whatever they were given."""

from __future__ import annotations

from vizframe.gluon.graph.graph import Node
from vizframe.gluon.graph.rules import is_bounded_relu, is_relu

PASSED_ON = frozenset(("Dropout", "identity", "_copy", "_plus_scalar", "_minus_scalar"))
ADDED = frozenset(("elemwise_add", "_plus", "_Plus", "add_n", "broadcast_add", "_add"))
LINEAR = frozenset(
    (
        *("Flatten", "Reshape", "reshape", "Concat", "mean", "sum", "transpose", "SwapAxis"),
        *(
            "slice",
            "slice_axis",
            "slice_like",
            "expand_dims",
            "squeeze",
            "Pad",
            "pad",
            "SliceChannel",
        ),
        *("elemwise_sub", "broadcast_sub", "UpSampling", "Deconvolution", "_mul_scalar"),
        *("_div_scalar", "negative", "_rminus_scalar", "depth_to_space", "space_to_depth"),
    )
)
"""Operators whose gradient is the same whatever they are given."""


MULTIPLIED = ("Convolution", "FullyConnected", "Deconvolution", "BatchNorm", "BatchNorm_v1")
"""Operators whose first input is multiplied by the others."""


def is_linear(node: Node) -> bool:
    """Whether what an operator passes back does not depend on what it was given."""
    known = ("Convolution", "FullyConnected", "BatchNorm", "BatchNorm_v1")
    average = node.operator == "Pooling" and node.attributes.get("pool_type", "max") in (
        "avg",
        "sum",
    )
    named = node.operator in (*known, *PASSED_ON, *ADDED, *LINEAR)
    return named or average or is_relu(node) or is_bounded_relu(node)


def moves_channels(node: Node) -> bool:
    """Whether its channels are not the second axis."""
    if node.operator == "Concat":
        return node.attributes.get("dim", "1") != "1"
    return node.attributes.get("layout", "None") not in ("None", "NCHW")
