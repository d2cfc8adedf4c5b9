"""What the axes of an output are, in MXNet's order and in the core's.

as MXNet keeps it      (time·image, unit)       images may lie anywhere, merged with others
split                  (time, image, unit)
canonical              (image, unit, time)      what questions are asked of: units second
outside                (image, time, unit)      what a plugin gets: the order of Layer.axes

Tokens that were a map are one again, canonical and outside: (image, unit, y, x).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np

from vizframe.gluon.graph.shapes import Shape
from vizframe.network import FloatArray
from vizframe.network.kinds import UNIT_AXES, Axis


@dataclass(frozen=True, slots=True)
class Grid:
    """An axis of tokens that were a map of so many rows and columns, row by row."""

    y: int
    x: int


Label = Axis | Grid | None
"""What an axis is called, where that is known."""

IMAGE: Axis = "place"
"""Stands for the axis of the images among the labels; it has no other name outside."""

_SPATIAL = ("z", "y", "x")


@dataclass(frozen=True, slots=True)
class BatchAxis:
    """Where an output has its images: along ``axis``, of which ``before`` × images × ``after`` is
    the length."""

    axis: int = 0
    before: int = 1
    after: int = 1


@dataclass(frozen=True, slots=True)
class OutputAxes:
    """How one output is brought to the core's order.

    Attributes:
        names: of its axes outside, the one of the images left out.
        batch: where its images lie.
        order: of its axes, the batch axis split, that makes it canonical.
        number: whether it is one number per image, which gets an axis of one unit.
        grid: how its last axis, in canonical order, is laid out as a map; None where it is not.
    """

    names: tuple[Axis, ...]
    batch: BatchAxis
    order: tuple[int, ...]
    number: bool = False
    grid: Grid | None = None

    @property
    def is_canonical(self) -> bool:
        """Whether MXNet keeps it in canonical order already."""
        whole = self.batch.before == self.batch.after == 1 and not (self.number or self.grid)
        return whole and self.order == tuple(range(len(self.order)))

    @property
    def unit_axis(self) -> int:
        """Which of the names is that of the units."""
        units = [axis for axis, name in enumerate(self.names) if name in UNIT_AXES]
        return units[0] if units else 0

    def layer_shape(self, shape: Shape) -> Shape:
        """The shape outside, without images, of an output that has this one, whose batch axis is
        as long as it is; so of one image, where nothing is merged with the images."""
        split = self.split(shape)
        canonical = [split[axis] for axis in self.order][1:]
        if self.grid:
            canonical[-1:] = [self.grid.y, self.grid.x]
        if canonical:
            canonical.insert(self.unit_axis, canonical.pop(0))
        return tuple(canonical)

    def outside(self, values: FloatArray) -> FloatArray:
        """Canonical values, (image, unit, …), in the order of the names."""
        if not self.names or not self.unit_axis:
            return values
        return np.ascontiguousarray(np.moveaxis(values, 1, 1 + self.unit_axis))

    def kept(self, values: FloatArray) -> FloatArray:
        """Values in the order of the names as MXNet keeps them."""
        canonical = np.moveaxis(values, 1 + self.unit_axis, 1) if self.names else values
        if self.grid:
            canonical = canonical.reshape(*canonical.shape[:-2], -1)
        split = canonical.transpose(np.argsort(self.order))
        at, merged = self.batch.axis, split.ndim - self._rank + 1
        shape = (*split.shape[:at], -1, *split.shape[at + merged :])
        return np.ascontiguousarray(split.reshape(shape))

    def from_kept(self, values: FloatArray) -> FloatArray:
        """MXNet's values in the order of the names."""
        canonical = values.reshape(self.split(values.shape)).transpose(self.order)
        if self.grid:
            canonical = canonical.reshape(*canonical.shape[:-1], self.grid.y, self.grid.x)
        return self.outside(np.ascontiguousarray(canonical))

    @property
    def _rank(self) -> int:
        """The number of axes of the output as MXNet keeps it."""
        more = (self.batch.before > 1) + (self.batch.after > 1) + self.number
        return len(self.order) - more

    def split(self, shape: Shape) -> Shape:
        """The shape, whatever MXNet keeps, with its batch axis split."""
        at, (before, after) = self.batch.axis, (self.batch.before, self.batch.after)
        images = shape[at] // (before * after)
        parts = ((before,) if before > 1 else ()) + (images,) + ((after,) if after > 1 else ())
        return (*shape[:at], *parts, *shape[at + 1 :], *((1,) if self.number else ()))


