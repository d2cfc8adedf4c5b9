"""What a layer is: a named output inside the network, with its units and what they see."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from vizframe.errors import UnknownName
from vizframe.network.kinds import KERNEL_KINDS, UNIT_AXES, Axis, Kind, default_axes


@dataclass(frozen=True, slots=True)
class ReceptiveField:
    """The input pixels that one unit at one place sees; each pair is (y, x).

    input   . . [ # # # # # ] . .      size    5: how many pixels one place sees
            . . . . [ # # # # # ]      stride  2: how far the field moves per place
              ^                        offset  the centre of the field of place 0,
                                               in pixels; padding can make it negative
    """

    size: tuple[int, int]
    stride: tuple[int, int]
    offset: tuple[float, float]

    def box(self, y: int, x: int) -> tuple[int, int, int, int]:
        """The (top, left, bottom, right) pixels that place (y, x) sees, end-exclusive, uncut."""
        top, left = (
            round(offset + stride * place - (size - 1) / 2)
            for offset, stride, size, place in zip(
                self.offset, self.stride, self.size, (y, x), strict=True
            )
        )
        return top, left, top + self.size[0], left + self.size[1]


@dataclass(frozen=True, slots=True)
class Layer:
    """One named output inside the network.

    Attributes:
        name: the structural path a user writes, such as ``features.3`` or ``dense0``.
        operator: what makes it, in its framework's words, such as ``Convolution``,
            ``Activation(relu)``: to be shown, never compared; ``kind`` is for that.
        shape: of its output without the batch axis: ``(units, y, x)``, ``(units,)`` of a dense
            layer, ``(time, units)`` of a sequence.
        units: how many filters, channels, neurons or heads it has: as long as its unit axis.
        parameters: the shapes of its own parameters, ``{"weight": (20, 1, 5, 5), …}``; empty for
            a layer without any. A weight is (unit, input, …), however the framework keeps it.
        receptive_field: what one place sees of the input, where that is defined.
        inputs: the names of the layers (or network inputs) it reads: the edges of the graph.
        kind: what it is, in the words that all frameworks share.
        axes: what the axes of its output are called, one word for each of ``shape``; those that
            are usual for so many where none are given.
        nonnegative: whether its output cannot be below zero, as behind a ReLU.
        rectifies: whether it ends in a ReLU, which can pass gradients back by another rule.
    """

    name: str
    operator: str
    shape: tuple[int, ...]
    units: int
    parameters: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    receptive_field: ReceptiveField | None = None
    inputs: tuple[str, ...] = ()
    kind: Kind = "other"
    axes: tuple[Axis, ...] = ()
    nonnegative: bool = False
    rectifies: bool = False

    def __post_init__(self) -> None:
        if not self.axes:
            object.__setattr__(self, "axes", default_axes(len(self.shape)))

    @property
    def is_spatial(self) -> bool:
        """Whether each unit is a map: shape ``(units, y, x)``."""
        return self.axes == ("unit", "y", "x")

    @property
    def is_sequence(self) -> bool:
        """Whether each unit responds once per place of a sequence: shape ``(time, units)``."""
        return self.axes == ("time", "unit")

    @property
    def is_recurrent(self) -> bool:
        """Whether it goes along a sequence by weights of its own: an LSTM, a GRU, a loop of
        cells; not the state that such a layer ends in."""
        return self.kind == "recurrent" and self.is_sequence and bool(self.parameters)

    @property
    def unit_axis(self) -> int:
        """Which axis of ``shape`` numbers the units; 0 of a layer that is a single number."""
        return next((i for i, axis in enumerate(self.axes) if axis in UNIT_AXES), 0)

    @property
    def has_kernel(self) -> bool:
        """Whether it has a weight of two axes or more: a convolution, a dense layer, an
        embedding."""
        return self.kind in KERNEL_KINDS and len(self.parameters.get("weight", ())) >= 2


def select(layers: Sequence[Layer], patterns: Iterable[str] = ()) -> tuple[Layer, ...]:
    """The layers that any of the glob patterns names, in forward order; without patterns, those
    with kernels (convolutions, dense layers, embeddings) and recurrent ones.

    Raises:
        UnknownName: a pattern names no layer.
    """
    wanted = tuple(patterns)
    if not wanted:
        return tuple(each for each in layers if each.has_kernel or each.is_recurrent)
    names = [layer.name for layer in layers]
    for pattern in wanted:
        if not fnmatch.filter(names, pattern):
            raise UnknownName("layer", pattern, names)
    return tuple(
        layer for layer in layers if any(fnmatch.fnmatchcase(layer.name, p) for p in wanted)
    )
