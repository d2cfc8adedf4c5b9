"""Gluon's own blocks as the operators that they compute: what is known of a net without a graph."""

from __future__ import annotations

from typing import Any

from vizframe.gluon.compat import mx
from vizframe.gluon.graph.graph import Node

nn, rnn = mx.gluon.nn, mx.gluon.rnn

_NORMALIZATIONS = {nn.LayerNorm: -1, nn.InstanceNorm: 1, nn.GroupNorm: 1}


def node_of(block: Any) -> Node:
    """The block as one operator with its attributes; ``unknown`` where it is none of Gluon's."""
    operator, attributes = _described(block)
    return Node(operator, block.name, {key: str(value) for key, value in attributes.items()})


def end_of(block: Any) -> Node:
    """The operator that the block ends in: the activation that a convolution may have."""
    last = getattr(block, "act", None)
    return node_of(last if isinstance(last, mx.gluon.Block) else block)


def _described(block: Any) -> tuple[str, dict[str, Any]]:
    match block:
        case nn.conv_layers._Conv() | nn.conv_layers._Pooling():
            return block._op_name if isinstance(
                block, nn.conv_layers._Conv
            ) else "Pooling", block._kwargs
        case nn.Dense():
            return "FullyConnected", {"flatten": block._flatten}
        case nn.Embedding():
            return "Embedding", {}
        case nn.Activation():
            return "Activation", {"act_type": block._act_type}
        case nn.LeakyReLU():
            return "LeakyReLU", {"act_type": "leaky", "slope": block._alpha}
        case nn.PReLU() | nn.ELU() | nn.SELU() | nn.GELU() | nn.Swish():
            return "LeakyReLU", {"act_type": type(block).__name__.lower()}
        case nn.BatchNormReLU():
            return "_contrib_BatchNormWithReLU", block._kwargs
        case nn.basic_layers._BatchNorm():
            return "BatchNorm", block._kwargs
        case nn.Dropout():
            return "Dropout", {}
        case nn.Flatten():
            return "Flatten", {}
        case rnn.rnn_layer._RNNLayer():
            return "RNN", {"mode": block._mode, "layout": block._layout}
        case rnn.RecurrentCell():
            return "RNN", {}
    for kind, axis in _NORMALIZATIONS.items():
        if isinstance(block, kind):
            return "LayerNorm", {"axis": getattr(block, "_axis", axis)}
    return _guessed(block), {}


def _guessed(block: Any) -> str:
    """The operator that a block of the user's own most likely is, by the shape of its weight."""
    weight = block._reg_params.get("weight")
    axes = len(weight.shape or ()) if weight is not None else 0
    return "FullyConnected" if axes == 2 else "Convolution" if axes > 2 else "unknown"
