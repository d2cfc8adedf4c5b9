"""`Ops` for a model of MXNet's on the CPU: NumPy works on its arrays in place."""

from __future__ import annotations

import ctypes
from typing import Any, cast

import numpy as np

from vizframe.gluon.arrays.ops import Arithmetic, GluonOps, NDArray
from vizframe.gluon.compat import mx
from vizframe.graph.host import HostOps
from vizframe.network import DeviceArray, FloatArray


def ops_of(context: Any) -> Arithmetic:
    """Arithmetic on the device of an MXNet context."""
    return GluonHostOps() if context.device_type == "cpu" else GluonOps(context)


class GluonHostOps(HostOps):
    """`HostOps`, and the way between its arrays and MXNet's."""

    def give(self, values: DeviceArray, array: NDArray) -> None:
        array._sync_copyfrom(cast(FloatArray, values))

    def take(self, array: NDArray) -> DeviceArray:
        values = np.asarray(_Memory(array)).astype(np.float32, copy=False)
        return cast(DeviceArray, values)


def writable(shape: tuple[int, ...], context: Any) -> tuple[NDArray | None, FloatArray]:
    """An array of MXNet's, not filled yet, and its memory; on a device that NumPy cannot write to,
    None and an array of NumPy's alone."""
    if context.device_type != "cpu":
        return None, np.empty(shape, np.float32)
    array = mx.nd.empty(shape, ctx=context)
    return array, np.asarray(_Memory(array))


class _Memory:
    """An array of MXNet's as NumPy reads it, in place; NumPy keeps this, and this the array."""

    def __init__(self, array: NDArray) -> None:
        array.wait_to_read()
        place = ctypes.c_void_p()
        mx.base.check_call(mx.base._LIB.MXNDArrayGetData(array.handle, ctypes.byref(place)))
        self._array = array
        self.__array_interface__ = {
            "shape": array.shape,
            "typestr": np.dtype(array.dtype).str,
            "data": (place.value, False),
            "version": 3,
        }
