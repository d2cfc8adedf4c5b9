"""What a layer of a sequence reads: the sequence, and the states that it begins with."""

from __future__ import annotations

import numpy as np

from vizframe.network import FloatArray, Network
from vizframe.network.call import Call
from vizframe.network.layer import Layer
from vizframe.network.probe import Probe
from vizframe.plugin import Scene


def inputs_of(scene: Scene, layer: Layer, features: int) -> FloatArray | None:
    """The sequence that the layer reads, (input, time, feature); None where it is not seen.

    Args:
        features: how many numbers it reads at each place.
    """
    for name in layer.inputs:
        if name == scene.probe.call.input or name not in _names(scene.network):
            given = _as_sequence(scene.probe, features)
            if given is not None:
                return given
            continue
        source = scene.network.layer(name)
        if source.is_sequence and source.shape[-1] == features:
            return scene.activations(source)
    return _before(scene, layer, features)


def _before(scene: Scene, layer: Layer, features: int) -> FloatArray | None:
    """The last sequence before a loop that fits it, where the loop's steps cut their inputs by
    themselves, unseen. Whether it is the right one, the replay shows."""
    place = [each.name for each in scene.network.layers].index(layer.name)
    for source in reversed(scene.network.layers[:place]):
        if source.is_sequence and source.shape == (layer.shape[0], features):
            return scene.activations(source)
    return _as_sequence(scene.probe, features)


def _names(network: Network) -> set[str]:
    return {layer.name for layer in network.layers}


def _as_sequence(probe: Probe, features: int) -> FloatArray | None:
    """The probe's own inputs, where they are sequences of so many numbers a place."""
    images = probe.images
    if images.ndim == 3 and images.shape[2] == features:
        return images
    return images[:, :, None] if images.ndim == 2 and features == 1 else None


def states_of(call: Call, layer: Layer, count: int) -> tuple[FloatArray, ...]:
    """What the layer's states begin with, each (layer · direction, input, unit), where the network
    is given them; empty where they are zeros."""
    names = [name for name in layer.inputs if name in call.others]
    return tuple(_state(call, name, count) for name in names)


def _state(call: Call, name: str, count: int) -> FloatArray:
    repeated = np.asarray(call.others[name].repeated(count), np.float32)
    return repeated if repeated.ndim == 3 else repeated[None]
