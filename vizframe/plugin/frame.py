"""A frame: what one plugin made for one layer at one step, an array with named axes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt

Draw = Literal["image", "map", "matrix", "bar"]
"""How the app draws a tile.

image    a picture: grey or RGB, as it is
map      values through a colour map: diverging where signed, perceptual otherwise
matrix   like map, each cell a number worth reading (small kernels, weights)
bar      no spatial axes: one bar per unit
"""

Encoding = Literal["uint8", "float16", "float32"]

SPATIAL_AXES = ("y", "x", "channel")
"""Axes inside a tile. All others (unit, probe, input, …) count tiles."""


@dataclass(frozen=True, slots=True)
class Picture:
    """The declaration of one thing that a plugin makes: how to store, draw and explain it.

    Attributes:
        axes: the frame's axes in order, such as ``("probe", "unit", "y", "x")``. Tile axes first,
            then ``y, x`` and, for colour, ``channel``. A frame of a dense layer may leave ``y, x``
            out, a frame of a network with grey inputs ``channel``.
        part: tells apart several pictures of one plugin (``""`` for the main one).
        title: a few words for the app, such as ``strongest patch``.
        signed: whether zero is a centre, drawn white between red and blue.
        draw: see `Draw`.
        value_range: the fixed range of the values, where there is one (pictures: ``(0, 1)``);
            None: each tile keeps its own.
        encoding: how the history stores it; uint8 keeps each tile's (low, high) beside it, so
            that values come back within 1/255 of the tile's range.
        over: the part, or ``"probe"``, that the app may lay this one over (saliency).
        help: one sentence: what it shows.
        columns: the numbers that stand beside its tiles (`Frame.columns`), a sentence each.
    """

    axes: tuple[str, ...]
    part: str = ""
    title: str = ""
    signed: bool = False
    draw: Draw = "map"
    value_range: tuple[float, float] | None = None
    encoding: Encoding = "uint8"
    over: str | None = None
    help: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """What a plugin yields.

    Attributes:
        layer: the layer's name.
        values: float32 (or uint8, meaning value_range in 255 steps), with the axes of the
            declared part. NaN and ±inf are stored as themselves and drawn with a mark.
        part: which of the plugin's declared pictures this is.
        columns: numbers beside the tiles, each of shape (*tile axes) or (*tile axes, n):
            ``{"objective": …, "converged": …, "curve": …}``.
        notes: sentences about the frame as a whole ("units 3, 7 are dead on this probe").
        scalars: numbers of the layer as a whole, drawn as curves over the training, such as
            ``{"silent share": 0.25}``. The history keeps them under plugin/name/layer.
        signed: whether zero is a centre, where the layer decides and not the picture: the
            activations of a convolution are signed, those of a ReLU are not. None: as declared.
    """

    layer: str
    values: npt.NDArray[np.float32] | npt.NDArray[np.uint8]
    part: str = ""
    columns: Mapping[str, npt.NDArray[np.float32]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    scalars: Mapping[str, float] = field(default_factory=dict)
    signed: bool | None = None


def tile_axes(axes: tuple[str, ...]) -> tuple[str, ...]:
    """The axes that count tiles: ``("probe", "unit")`` of ``("probe", "unit", "y", "x")``."""
    return tuple(axis for axis in axes if axis not in SPATIAL_AXES)
