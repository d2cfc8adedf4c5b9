"""`Ops` for a model of MXNet's on the CPU: NumPy works on its arrays in place."""

from __future__ import annotations

import ctypes
from typing import Any, cast

import numpy as np

from vizframe.gluon.arrays.ops import Arithmetic, GluonOps, Linked, NDArray
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
        return cast(DeviceArray, memory_of(array).astype(np.float32, copy=False))

    def linked(self, array: NDArray) -> Linked:
        return HostLinked(array)


def memory_of(array: NDArray) -> FloatArray:
    """An array of the CPU's as NumPy sees it, in place."""
    return np.asarray(_Memory(array))


class HostLinked:
    """An array of MXNet's that is read and written again and again, in place: NumPy's view of it is
    made once, which takes ten times as long as waiting for what is there already."""

    def __init__(self, array: NDArray) -> None:
        self._array, self._handle = array, array.handle
        self._place = ctypes.c_void_p()
        self._lies_at: int | None = None
        self._view = np.empty(0, np.float32)

    def take(self) -> DeviceArray:
        _done(mx.base._LIB.MXNDArrayWaitToRead(self._handle))
        return cast(DeviceArray, self._now().astype(np.float32, copy=False))

    def give(self, values: DeviceArray, *, is_free: bool = False) -> None:
        if not is_free:
            _done(mx.base._LIB.MXNDArrayWaitToWrite(self._handle))
            self._now()
        np.copyto(self._view, cast(FloatArray, values), casting="same_kind")

    def _now(self) -> FloatArray:
        """Its memory, which MXNet may have moved: an operator leaves what it gives as it likes, and
        asking for the place puts it in order."""
        _done(mx.base._LIB.MXNDArrayGetData(self._handle, ctypes.byref(self._place)))
        if self._place.value != self._lies_at:
            self._view, self._lies_at = np.asarray(_Memory(self._array)), self._place.value
        return self._view


def writable(shape: tuple[int, ...], context: Any) -> tuple[NDArray | None, FloatArray]:
    """An array of MXNet's, not filled yet, and its memory; on a device that NumPy cannot write to,
    None and an array of NumPy's alone."""
    if context.device_type != "cpu":
        return None, np.empty(shape, np.float32)
    array = mx.nd.empty(shape, ctx=context)
    return array, memory_of(array)


def _done(status: int) -> None:
    """Raises MXNetError where a call of MXNet's did not succeed."""
    if status:
        mx.base.check_call(status)


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
