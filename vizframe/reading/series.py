"""A series: the frames of one plugin and layer over all steps, as arrays with named axes."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from vizframe.errors import HistoryError, UnknownName, UsageError
from vizframe.history import Declaration, History, SeriesKey, Tiles
from vizframe.network import FloatArray
from vizframe.reading.named_array import Named, name_axes
from vizframe.reading.showable import Showable, still_of_series


class Series(Showable):
    """One series of a run, to read from.

    run["gradient_ascent", "conv0"]
    # <series gradient_ascent of conv0 (unit: 20, y: 28, x: 28), 65 steps, 0 to 6400>
    """

    def __init__(
        self,
        history: History,
        key: SeriesKey,
        *,
        xarray: bool | None = None,
        path: Path | None = None,
    ) -> None:
        self.history = history
        self.key = key
        self._xarray = xarray
        self._path = path

    def _shown(self) -> tuple[Path | History, dict[str, object]]:
        return self._path or self.history, {"kind": self.key.kind, "layer": self.key.layer}

    def _still(self) -> str:
        return still_of_series(self.history, self.key)

    @property
    def declaration(self) -> Declaration:
        """What the plugin says of it (axes, parameters, help, …), at its newest."""
        return self.history.declarations[self.key]

    @property
    def steps(self) -> Sequence[int]:
        """The steps that have a frame."""
        return list(self.history.series_steps(self.key))

    @property
    def sizes(self) -> dict[str, int]:
        """Each axis' length."""
        return axis_sizes(self.declaration)

    def at(self, step: int | None = None, **where: int) -> Named:
        """The values at one step, float32; what is not finite as itself, NaN where a tile is
        damaged.

        Args:
            step: one of `steps`; by default the newest.
            where: fixes axes: ``at(400, probe=3)`` gives the maps of one probe image.

        Raises:
            UnknownName: there is no such step or axis.
            UsageError: there is no such unit, probe image, ….
        """
        chosen = self._newest() if step is None else step
        leading, rest = self._split(where)
        tiles = self.history.tiles(self.key, chosen, leading)
        axes = self.declaration.axes[len(leading) :]
        if tiles.stored.ndim != len(axes):
            raise HistoryError(f"{self.key} had other axes at step {chosen} than it has now")
        array = self._name_axes(restore_values(tiles), axes, {}, step=chosen)
        _check_inside(array, rest)
        return array.isel(**rest)

    def unit(self, number: int, steps: Sequence[int] | None = None, **where: int) -> Named:
        """The film strip of one unit; see `strip`."""
        return self.strip(steps, unit=number, **where)

    def strip(self, steps: Sequence[int] | None = None, **where: int) -> Named:
        """Tiles over many steps, with ``step`` as the first axis.

        Args:
            steps: of `steps`; by default all of them.
            where: fixes tile axes: ``strip(unit=5, probe=0)``. Those left out stay axes.

        Raises:
            UnknownName: there is no such step or axis.
            UsageError: there is no such tile.
        """
        chosen = self.steps if steps is None else list(steps)
        declared = self.declaration
        for axis in where:
            if axis not in declared.tile_axes:
                raise UnknownName("axis", axis, declared.tile_axes)
        sizes = axis_sizes(declared)
        places = [
            [where[axis]] if axis in where else range(sizes[axis]) for axis in declared.tile_axes
        ]
        free = [axis for axis in declared.tile_axes if axis not in where]
        strips = [
            restore_values(self.history.strip(self.key, place, chosen))
            for place in itertools.product(*places)
        ]
        counts = [sizes[axis] for axis in free]
        values = np.array(strips, np.float32).reshape(*counts, len(chosen), *declared.picture_shape)
        values = np.moveaxis(values, len(free), 0)
        picture = declared.axes[len(declared.tile_axes) :]
        return self._name_axes(
            values, ("step", *free, *picture), {"step": np.array(chosen, np.int64)}
        )

    def columns(self, step: int | None = None) -> dict[str, Named]:
        """The numbers beside the tiles at one step (default: the newest), by name."""
        chosen = self._newest() if step is None else step
        axes = self.declaration.tile_axes
        return {
            name: self._name_axes(values, (*axes, name)[: values.ndim], {}, step=chosen)
            for name, values in self.history.columns(self.key, chosen).items()
        }

    def column(self, name: str) -> Named:
        """One column over all steps; NaN where a step has none of this shape."""
        declared = self.declaration
        if name not in declared.columns:
            raise UnknownName("column", name, declared.columns)
        length = declared.columns[name]
        shape = declared.tile_shape + ((length,) if length else ())
        steps = self.steps
        values = np.full((len(steps), *shape), np.nan, np.float32)
        for number, step in enumerate(steps):
            found = self.history.columns(self.key, step).get(name)
            if found is not None and found.shape == shape:
                values[number] = found
        axes = ("step", *declared.tile_axes, name)[: values.ndim]
        return self._name_axes(values, axes, {"step": np.array(steps, np.int64)})

    def notes(self, step: int | None = None) -> Sequence[str]:
        """What the plugin said about its frame at one step (default: the newest)."""
        return list(self.history.notes(self.key, self._newest() if step is None else step))

    def nonfinite(self, step: int | None = None) -> Named:
        """How many values of each tile are NaN or ±inf at one step (default: the newest)."""
        chosen = self._newest() if step is None else step
        counts = self.history.tiles(self.key, chosen).nonfinite
        return self._name_axes(counts, self.declaration.tile_axes, {}, step=chosen)

    def _newest(self) -> int:
        return self.steps[-1]

    def _split(self, where: Mapping[str, int]) -> tuple[tuple[int, ...], dict[str, int]]:
        """What the history can fix itself (leading tile axes), and the rest."""
        declared = self.declaration
        for axis in where:
            if axis not in declared.axes:
                raise UnknownName("axis", axis, declared.axes)
        leading = list(itertools.takewhile(lambda axis: axis in where, declared.tile_axes))
        rest = {axis: place for axis, place in where.items() if axis not in leading}
        return tuple(where[axis] for axis in leading), rest

    def _name_axes(
        self,
        values: npt.NDArray[np.float32] | npt.NDArray[np.int32],
        axes: tuple[str, ...],
        coords: Mapping[str, npt.NDArray[np.int64]],
        **attrs: object,
    ) -> Named:
        told = {"plugin": self.declaration.plugin, "layer": self.key.layer, **attrs}
        return name_axes(values, axes, coords, told, xarray=self._xarray)

    def __repr__(self) -> str:
        sizes = ", ".join(f"{axis}: {size}" for axis, size in self.sizes.items())
        return f"<series {self.key} ({sizes}), {span(self.steps)}>"


def axis_sizes(declaration: Declaration) -> dict[str, int]:
    """Each axis' length, in order."""
    shape = declaration.tile_shape + declaration.picture_shape
    return dict(zip(declaration.axes, shape, strict=True))


def span(steps: Sequence[int]) -> str:
    """How many steps, from where to where."""
    if not steps:
        return "no step yet"
    if len(steps) == 1:
        return f"1 step, {steps[0]}"
    return f"{len(steps)} steps, {steps[0]} to {steps[-1]}"


def restore_values(tiles: Tiles) -> FloatArray:
    """The values, NaN where a tile is missing."""
    values = tiles.values()
    if tiles.missing.any():
        values = np.where(tiles.missing.reshape(_outer(tiles)), np.float32(np.nan), values)
    return values


def _outer(tiles: Tiles) -> tuple[int, ...]:
    return tiles.missing.shape + (1,) * (tiles.stored.ndim - tiles.missing.ndim)


def _check_inside(array: Named, where: Mapping[str, int]) -> None:
    for axis, place in where.items():
        if not 0 <= place < array.sizes[axis]:
            raise UsageError(f"{axis} is {place}; it can be 0 to {array.sizes[axis] - 1}")
