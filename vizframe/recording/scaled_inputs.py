"""Inputs as the first kernel of a network meets them: some networks scale what they are given."""

from __future__ import annotations

from vizframe.network import FloatArray, Network
from vizframe.network.kinds import KERNEL_KINDS


def scaled_inputs(network: Network, inputs: FloatArray) -> FloatArray:
    """What the arithmetic before the first kernel gives; the inputs, where there is none."""
    layers = {layer.name: layer for layer in network.layers}
    first = next((layer for layer in network.layers if layer.kind in KERNEL_KINDS), None)
    fed_by = None if first is None or not first.inputs else layers.get(first.inputs[0])
    if fed_by is None or fed_by.kind != "arithmetic":
        return inputs
    return network.activations(inputs, [fed_by.name])[fed_by.name]
