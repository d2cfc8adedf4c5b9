"""How the network is called, in ``probe.h5``: a text in ``about``, and an array for each of what it
is given beside the images.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from vizframe.network.call import Call, Other

Parts = dict[str, npt.NDArray[np.generic]]

_KINDS = "biuf"
"""What numbers there can be: truths, integers, floats."""


def write_call(call: Call) -> tuple[dict[str, object], Parts]:
    """The call as JSON has it, and the arrays that belong to it by the names of their parts."""
    others: dict[str, object] = {}
    parts: Parts = {}
    for number, (name, other) in enumerate(call.others.items()):
        if isinstance(other.value, np.ndarray):
            part = f"other{number}"
            parts[part] = np.ascontiguousarray(other.value)
            kept: dict[str, object] = {
                "part": part,
                "dtype": other.value.dtype.str,
                "shape": other.value.shape,
            }
        else:
            kept = _plain(other.value)
        others[name] = {"axis": other.axis, **kept}
    told = {"names": call.names, "input": call.input, "axis": call.axis, "size": call.size}
    return {**told, "dtype": call.dtype, "flat": call.is_flat, "others": others}, parts


def read_call(told: Mapping[str, Any], part: Callable[[str], bytes]) -> Call:
    """The call again. What JSON has no word for is missing among the others."""
    others = {}
    for name, kept in told["others"].items():
        axis = None if kept["axis"] is None else int(kept["axis"])
        if "part" in kept:
            others[name] = Other(_array(kept, part), axis)
        elif "value" in kept:
            others[name] = Other(kept["value"], axis)
    size = None if told["size"] is None else int(told["size"])
    names = tuple(map(str, told["names"]))
    return Call(
        names,
        str(told["input"]),
        int(told["axis"]),
        others,
        size,
        str(told["dtype"]),
        bool(told.get("flat", False)),
    )


def _array(kept: Mapping[str, Any], part: Callable[[str], bytes]) -> npt.NDArray[np.generic]:
    dtype = np.dtype(kept["dtype"])
    if dtype.kind not in _KINDS:
        raise ValueError(f"an array of {dtype}")
    return np.frombuffer(part(kept["part"]), dtype).reshape(kept["shape"])


def _plain(value: object) -> dict[str, object]:
    try:
        json.dumps(value)
    except (TypeError, ValueError):
        return {"told": repr(value)}
    return {"value": value}
