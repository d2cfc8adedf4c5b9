"""Which units: the shorthand ``layer:unit``.

conv0:3          unit 3 of conv0
conv0:0-15       units 0 … 15
conv*:3          unit 3 of every layer that the pattern names
conv0:           all units of conv0
"""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Sequence

from vizframe.errors import UnknownName, UsageError
from vizframe.network.layer import Layer


def units_of(
    layers: Sequence[Layer], known: Sequence[Layer], shorthand: Iterable[str]
) -> list[tuple[Layer, tuple[int, ...]]]:
    """The units to visualize per layer, in forward order.

    Args:
        layers: those to visualize where no shorthand is given: all units of them.
        known: all layers of the network, which a shorthand may name.
        shorthand: if any, exactly what it names is visualized.

    Raises:
        UnknownName: no layer of that name.
        UsageError: no such unit, or not of the form ``layer:unit``.
    """
    wanted = tuple(shorthand)
    if not wanted:
        return [(layer, tuple(range(layer.units))) for layer in layers]
    chosen: dict[str, set[int]] = {}
    for each in wanted:
        pattern, _, units = each.rpartition(":")
        if not pattern:
            raise UsageError(
                f"the unit is {each!r}; it can be 'layer:unit', 'layer:first-last' or 'layer:'"
            )
        named = [layer for layer in known if fnmatch.fnmatchcase(layer.name, pattern)]
        if not named:
            raise UnknownName("layer", pattern, [layer.name for layer in known])
        for layer in named:
            chosen.setdefault(layer.name, set()).update(_range(layer, each, units))
    return [(layer, tuple(sorted(chosen[layer.name]))) for layer in known if layer.name in chosen]


def _range(layer: Layer, shorthand: str, units: str) -> range:
    first, dash, last = units.partition("-")
    if not units:
        return range(layer.units)
    if not first.isdecimal() or (dash and not last.isdecimal()):
        raise UsageError(
            f"the unit is {shorthand!r}; it can be 'layer:unit', 'layer:first-last' or 'layer:'"
        )
    start, end = int(first), int(last or first)
    if not start <= end < layer.units:
        raise UsageError(
            f"the unit is {shorthand!r}; it can be 0 … {layer.units - 1} of {layer.name!r}"
        )
    return range(start, end + 1)
