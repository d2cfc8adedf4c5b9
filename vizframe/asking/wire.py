"""How a page and the process that computes a network speak: frames of words and arrays.

    8 bytes, little-endian    length of the words
    JSON                      {…, "arrays": [["float32", [16, 10]], …]}
    the arrays                one after the other, as they lie in memory

No object is made of what comes but numbers, texts and arrays of the types below: who speaks may be
a process that a damaged or hostile run has taken over.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.generic]

MOST_WORDS = 16 << 20
"""Bytes of JSON."""

MOST_NUMBERS = 1 << 30
"""Bytes of arrays."""

_TYPES = ("float32", "uint8")


def pack(words: Mapping[str, object], arrays: Sequence[Array] = ()) -> list[bytes]:
    """A frame, in parts that are to be written one after the other."""
    told = {**words, "arrays": [[each.dtype.name, list(each.shape)] for each in arrays]}
    text = json.dumps(told).encode()
    parts = [np.ascontiguousarray(each).tobytes() for each in arrays]
    return [len(text).to_bytes(8, "little"), text, *parts]


def unpack(read: Callable[[int], bytes]) -> tuple[dict[str, Any], list[Array]]:
    """A frame again.

    Args:
        read: gives so many bytes; raises EOFError where they do not come.

    Raises:
        ValueError: it is no frame.
    """
    length = int.from_bytes(read(8), "little")
    if length > MOST_WORDS:
        raise ValueError(f"{length} bytes of words")
    words = json.loads(read(length))
    shapes = [(_type(name), tuple(map(int, shape))) for name, shape in words["arrays"]]
    sizes = [math.prod(shape) * dtype.itemsize for dtype, shape in shapes]
    if any(min(shape, default=0) < 0 for _, shape in shapes) or sum(sizes) > MOST_NUMBERS:
        raise ValueError(f"{sum(sizes)} bytes of arrays")
    arrays: list[Array] = [
        np.frombuffer(read(size), dtype).reshape(shape)
        for size, (dtype, shape) in zip(sizes, shapes, strict=True)
    ]
    return words, arrays


def _type(name: object) -> np.dtype[Any]:
    if name not in _TYPES:
        raise ValueError(f"an array of {name!r}")
    return np.dtype(str(name))
