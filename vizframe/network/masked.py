"""A checkpoint whose network is what the page showed: units off, scaled or set, in the weights.

    off     row of the weight 0, bias 0
    *0.5    both times 0.5
    =1.5    row 0, bias 1.5

A change of a layer without parameters (a ReLU, a pooling) goes into the layer before it that has
as many units and some. Whether that is the same is not argued but tried: what is written is loaded
again, and has to give the scores that were shown.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np

from vizframe.errors import NetworkError
from vizframe.network.layer import Layer
from vizframe.network.network import FloatArray, Network
from vizframe.network.unit_change import UnitChange, activations_with

Change = Callable[[str, FloatArray], FloatArray]
"""Gives a parameter, by its full name, as it is to be written."""

CLOSE = 1e-3
"""By how much, of the largest score, what is read again may differ."""

_SCALES, _SHIFTS = ("weight", "gamma"), ("bias", "beta")


@runtime_checkable
class NamesParameters(Protocol):
    """A network that says what its layers' parameters are called in the model."""

    def own_names(self, layer: str) -> Mapping[str, str]:
        """The full name of each parameter that the model itself keeps, by its short name."""
        ...


@runtime_checkable
class SavesWeights(Protocol):
    """An adapter that can write a model's parameters."""

    def save_weights(self, model: object, folder: Path, change: Change) -> Path:
        """Write them to a file in the folder, each as ``change`` gives it back."""
        ...


def own_names(network: Network, layer: str) -> Mapping[str, str]:
    """See `NamesParameters`; nothing where the network does not say."""
    return network.own_names(layer) if isinstance(network, NamesParameters) else {}


def change_of(network: Network, changes: Sequence[UnitChange]) -> Change:
    """What writes these changes into a network's parameters.

    Raises:
        NetworkError: one of them cannot be written into a weight.
    """
    edits: dict[str, list[tuple[UnitChange, FloatArray, bool]]] = {}
    for each in changes:
        layer = weighty_layer(network, network.layer(each.layer))
        names, own = own_names(network, layer.name), network.weights(layer.name)
        if each.how == "<":
            raise NetworkError(
                f"unit {each.unit} of {each.layer!r} is held below {each.value:g}, which no weight "
                "can do; it can be off, scaled or set"
            )
        shifts = [short for short in own if short in _SHIFTS and short in names]
        if each.how == "=" and each.value and not shifts:
            raise NetworkError(
                f"layer {layer.name!r} has no bias that could set unit {each.unit} to "
                f"{each.value:g}; it can be off or scaled"
            )
        for short, full in names.items():
            if short in (*_SCALES, *_SHIFTS):
                edits.setdefault(full, []).append((each, own[short], short in _SHIFTS))

    def change(name: str, values: FloatArray) -> FloatArray:
        changed = values.copy()
        for each, own, is_shift in edits.get(name, ()):
            _edit(changed, values, own, each, is_shift)
        return changed

    return change


def weighty_layer(network: Network, layer: Layer) -> Layer:
    """The layer, or the last one before it, that has parameters of its units.

    Raises:
        NetworkError: there is none, or several ways lead to it.
    """
    found, units = layer, layer.units
    while not any(short in found.parameters for short in _SCALES):
        before = [each for each in network.layers if each.name in found.inputs]
        if len(before) != 1 or before[0].units != units:
            raise NetworkError(
                f"layer {layer.name!r} has no weights that its units could be switched off in; "
                "change them in the layer before it"
            )
        found = before[0]
    return found


def _edit(
    changed: FloatArray, raw: FloatArray, own: FloatArray, each: UnitChange, is_shift: bool
) -> None:
    """One unit of a parameter as the model keeps it; ``own`` is the same with its units first."""
    as_it_is = raw.shape == own.shape and np.array_equal(raw, own, equal_nan=True)
    units_first = changed if as_it_is or raw.ndim < 2 else changed.swapaxes(0, 1)
    if each.unit >= len(units_first):
        raise NetworkError(
            f"unit {each.unit} of {each.layer!r} is not found in its weight of shape {raw.shape}"
        )
    if each.how == "*":
        units_first[each.unit] *= np.float32(each.value)
    else:
        units_first[each.unit] = each.value if is_shift and each.how == "=" else 0.0


def refuse_other(
    saved: Network, shown: Network, changes: Sequence[UnitChange], images: FloatArray
) -> None:
    """Raises NetworkError unless the saved network's scores are those that were shown."""
    name = shown.score_layer
    wanted = activations_with(shown, images, changes, [name])[name]
    found = saved.scores(images)
    reach = max(float(np.nanmax(np.abs(wanted), initial=0.0)), 1e-6)
    if not np.allclose(found, wanted, rtol=0, atol=CLOSE * reach, equal_nan=True):
        layers = ", ".join(dict.fromkeys(repr(each.layer) for each in changes))
        raise NetworkError(
            f"these changes of {layers} cannot be written into weights: the network with them "
            "gives other scores; units of a layer with a weight of its own can be"
        )
