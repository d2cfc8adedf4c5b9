"""A network's parameters with the units that hold NaN or infinities switched off."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from vizframe.gluon.compat import mx
from vizframe.gluon.graph.parameters import Arrays, Parameters, to_numpy
from vizframe.network import FloatArray
from vizframe.network.nonfinite import switch_off


def without_nonfinite(parameters: Parameters) -> Parameters:
    """The same parameters, always the current ones: copies of layers that hold NaN or infinities.

    A copy is made anew when its values changed: oneDNN may have re-laid the last one, and MXNet
    refuses to write into that.
    """
    copies: dict[str, tuple[FloatArray, Any]] = {}

    def arrays() -> Arrays:
        found = dict(parameters.arrays())
        for names in _of_layers(found):
            if has_nonfinite({name: found[name] for name in names}):
                off = switch_off({name: to_numpy(found[name]) for name in names})
                for name, values in off.items():
                    if name not in copies or not np.array_equal(copies[name][0], values):
                        copies[name] = values, mx.nd.array(values, ctx=parameters.context)
                    found[name] = copies[name][1]
        return found

    return Parameters(arrays, lambda _name: None, parameters.context)


def has_nonfinite(arrays: Arrays) -> bool:
    """Whether any of the arrays holds NaN or infinities; sums say so, on a CPU NumPy's, which are
    several times as fast as MXNet's."""
    with np.errstate(all="ignore"):
        return not all(np.isfinite(_sum(each)) for each in arrays.values())


def _sum(array: Any) -> float:
    if array.context.device_type == "cpu":
        return float(to_numpy(array).sum())
    return float(array.sum().asscalar())


def _of_layers(arrays: Arrays) -> list[list[str]]:
    """The names by layer: all but their last word."""
    found: dict[str, list[str]] = {}
    for name in arrays:
        found.setdefault(re.sub(r"[._][^._]+$", "", name), []).append(name)
    return list(found.values())
