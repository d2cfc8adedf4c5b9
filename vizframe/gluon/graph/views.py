"""Views of a network's parameters on MXNet's own memory: no copy is made on a CPU."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from vizframe.gluon.compat import mx
from vizframe.gluon.graph.parameters import Parameters, to_numpy
from vizframe.gluon.semantics import from_net_array, numpy_interface
from vizframe.network import FloatArray
from vizframe.network.parameter import ParameterView


class _Lent:
    """An MXNet array, as NumPy's ``from_dlpack`` takes one."""

    def __init__(self, array: Any) -> None:
        self._array = array

    def __dlpack__(self, **_: object) -> Any:
        return mx.nd.to_dlpack_for_read(self._array)

    def __dlpack_device__(self) -> tuple[int, int]:
        return 1, 0  # the CPU, as DLPack numbers devices


def see(array: Any) -> FloatArray:
    """The array's numbers as float32, in its own memory where that can be: of a dense one on the
    CPU in single precision that no operator has laid out its own way."""
    if isinstance(array, mx.np.ndarray):
        array = from_net_array(array)
    if array.stype == "default" and array.context.device_type == "cpu":
        if array.dtype == np.float32 and array.size:
            try:
                seen: FloatArray = np.from_dlpack(_Lent(array))
            except mx.MXNetError:
                return to_numpy(array)
            seen.flags.writeable = False  # it is the training's own memory
            return seen
    elif array.stype != "default":
        array = array.tostype("default")
    return to_numpy(array)


def parameter_views(
    parameters: Parameters, own: Iterable[tuple[str, str, str]]
) -> Iterator[ParameterView]:
    """One view per parameter of the model, those of the layers first.

    Args:
        own: each layer's name, its parameter's short name there and its full one.
    """
    named = {full: (f"{layer}.{short}", layer) for layer, short, full in own}
    arrays = parameters.arrays()
    order = [*(full for full in named if full in arrays), *(n for n in arrays if n not in named)]
    for full in order:
        name, layer = named.get(full, (full, ""))
        yield _view(parameters, full, name, layer, tuple(arrays[full].shape))


def _view(
    parameters: Parameters, full: str, name: str, layer: str, shape: tuple[int, ...]
) -> ParameterView:
    def gradient() -> FloatArray | None:
        found = parameters.gradients(full)
        return None if found is None else see(found)

    def array() -> Any:
        one = parameters.array
        return parameters.arrays()[full] if one is None else one(full)

    def keep_first(count: int) -> Callable[[], FloatArray]:
        with _aside():
            kept = _first(array(), count).copy()
        return lambda: see(kept)

    def square_of_gradient(count: int) -> Callable[[], float] | None:
        found = parameters.gradients(full)
        if found is None:  # a dist kvstore has it as its buffer now
            return None
        with _aside():
            first = _first(found, count)
            square = mx.nd.dot(first, first)
        return lambda: float(square.asscalar())

    request = parameters.request(full)
    return ParameterView(
        name,
        layer,
        shape,
        lambda: see(array()),
        gradient,
        is_trained=request != "null",
        adds=request == "add",
        keep_first=keep_first,
        square_of_gradient=None if request == "null" else square_of_gradient,
        is_updated=lambda: parameters.updated(full),
    )


@contextmanager
def _aside() -> Iterator[None]:
    """Inside, nothing is recorded for differentiation, and operations are the older interface's."""
    with mx.autograd.pause(), numpy_interface(False):
        yield


def _first(array: Any, count: int) -> Any:
    """So many of its first values, in its own memory."""
    plain = from_net_array(array) if isinstance(array, mx.np.ndarray) else array
    if plain.stype != "default":
        plain = plain.tostype("default")
    flat = plain.reshape((-1,))
    return flat[:count] if flat.size > count else flat
