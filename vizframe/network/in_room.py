"""Which layers to ask for together, so that what they give has room in memory.

    conv1 205 MB   conv2 205 MB   conv3 102 MB   conv4 …
    └──────── one pass ────────┘  └──── the next ────

One pass gives any number of layers, and what it gives is held until it has been looked at: of
VGG-16 and 16 images 870 MB.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from vizframe.network.layer import Layer

Layers = tuple[Layer, ...]


def bytes_of(layer: Layer, images: int) -> int:
    """What the layer gives for so many images, in float32."""
    return 4 * images * math.prod(layer.shape)


def first_in_room(layers: Sequence[Layer], images: int, room: float) -> Layers:
    """As many of the layers, from the first, as there is room for; one in any case."""
    taken, count = 0, 0
    for layer in layers:
        taken += bytes_of(layer, images)
        if count and taken > room:
            break
        count += 1
    return tuple(layers[:count])


def in_room(layers: Sequence[Layer], images: int, room: float) -> Iterator[Layers]:
    """All layers, in groups that there is room for."""
    left = list(layers)
    while left:
        group = first_in_room(left, images, room)
        yield group
        del left[: len(group)]
