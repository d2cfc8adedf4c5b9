"""Checksums of columns that grow: a poll sums up what is new, not a hundred thousand steps."""

from __future__ import annotations

import zlib
from collections.abc import Hashable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

Column = npt.NDArray[np.generic]

MOST_LENGTHS = 8
"""Of a column, of which the sum is kept: pages know what there was at one of the last polls."""


@dataclass(slots=True)
class _Known:
    """A column as it was at the last poll, and its sums at some lengths."""

    values: Column
    sums: dict[int, int] = field(default_factory=lambda: {0: 0})


class Sums:
    """CRC-32 of the first numbers of columns, by the columns' names. For one thread at a time."""

    def __init__(self) -> None:
        self._known: dict[Hashable, _Known] = {}

    def of(self, name: Hashable, values: Column, count: int) -> int:
        """The checksum of the first ``count`` values. A column in the place of the one that was
        given before begins with the same numbers: nobody writes where a reader has looked."""
        known = self._known.get(name)
        if known is None or not _continues(values, known.values):
            known = self._known[name] = _Known(values)
        elif len(values) > len(known.values):
            known.values = values
        start = max(length for length in known.sums if length <= count)
        if start < count:
            known.sums[count] = zlib.crc32(_bytes(values[start:count]), known.sums[start])
            while len(known.sums) > MOST_LENGTHS:
                del known.sums[next(length for length in known.sums if length)]
        return known.sums[count]


def _continues(values: Column, known: Column) -> bool:
    """Whether both begin at one place of memory, which the older one keeps from being reused."""
    if values is known:
        return True
    places = [each.__array_interface__["data"] for each in (values, known)]
    alike = (values.dtype, values.strides) == (known.dtype, known.strides)
    return (
        values.base is not None and values.base is known.base and alike and places[0] == places[1]
    )


def _bytes(values: Column) -> memoryview:
    return np.ascontiguousarray(values).view(np.uint8).data
