"""The shape of everything in a graph."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vizframe.errors import NetworkError
from vizframe.gluon.compat import mx
from vizframe.gluon.graph.graph import Entry, Graph
from vizframe.gluon.graph.parameters import Arrays
from vizframe.gluon.graph.trace import outputs_of
from vizframe.gluon.reason import reason

Shape = tuple[int, ...]


def entry_shapes(graph: Graph, arrays: Arrays, inputs: Mapping[str, Shape]) -> dict[Entry, Shape]:
    """The shape, batch axis included, of all that the heads need and that the inputs and
    parameters determine (a loss that waits for labels is left out).

    Raises:
        NetworkError: the inputs or a parameter do not fit; the message names the first that
            differs, with both shapes.
    """
    unknown = [
        index
        for index, node in enumerate(graph.nodes)
        if node.is_variable and node.name not in inputs and node.name not in arrays
    ]
    known_ones = graph.below(graph.heads) - graph.above(unknown)
    variables = [(i, 0) for i, node in enumerate(graph.nodes) if node.is_variable]
    entries = [each for each in (*variables, *outputs_of(graph)) if each[0] in known_ones]
    symbol = graph.with_heads(entries).symbol()
    _refuse_misfits(symbol, arrays, inputs)
    names = (*symbol.list_arguments(), *symbol.list_auxiliary_states())
    known = {name: inputs.get(name) or arrays[name].shape for name in names}
    try:
        _, shapes, _ = symbol.infer_shape(**known)
    except mx.MXNetError as error:
        raise _misfit(inputs, error) from error
    return {entry: tuple(shape) for entry, shape in zip(entries, shapes or (), strict=True)}


def _refuse_misfits(symbol: Any, arrays: Arrays, inputs: Mapping[str, Shape]) -> None:
    """Raises NetworkError for the first parameter whose shape the graph does not expect."""
    given = {name: shape for name, shape in inputs.items() if name in symbol.list_arguments()}
    try:
        expected, _, states = symbol.infer_shape_partial(**given)
    except mx.MXNetError as error:
        raise _misfit(inputs, error) from error
    names = (*symbol.list_arguments(), *symbol.list_auxiliary_states())
    for name, shape in zip(names, (*(expected or ()), *(states or ())), strict=False):
        if name in inputs or not shape or 0 in shape:
            continue
        if tuple(shape) != tuple(arrays[name].shape):
            raise NetworkError(
                f"parameter {name!r} has shape {tuple(arrays[name].shape)}; "
                f"the network can use {tuple(shape)}"
            )


def _misfit(inputs: Mapping[str, Shape], error: Exception) -> NetworkError:
    given = ", ".join(f"{name} of shape {shape}" for name, shape in inputs.items())
    return NetworkError(f"the network cannot take {given}: {reason(error)}")
