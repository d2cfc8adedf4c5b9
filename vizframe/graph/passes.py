"""Images that go forward in several passes: as many at once as there is room for.

16 images ─► 4 ─► conv1 … conv13 ─► copied out ─┐
             4 ─► …                             ├─► of each layer one array
             …                                  ┘
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from vizframe.network import FloatArray

PASS = 8
"""Of the memory, as one part of so many, a forward pass takes beside what is copied out of it."""

LEAST = 2
"""Images of a pass, where there are as many: a net's own code may drop an axis that is one long."""


def parts_in_room(count: int, numbers: int, memory: int, least: int = LEAST) -> Iterator[slice]:
    """So many images in parts of two sizes at most, which differ by one: what is compiled for one
    part serves the others.

    Args:
        numbers: that a pass holds of each image, in single precision.
        memory: bytes, of which a pass takes its part.
        least: images of a part, where there are as many, also where there is room for fewer.
    """
    room = max(1, memory // (PASS * 4 * max(1, numbers)))
    rounds = max(1, min(-(-count // room), count // least))
    bounds = [count * each // rounds for each in range(rounds + 1)]
    for first, end in pairwise(bounds):
        yield slice(first, end)


class Joined:
    """Arrays of all images, filled part by part: each is held once."""

    def __init__(self, count: int) -> None:
        self.found: dict[str, FloatArray] = {}
        self._count = count

    def add(self, name: str, part: slice, values: FloatArray) -> None:
        if part == slice(0, self._count):
            self.found[name] = values
            return
        if name not in self.found:
            self.found[name] = np.empty((self._count, *values.shape[1:]), np.float32)
        self.found[name][part] = values