_USUAL: dict[int, tuple[Axis, ...]] = {1: ("time",), 2: ("y", "x"), 3: ("z", "y", "x")}
_PLACES: tuple[Axis, ...] = ("place",) * 32


def output_axes(
    labels: Sequence[Label], batch: BatchAxis, shape: Shape, *, images: bool
) -> OutputAxes:
    """The order of an output whose axes are labelled so.

    Args:
        shape: its own, the batch axis as long as it is.
        images: whether the network is given images, of which one unknown axis is no sequence.
    """
    at = batch.axis
    other: Axis = "time" if "source" in labels else "place"
    labels = [_fitting(each, length, other) for each, length in zip(labels, shape, strict=True)]
    middle: list[Label] = [None] if batch.before > 1 else []
    middle += [IMAGE, *([None] if batch.after > 1 else [])]
    if batch.before > 1 or batch.after > 1:
        inner = None if labels[at] in ("unit", IMAGE) else labels[at]
        middle = [inner if each is None else each for each in middle]
    split: list[Label] = [*labels[:at], *middle, *labels[at + 1 :]]
    image = at + (1 if batch.before > 1 else 0)
    rest = [axis for axis in range(len(split)) if axis != image]
    if not rest:
        return OutputAxes(("unit",), batch, (image, image + 1), number=True)
    unit = _unit_among(split, rest)
    others = [axis for axis in rest if axis != unit]
    heads = split[unit] == "head" or ("source" in split and split[unit] != "unit")
    own: Axis = "head" if heads else "unit"
    grid = split[others[0]] if len(others) == 1 else None
    if isinstance(grid, Grid) and not heads:
        return OutputAxes((own, "y", "x"), batch, (image, unit, *others), grid=grid)
    named = _names(split, others)
    if images and named == ("time",) and split[others[0]] is None:
        named = ("place",)
    names: tuple[Axis, ...] = (*named, own) if len(others) == 1 else (own, *named)
    return OutputAxes(names, batch, (image, unit, *others))


def _fitting(label: Label, length: int, other: Axis) -> Label:
    """The labels with grids that do not fit taken for places: tokens that are more or fewer than
    the map had places, as with a class token, are ``other`` ones; those that attend to others stand
    in a row."""
    if isinstance(label, Grid) and (label.y * label.x != length or other == "time"):
        return other
    return label


def _unit_among(labels: Sequence[Label], rest: Sequence[int]) -> int:
    """The axis of the units: the one of that name, or where it usually is."""
    for name in ("unit", "head"):
        found = [axis for axis in rest if labels[axis] == name]
        if found:
            return found[-1]
    known = (*_SPATIAL, "time", "source")
    unnamed = [
        axis for axis in rest if not isinstance(labels[axis], Grid) and labels[axis] not in known
    ]
    choice = unnamed or list(rest)
    return choice[-1] if len(rest) == 2 else choice[0]


def _names(labels: Sequence[Label], others: Sequence[int]) -> tuple[Axis, ...]:
    """The names of the other axes: of those without a label two are y and x, one is time."""
    found = [labels[axis] for axis in others]
    if found.count(None) == len(found):
        return _USUAL.get(len(found), _PLACES[: len(found)])
    names: list[Axis] = []
    for label in found:
        is_known = isinstance(label, str) and label != "unit" and label not in names
        names.append(cast(Axis, label) if is_known else "place")
    return tuple(names)


def grown_axis(one: Shape, two: Shape) -> tuple[int, int] | None:
    """The axis that is twice as long for two images as for one, and how long it is for one; None
    where none, or not exactly one, is."""
    if len(one) != len(two):
        return None
    grown = [axis for axis, (a, b) in enumerate(zip(one, two, strict=True)) if a != b]
    if len(grown) != 1 or two[grown[0]] != 2 * one[grown[0]]:
        return None
    return grown[0], one[grown[0]]


def reshaped_batch(source: BatchAxis, before: Shape, axis: int, after: Shape) -> BatchAxis | None:
    """Where the images lie behind a reshape; None where it mixes them with others.

    Args:
        before, after: the shapes for one image.
        axis: the one of ``after`` that grows with the images.
    """
    outer = math.prod(before[: source.axis]) * source.before
    own = math.prod(after[:axis])
    if outer % own:
        return None
    inside = outer // own
    length = after[axis]
    return None if length % inside else BatchAxis(axis, inside, length // inside)
