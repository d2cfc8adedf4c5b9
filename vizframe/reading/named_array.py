"""An array that knows what its axes are called.

With xarray installed its ``DataArray`` is given instead; what is here is the part of its interface
that reading a history needs, so the same lines work with and without.
"""

from __future__ import annotations

import html
import importlib.util
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, Self

import numpy as np
import numpy.typing as npt

from vizframe.errors import MissingExtra, UnknownName, UsageError

Place = int | slice | Sequence[int]
"""Where along one axis."""


class Named(Protocol):
    """What `NamedArray` and ``xarray.DataArray`` have in common."""

    @property
    def values(self) -> Any: ...  # ndarray; xarray declares it as Any
    @property
    def dims(self) -> tuple[Hashable, ...]: ...
    @property
    def shape(self) -> tuple[int, ...]: ...
    @property
    def sizes(self) -> Mapping[Any, int]: ...
    @property
    def coords(self) -> Mapping[Any, Any]: ...
    @property
    def attrs(self) -> Mapping[Any, Any]: ...
    def isel(self, **where: Any) -> Named: ...
    def sel(self, **labels: Any) -> Named: ...
    def transpose(self, *dims: Any) -> Named: ...
    def __array__(self) -> npt.NDArray[Any]: ...


@dataclass(frozen=True, eq=False, repr=False)
class NamedArray:
    """Values with named axes.

    >>> NamedArray(np.zeros((2, 3)), ("step", "unit"), {"step": np.array([10, 20])}).sel(step=20)
    <NamedArray (unit: 3) float64>
    array([0., 0., 0.])

    Attributes:
        values: the array.
        dims: its axes' names, in order.
        coords: labels along some of the axes, by axis.
        attrs: what else is known.
    """

    values: npt.NDArray[Any]
    dims: tuple[str, ...]
    coords: Mapping[str, npt.NDArray[Any]] = field(default_factory=dict)
    attrs: Mapping[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.values.ndim != len(self.dims):
            raise UsageError(
                f"the array has {self.values.ndim} axes and the names {self.dims}; "
                "give one name per axis"
            )

    @property
    def shape(self) -> tuple[int, ...]:
        return self.values.shape

    @property
    def ndim(self) -> int:
        return self.values.ndim

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.values.dtype

    @property
    def sizes(self) -> dict[str, int]:
        """Each axis' length."""
        return dict(zip(self.dims, self.shape, strict=True))

    def isel(self, **where: Place) -> Self:
        """A part by position: ``isel(unit=5, y=slice(0, 4))``. A number drops its axis."""
        for axis in where:
            self._known(axis)
        values, dims, coords = self.values, list(self.dims), dict(self.coords)
        for axis, place in where.items():
            try:
                values = values[(slice(None),) * dims.index(axis) + (place,)]
            except IndexError:
                raise UsageError(
                    f"{axis} is {place}; it can be 0 to {self.sizes[axis] - 1}"
                ) from None
            label = coords.pop(axis, None)
            if isinstance(place, int | np.integer):
                dims.remove(axis)
            elif label is not None:
                coords[axis] = label[place]
        return type(self)(values, tuple(dims), coords, self.attrs)

    def sel(self, **labels: object) -> Self:
        """A part by label: ``sel(step=400)``; an axis without labels counts from 0."""
        where: dict[str, Place] = {}
        for axis, label in labels.items():
            self._known(axis)
            known = self.coords.get(axis, np.arange(self.sizes[axis])).tolist()
            if label not in known:
                raise UnknownName(axis, str(label), map(str, known))
            where[axis] = known.index(label)
        return self.isel(**where)

    def transpose(self, *dims: str) -> Self:
        """The axes in another order."""
        for axis in dims:
            self._known(axis)
        order = [self.dims.index(axis) for axis in dims]
        return type(self)(self.values.transpose(order), dims, self.coords, self.attrs)

    def _known(self, axis: str) -> None:
        if axis not in self.dims:
            raise UnknownName("axis", axis, self.dims)

    def __array__(self, dtype: npt.DTypeLike = None, copy: bool | None = None) -> npt.NDArray[Any]:
        return np.array(self.values, dtype) if copy else np.asarray(self.values, dtype)

    def __len__(self) -> int:
        return len(self.values)

    def _repr_html_(self) -> str:
        """The array's axes as HTML, and its values where they are few."""
        labels = {axis: html.escape(_labels(self.coords.get(axis))) for axis in self.dims}
        rows = "".join(
            f"<tr><th>{html.escape(axis)}</th><td>{size}</td><td>{labels[axis]}</td></tr>"
            for axis, size in self.sizes.items()
        )
        is_float = self.values.dtype.kind == "f"
        known = self.values[np.isfinite(self.values)] if is_float else self.values
        span = f", from {known.min():.4g} to {known.max():.4g}" if known.size else ""
        few = f"<pre>{html.escape(repr(self.values))}</pre>" if self.values.size <= 100 else ""
        head = "<tr><th>axis</th><th>length</th><th>labels</th></tr>"
        caption = f"<caption>NamedArray, {self.dtype}{span}</caption>"
        return f"<table>{caption}{head}{rows}</table>{few}"

    def __repr__(self) -> str:
        sizes = ", ".join(f"{axis}: {size}" for axis, size in self.sizes.items())
        return f"<NamedArray ({sizes}) {self.dtype}>\n{self.values!r}"


def _labels(found: npt.NDArray[Any] | None) -> str:
    """The first and last label of an axis."""
    if found is None or not len(found):
        return ""
    return str(found[0]) if len(found) == 1 else f"{found[0]} … {found[-1]}"


def name_axes(
    values: npt.NDArray[Any],
    dims: tuple[str, ...],
    coords: Mapping[str, npt.NDArray[Any]],
    attrs: Mapping[str, object],
    *,
    xarray: bool | None = None,
) -> Named:
    """The values with their names: a DataArray where xarray is installed, else a `NamedArray`.

    Args:
        values: the array.
        dims: one name per axis.
        coords: labels along some of them.
        attrs: what else is known.
        xarray: True insists on a DataArray, False on a `NamedArray`.

    Raises:
        MissingExtra: insisted on, and not installed.
    """
    installed = importlib.util.find_spec("xarray") is not None
    if xarray and not installed:
        raise MissingExtra("reading into DataArrays", "xarray")
    if xarray is False or not installed:
        return NamedArray(values, dims, coords, attrs)
    from xarray import DataArray

    labels = {axis: (axis, label) for axis, label in coords.items()}
    array: Named = DataArray(values, dims=dims, coords=labels, attrs=dict(attrs))
    return array
