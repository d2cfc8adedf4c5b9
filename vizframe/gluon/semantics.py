"""Nets of MXNet's NumPy interface, ``npx.set_np()``, beside those of its older one.

A switch of the thread says which of the two Gluon's blocks compute with, and what a shape of 0
means. A net is called as its parameters were made; all else here is asked with the switch off.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from vizframe.gluon.compat import mx
from vizframe.gluon.graph.graph import Node


def is_numpy(net: Any) -> bool:
    """Whether the net computes with MXNet's NumPy arrays; one without parameters, as the thread
    does."""
    for parameter in net.collect_params().values():
        if parameter._data is not None:
            return isinstance(parameter._data[0], mx.np.ndarray)
    return bool(mx.util.is_np_array())


@contextmanager
def numpy_interface(on: bool) -> Iterator[None]:
    """Inside, the thread's switch is on or off. Arrays need the shapes: these go on first, and off
    last."""
    first, last = mx.util.np_shape(on), mx.util.np_array(on)
    outer, inner = (first, last) if on else (last, first)
    with outer, inner:
        yield


def to_net_array(numpy: bool, value: Any) -> Any:
    """An array or symbol as the net takes it; the numbers are the same ones, not copied."""
    return value.as_np_ndarray() if numpy else value


def from_net_array(value: Any) -> Any:
    """An array or symbol that a net gave, of the older interface."""
    return value.as_nd_ndarray()


_SAME = {
    "_npx_relu": "relu",
    "_npx_sigmoid": "sigmoid",
    "_npi_add": "broadcast_add",
    "_npi_subtract": "broadcast_sub",
    "_npi_multiply": "broadcast_mul",
    "_npi_true_divide": "broadcast_div",
    "_npi_maximum": "broadcast_maximum",
    "_npi_minimum": "broadcast_minimum",
    "_npi_add_scalar": "_plus_scalar",
    "_npi_subtract_scalar": "_minus_scalar",
    "_npi_rsubtract_scalar": "_rminus_scalar",
    "_npi_multiply_scalar": "_mul_scalar",
    "_npi_true_divide_scalar": "_div_scalar",
    "_npi_rtrue_divide_scalar": "_rdiv_scalar",
    "_npi_maximum_scalar": "_maximum_scalar",
    "_npi_minimum_scalar": "_minimum_scalar",
    "_npi_power_scalar": "_power_scalar",
    "_npi_exp": "exp",
    "_npi_log": "log",
    "_npi_sqrt": "sqrt",
    "_npi_square": "square",
    "_npi_absolute": "abs",
    "_npi_negative": "negative",
    "_npi_tanh": "tanh",
    "_np_copy": "_copy",
}


def to_classic(node: Node) -> Node:
    """The node under its older name, where the NumPy interface has another for the same thing.

    Most operators have one name in both.
    """
    if node.operator == "_npi_concatenate" and node.attributes.get("axis") != "None":
        kept = {"dim": node.attributes.get("axis", "0"), "num_args": str(len(node.inputs))}
        return replace(node, operator="Concat", attributes=kept)
    return replace(node, operator=_SAME.get(node.operator, node.operator))
