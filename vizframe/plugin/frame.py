"""A frame: what one plugin made for one layer at one step, an array with named axes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from vizframe.errors import PluginError, nearest
from vizframe.plugin.column import Column, as_column

Draw = Literal["image", "map", "matrix", "bar", "text", "sequence", "attention", "distribution"]
"""How the app draws a tile.

image      a picture: grey or RGB, as it is
map        values through a colour map: diverging where signed, perceptual otherwise
matrix     like map, each cell a number worth reading (small kernels, weights)
bar        no spatial axes: one bar per unit
text       the probe's tokens, coloured by one tile's values over time; the units × time below
sequence   units × time alone, of inputs that are no text
attention  how much each place in time looks at each source: arcs or a matrix per head
distribution  quantiles: bands over the steps, a histogram at the step that is shown
"""

Encoding = Literal["uint8", "float16", "float32"]

SPATIAL_AXES = ("y", "x", "channel")
"""Axes inside a tile that is a picture."""

SEQUENCE_AXES = ("time", "source")
"""Axes inside a tile of a sequence: its places in time, and, of an attention, those looked at."""

DISTRIBUTION_AXES = ("quantile",)
"""The axis inside a tile that holds the quantiles of many values, from the lowest."""

INSIDE_AXES = (*SPATIAL_AXES, *SEQUENCE_AXES, *DISTRIBUTION_AXES)
"""All axes inside a tile."""

TILE_AXES = (
    "probe",
    "unit",
    "input",
    "class",
    "layer",
    "rank",
    "gate",
    "head",
    "component",
    "target",
)
"""Axes that count tiles; all others are inside of one.

unit, probe   a layer's units, the probe's inputs: the page has a name for each of them
input         what a unit reads from: the channels of a kernel
class         the network's classes, where they are not the units of its last layer
layer         one tile for the whole layer
rank          the strongest, the second strongest, …
gate, head    of recurrent and attention layers
component     a direction among a layer's units, such as a principal component
target        a place of a sequence that the tile is about
"""


@dataclass(frozen=True, slots=True)
class Picture:
    """The declaration of one thing that a plugin makes: how to store, draw and explain it.

    Attributes:
        axes: the frame's axes in order, such as ``("probe", "unit", "y", "x")``. Tile axes first,
            then ``y, x`` and, for colour, ``channel``. A frame of a dense layer may leave ``y, x``
            out, a frame of a network with grey inputs ``channel``. Those of a sequence may be in
            the network's own order, ``("probe", "time", "unit")``; the history turns them to
            ``("probe", "unit", "time")``, so that a unit's row over time is one tile.
        part: tells apart several pictures of one plugin (``""`` for the main one).
        title: a few words for the app, such as ``strongest patch``.
        signed: whether zero is a centre, drawn white between red and blue.
        draw: see `Draw`.
        value_range: the fixed range of the values, where there is one (pictures: ``(0, 1)``);
            None: each tile keeps its own.
        encoding: how the history stores it; uint8 keeps each tile's (low, high) beside it, so
            that values come back within 1/255 of the tile's range, and zero as zero. float16
            is for maps whose sum means something: it keeps 11 bits of every value.
        over: the part, or ``"probe"``, that the app may lay this one over (saliency).
        help: one sentence: what it shows.
        zero_is_dead: whether a tile of zeros alone is marked as a dead unit; not where zero only
            means that nothing has changed.
        columns: the numbers that stand beside its tiles (`Frame.columns`): a sentence each, or a
            `Column` where the page does something with them.

    Raises:
        PluginError: axes, draw or encoding are not what they can be, or do not fit each other.
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
    zero_is_dead: bool = True
    columns: Mapping[str, str | Column] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for fault in _faults(self):
            raise PluginError(fault)

    @property
    def described_columns(self) -> dict[str, Column]:
        """Every column with its sentence and its role."""
        return {name: as_column(each) for name, each in self.columns.items()}


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
    return tuple(axis for axis in axes if axis not in INSIDE_AXES)


def tiles_first(axes: tuple[str, ...]) -> tuple[str, ...]:
    """The axes as the history keeps them: those that count tiles before those inside.

    >>> tiles_first(("probe", "time", "unit"))
    ('probe', 'unit', 'time')
    """
    counted = tile_axes(axes)
    return (*counted, *(axis for axis in axes if axis not in counted))


