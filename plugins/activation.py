"""Activations: how every unit of a layer responds to every probe image."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import ClassVar

import numpy as np
from pydantic import Field

from vizframe.network import FloatArray
from vizframe.network.layer import Layer
from vizframe.plugin import Growth, Plugin, Scene
from vizframe.plugin.column import Column
from vizframe.plugin.frame import Frame, Picture

COLUMNS: dict[str, str | Column] = {
    "mean": "The unit's mean activation over all places.",
    "maximum": Column("Its strongest activation.", role="strength"),
    "zeros": "The share of places where its activation is zero: 1 is a unit that is silent.",
}

TOKENS = Column(
    "Its activation at tokens that are no place of the image, such as the class token.",
    role="beside",
)


class Activation(Plugin):
    """How every unit of a layer responds to every probe image.

    One map per probe image and unit; a dense layer gives one bar per unit, a layer of a sequence
    one row over time per unit, laid over the text; tokens beside a map, such as the class token of
    a vision transformer, are squares beside it. Beside each map or row stand its mean, its
    maximum and its share of zeros; the summary has the same over the whole probe, which is where a
    unit that never responds shows.
    """

    name: ClassVar[str] = "activation"
    grows_with: ClassVar[tuple[Growth, ...]] = ("images",)
    makes: ClassVar[tuple[Picture, ...]] = (
        Picture(
            axes=("probe", "unit", "y", "x"),
            title="activation",
            signed=True,
            help="The map of each unit for each probe image: where, and how strongly, it responds.",
            columns={**COLUMNS, "tokens": TOKENS},
        ),
        Picture(
            axes=("probe", "time", "unit"),
            part="sequence",
            title="activation",
            signed=True,
            draw="text",
            help="What each unit gives at each token of each text, or step of each sequence.",
            columns=COLUMNS,
        ),
        Picture(
            axes=("unit",),
            part="summary",
            title="mean activation",
            signed=True,
            draw="bar",
            help="The mean activation of each unit over all places and all probe inputs.",
            columns=COLUMNS,
        ),
    )

    images: int | None = Field(
        None,
        ge=1,
        description="How many probe inputs to keep maps of, from the first; all if null.",
    )
    largest: int = Field(
        64,
        ge=1,
        description="Maps with more places a side are averaged over blocks of places to fit; "
        "rows over time are kept whole.",
    )

    def visualize(self, scene: Scene) -> Iterator[Frame]:
        for layer in scene.layers:
            maps = as_maps(scene.activations(layer), layer)
            signed = not layer.nonnegative
            if layer.is_sequence:
                yield _rows(layer, maps[: self.images, :, 0], signed)
            else:
                yield self._maps(layer, maps[: self.images], signed, scene.tokens(layer))
            yield _summary(layer, maps, signed, scene.probe.noun)

    def _maps(
        self, layer: Layer, maps: FloatArray, signed: bool, tokens: FloatArray | None
    ) -> Frame:
        if maps.ndim == 2:
            return Frame(layer.name, maps, signed=signed)
        beside = {} if tokens is None else {"tokens": tokens[: self.images]}
        height, width = maps.shape[2:]
        block = math.ceil(max(height, width) / self.largest)
        note = f"{height}×{width} places, averaged over blocks of {block}×{block}"
        return Frame(
            layer.name,
            block_mean(maps, block),
            columns=_statistics(maps, axes=(2, 3)) | beside,
            notes=(note,) if block > 1 else (),
            signed=signed,
        )


def _rows(layer: Layer, rows: FloatArray, signed: bool) -> Frame:
    """The rows over time, (probe, unit, time), in the network's own order."""
    values = np.ascontiguousarray(rows.swapaxes(1, 2))
    columns = _statistics(rows, axes=(2,))
    return Frame(layer.name, values, "sequence", columns=columns, signed=signed)


def _summary(layer: Layer, maps: FloatArray, signed: bool, noun: str) -> Frame:
    axes = (0, *range(2, maps.ndim))
    columns = _statistics(maps, axes)
    silent = float((columns["zeros"] == 1).mean())
    return Frame(
        layer.name,
        columns["mean"],
        part="summary",
        columns=columns,
        notes=tuple(_remarks(columns, noun)),
        scalars={} if signed else {"share of silent units": silent},  # others pass zero by chance
        signed=signed,
    )


def _statistics(maps: FloatArray, axes: tuple[int, ...]) -> dict[str, FloatArray]:
    """Mean, maximum and share of zeros over these axes, float32."""
    places = math.prod(maps.shape[axis] for axis in axes)
    zeros = places - np.count_nonzero(maps, axis=axes)
    with np.errstate(invalid="ignore", over="ignore"):  # a broken network's inf and NaN stay such
        return {
            "mean": maps.mean(axis=axes, dtype=np.float64).astype(np.float32),
            "maximum": maps.max(axis=axes),
            "zeros": np.asarray(zeros / places, np.float32),
        }


def _remarks(columns: dict[str, FloatArray], noun: str) -> Iterator[str]:
    dead = np.flatnonzero(columns["zeros"] == 1)
    if dead.size:
        yield f"{_units(dead)} zero at every place of every probe {noun}"
    broken = np.flatnonzero(~np.isfinite(columns["mean"]))
    if broken.size:
        yield f"{_units(broken)} not finite"


def _units(which: np.ndarray[tuple[int], np.dtype[np.int64]], most: int = 8) -> str:
    """``Unit 3 is``, ``Units 3, 7 are``, ``Units 3, 7 and 12 more are``."""
    if len(which) == 1:
        return f"Unit {which[0]} is"
    shown = ", ".join(map(str, which[:most]))
    rest = f" and {len(which) - most} more" if len(which) > most else ""
    return f"Units {shown}{rest} are"


def as_maps(activations: FloatArray, layer: Layer) -> FloatArray:
    """(probe, unit, y, x), or (probe, unit) of a dense layer.

    A layer of other axes lays its places under one another: a sequence has one row, (z, y, x) has
    z · y of them.
    """
    if layer.is_spatial or len(layer.shape) < 2:
        return activations
    units_first = np.moveaxis(activations, 1 + layer.unit_axis, 1)
    probe, units, *inner, width = units_first.shape
    return np.ascontiguousarray(units_first.reshape(probe, units, math.prod(inner), width))


def block_mean(maps: FloatArray, block: int) -> FloatArray:
    """Maps (…, y, x) with blocks of places averaged; blocks at the far rims may be smaller."""
    for axis in (-2, -1) if block > 1 else ():
        starts = np.arange(0, maps.shape[axis], block)
        lengths = np.diff(np.append(starts, maps.shape[axis])).astype(np.float32)
        shape = (-1, 1) if axis == -2 else (-1,)
        maps = np.add.reduceat(maps, starts, axis=axis) / lengths.reshape(shape)
    return maps
