"""Arrays with named axes, with xarray and without."""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest
import xarray

from vizframe.errors import MissingExtra, UnknownName, UsageError
from vizframe.reading.named_array import Named, NamedArray, name_axes

STEPS = np.array([10, 20, 30])


@pytest.fixture(params=[False, True], ids=["plain", "xarray"])
def array(request: pytest.FixtureRequest) -> Named:
    values = np.arange(24.0).reshape(3, 2, 4)
    return name_axes(
        values, ("step", "unit", "x"), {"step": STEPS}, {"layer": "conv0"}, xarray=request.param
    )


def test_it_tells_axes_sizes_labels_and_attributes(array: Named) -> None:
    assert array.dims == ("step", "unit", "x")
    assert dict(array.sizes) == {"step": 3, "unit": 2, "x": 4}
    assert array.shape == (3, 2, 4)
    assert np.asarray(array.coords["step"]).tolist() == [10, 20, 30]
    assert array.attrs["layer"] == "conv0"
    assert np.asarray(array).sum() == 276


def test_a_number_drops_its_axis_and_a_slice_keeps_it(array: Named) -> None:
    part = array.isel(unit=1, x=slice(1, 3), step=[2, 0])
    assert part.dims == ("step", "x")
    assert np.asarray(part).tolist() == [[21, 22], [5, 6]]
    assert np.asarray(part.coords["step"]).tolist() == [30, 10]


def test_labels_choose_where_there_are_some(array: Named) -> None:
    part = array.sel(step=20)
    assert part.dims == ("unit", "x")
    np.testing.assert_array_equal(part, array.values[1])


def test_axes_can_be_put_in_another_order(array: Named) -> None:
    turned = array.transpose("x", "step", "unit")
    assert turned.shape == (4, 3, 2)
    np.testing.assert_array_equal(turned, array.values.transpose(2, 0, 1))


def plain() -> NamedArray:
    return NamedArray(np.arange(6.0).reshape(3, 2), ("step", "unit"), {"step": STEPS})


def test_what_is_not_there_is_named_with_the_nearest() -> None:
    with pytest.raises(UnknownName, match="step '19' is not known; it can be '20'"):
        plain().sel(step=19)
    with pytest.raises(UnknownName, match="axis 'units' is not known; it can be 'unit'"):
        plain().isel(units=0)
    with pytest.raises(UsageError, match="unit is 7; it can be 0 to 1"):
        plain().isel(unit=7)
    with pytest.raises(UnknownName, match="axis 'y' is not known"):
        plain().transpose("y", "unit")


def test_an_axis_without_labels_counts_from_zero() -> None:
    np.testing.assert_array_equal(plain().sel(unit=1), [1, 3, 5])


def test_every_axis_has_a_name() -> None:
    with pytest.raises(UsageError, match=r"the array has 2 axes and the names \('unit',\)"):
        NamedArray(np.zeros((2, 2)), ("unit",))


def test_it_shows_its_axes_and_numbers() -> None:
    assert repr(plain()).startswith("<NamedArray (step: 3, unit: 2) float64>\narray([[0., 1.]")
    assert len(plain()) == 3
    assert plain().ndim == 2


def test_a_copy_is_a_copy() -> None:
    array = plain()
    copied = np.array(array, copy=True)
    copied[...] = -1
    assert array.values.min() == 0


def test_xarray_is_taken_where_it_is_installed() -> None:
    array = name_axes(np.zeros(2), ("unit",), {}, {})
    assert isinstance(array, xarray.DataArray)


def test_without_xarray_there_is_a_sentence_for_who_insists(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert isinstance(name_axes(np.zeros(2), ("unit",), {}, {}), NamedArray)
    with pytest.raises(MissingExtra, match=r"pip install 'vizframe\[xarray\]'"):
        name_axes(np.zeros(2), ("unit",), {}, {}, xarray=True)
