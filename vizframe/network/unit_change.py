"""What if a unit were off, weaker, or held: changes of units, and the network computed with them.

    conv1:3:off        zero everywhere
    conv1:3:*0.5       half of what it is
    conv1:3:<1.5       at most 1.5
    conv1:3:=1.5       1.5 everywhere

A layer's name is written as in an address (``%3A`` for ``:``); several changes are divided by
commas. The arithmetic is NumPy's on the layer's outputs; the rest of the network is its own.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from types import MappingProxyType
from typing import Literal, get_args
from urllib.parse import quote, unquote

import numpy as np

from vizframe.errors import UsageError
from vizframe.network.layer import Layer
from vizframe.network.network import FloatArray, Network
from vizframe.network.resumed import resume

How = Literal["off", "*", "<", "="]

MOST_CHANGES = 10_000
"""In one text; more than any network that is looked at has units in a layer."""


@dataclass(frozen=True, slots=True)
class UnitChange:
    """What becomes of one unit.

    Attributes:
        layer: its layer's name.
        unit: its number.
        how: ``off``; ``*``, scaled; ``<``, held below; ``=``, set.
        value: by which, or to which.
    """

    layer: str
    unit: int
    how: How = "off"
    value: float = 0.0

    def __str__(self) -> str:
        shown = "off" if self.how == "off" else f"{self.how}{self.value:g}"
        return f"{quote(self.layer, safe='')}:{self.unit}:{shown}"

    def apply(self, values: FloatArray) -> FloatArray:
        """The unit's outputs, changed. A unit that is off is zero even where its outputs are
        NaN."""
        match self.how:
            case "off":
                return np.zeros_like(values)
            case "*":
                with np.errstate(over="ignore", invalid="ignore"):
                    scaled: FloatArray = values * np.float32(self.value)
                return scaled
            case "<":
                return np.minimum(values, np.float32(self.value))
        return np.full_like(values, self.value)


def changes_of(text: str) -> tuple[UnitChange, ...]:
    """The changes that a text names; a unit that is named twice is changed as was said last.

    Raises:
        UsageError: one of them is not what it can be.
    """
    words = [word for word in text.split(",") if word]
    if len(words) > MOST_CHANGES:
        raise UsageError(f"{len(words)} units are changed; it can be up to {MOST_CHANGES}")
    found = [_change(word) for word in words]
    return tuple({(each.layer, each.unit): each for each in found}.values())


def _change(word: str) -> UnitChange:
    parts = word.split(":")
    layer, unit, how = parts if len(parts) == 3 else ("", "", "")
    if not (layer and unit.isascii() and unit.isdecimal() and len(unit) < 10):
        raise _refused(word)
    if how == "off":
        return UnitChange(unquote(layer), int(unit))
    sign, number = how[:1], how[1:]
    try:
        value = float(number)
    except ValueError:
        raise _refused(word) from None
    if sign not in get_args(How) or not math.isfinite(value) or not abs(value) < 1e30:
        raise _refused(word)
    return UnitChange(unquote(layer), int(unit), sign, value)  # type: ignore[arg-type]  # just seen


def _refused(word: str) -> UsageError:
    return UsageError(
        f"a change of a unit is {word!r}; it can be LAYER:UNIT:off, or *0.5 (scaled), <1.5 (at "
        "most) or =1.5 (set) in place of off"
    )


def apply_changes(layer: Layer, outputs: FloatArray, changes: Iterable[UnitChange]) -> FloatArray:
    """A copy of the layer's outputs, (batch, *layer.shape), with some of its units changed.

    Raises:
        UsageError: it has no such unit.
    """
    changed = outputs.copy()
    units_first = np.moveaxis(changed, 1 + layer.unit_axis, 0) if layer.shape else changed[None]
    for each in changes:
        if each.unit >= layer.units:
            raise UsageError(
                f"unit of layer {layer.name!r} is {each.unit}; it can be 0 to {layer.units - 1}"
            )
        units_first[each.unit] = each.apply(units_first[each.unit])
    return changed


def activations_with(
    network: Network,
    images: FloatArray,
    changes: Sequence[UnitChange],
    layers: Sequence[str],
    known: Mapping[str, FloatArray] = MappingProxyType({}),
) -> dict[str, FloatArray]:
    """The layers' outputs, as by `Network.activations`, with units changed: those of later layers
    see what earlier ones have become.

    Args:
        known: outputs of layers for these images without any change, which are not computed again.

    Raises:
        UnknownName, UsageError: there is no such layer or unit.
        NetworkError: the network cannot be computed on from a layer.
    """

    def unchanged(names: Sequence[str]) -> Mapping[str, FloatArray]:
        missing = [name for name in names if name not in known]
        return {**known, **(network.activations(images, missing) if missing else {})}

    if not changes:
        found = unchanged(layers)
        return {name: found[name] for name in layers}
    given: dict[str, FloatArray] = {}
    for name, of_layer in _in_forward_order(network, changes).items():
        outputs = resume(network, images, given, [name]) if given else unchanged([name])
        given[name] = apply_changes(network.layer(name), outputs[name], of_layer)
    return resume(network, images, given, layers)


def _in_forward_order(
    network: Network, changes: Sequence[UnitChange]
) -> Mapping[str, list[UnitChange]]:
    """The changes of each layer, the first layer first."""
    order = {layer.name: place for place, layer in enumerate(network.layers)}
    named = [(network.layer(each.layer).name, each) for each in changes]
    named.sort(key=lambda pair: order[pair[0]])
    return {
        name: [each for _, each in pairs]
        for name, pairs in groupby(named, key=lambda pair: pair[0])
    }