def _faults(picture: Picture) -> Iterator[str]:
    """What is wrong with the declaration, the first first."""
    yield from _faults_of_axes(picture.axes)
    yield from _faults_of_drawing(picture)
    columns: Mapping[str, object] = picture.columns
    for name, column in columns.items():
        if not isinstance(column, (str, Column)):
            yield f"column {name!r} is {column!r}; it can be a sentence or a Column"


def _faults_of_axes(axes: object) -> Iterator[str]:
    known = (*TILE_AXES, *INSIDE_AXES)
    if isinstance(axes, str):
        yield f'axes is {axes!r}, one text; it can be a tuple of names, such as ("{axes}",)'
    elif not isinstance(axes, Sequence):
        yield f'axes is {axes!r}; it can be a tuple of names, such as ("unit", "y", "x")'
    else:
        for axis in axes:
            if axis not in known:
                closest = ", ".join(map(repr, nearest(str(axis), known)))
                yield f"axes has {axis!r}; each can be {closest}"
        yield from _faults_of_order(tuple(axes))


def _faults_of_order(axes: tuple[str, ...]) -> Iterator[str]:
    inside = tuple(axis for axis in axes if axis in SPATIAL_AXES)
    places = tuple(axis for axis in axes if axis in SEQUENCE_AXES)
    others = inside + places
    if len(set(axes)) != len(axes):
        yield f"axes is {axes}, which has one name twice; each can be there once"
    elif "quantile" in axes and (others or axes[-1] != "quantile"):
        yield f"axes is {axes}; quantile can only be the last one, without y, x or time"
    elif inside and places:
        yield f"axes is {axes}; inside a tile can be y, x or time, not both"
    elif inside not in ((), ("y", "x"), SPATIAL_AXES):
        yield f"axes is {axes}; what is inside a tile can be y, x or y, x, channel"
    elif places not in ((), ("time",), SEQUENCE_AXES):
        yield f"axes is {axes}; what is inside a tile can be time or time, source"
    elif inside and axes[-len(inside) :] != inside:
        yield f"axes is {axes}; y, x and channel can only be the last ones"
    elif axes in (inside, places, DISTRIBUTION_AXES):
        yield f'axes is {axes}, which counts no tiles; it can be ("unit", *{axes}) or the like'


def _faults_of_drawing(picture: Picture) -> Iterator[str]:
    for what, given, kinds in (
        ("draw", picture.draw, get_args(Draw)),
        ("encoding", picture.encoding, get_args(Encoding)),
    ):
        if given not in kinds:
            yield f"{what} is {given!r}; it can be {', '.join(map(repr, kinds))}"
    yield from _faults_of_inside(picture.draw, picture.axes)


def _faults_of_inside(draw: str, axes: tuple[str, ...]) -> Iterator[str]:
    """A way of drawing that does not fit what is inside a tile."""
    inside = [axis for axis in axes if axis in SPATIAL_AXES]
    places = [axis for axis in axes if axis in SEQUENCE_AXES + DISTRIBUTION_AXES]
    fitting = _drawings_of(inside, places)
    if draw == "bar" and inside:
        yield f"draw is 'bar', but axes has {inside}; it can be 'map', 'image' or 'matrix'"
    elif draw in ("image", "map", "matrix") and not inside and not places:
        yield f"draw is {draw!r}, but axes has no y and x; it can be 'bar'"
    elif "channel" in inside and draw != "image":
        yield f"draw is {draw!r}, but axes has a channel; it can be 'image'"
    elif draw in get_args(Draw) and draw not in fitting:
        allowed = " or ".join(map(repr, fitting))
        yield f"draw is {draw!r}, but axes is {axes}; it can be {allowed}"
    elif draw == "sequence" and "unit" not in axes:
        yield "draw is 'sequence', but axes has no unit; it can be 'text'"


def _drawings_of(inside: Sequence[str], places: Sequence[str]) -> tuple[str, ...]:
    if "quantile" in places:
        return ("distribution",)
    if places:
        return ("attention",) if "source" in places else ("text", "sequence")
    return ("map", "image", "matrix") if inside else ("bar",)
