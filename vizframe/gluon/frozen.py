"""Freezing a Gluon network: its trace as JSON, its arrays as NumPy; see `vizframe.network.frozen`.

The trace has the names that the Block gave its layers, so a network that is thawed without the
Block has the same layers, and gives bit for bit what the Block did.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from vizframe.errors import NetworkError
from vizframe.gluon.compat import mx
from vizframe.gluon.graph.graph import Entry, Graph, Node
from vizframe.gluon.graph.parameters import Parameters
from vizframe.gluon.graph.trace import Trace
from vizframe.gluon.network import GluonNetwork
from vizframe.graph.settings import GIBIBYTE, Settings
from vizframe.network import Network
from vizframe.network.call import Call
from vizframe.network.frozen import Arrays, Frozen

_VERSION = 1


def freeze(network: Network) -> Frozen:
    """Raises NetworkError for a network without a graph, which only its code can compute."""
    if not isinstance(network, GluonNetwork):
        raise NetworkError(
            f"the network {network.name!r} has no graph, so it cannot be looked at later; record "
            "its pictures while it trains: leave out --defer"
        )
    arrays = network._parameters.arrays()
    needed = network._trace.graph.variables()
    return Frozen(
        json.dumps(_describe(network.name, network._trace)),
        {name: array.asnumpy() for name, array in arrays.items() if name in needed},
    )


class ThawedNetwork:
    """See `vizframe.network.frozen.FrozenNetwork`."""

    def __init__(self, network: GluonNetwork, arrays: Mapping[str, Any]) -> None:
        self.network = network
        self._arrays = arrays

    def fill(self, arrays: Arrays) -> None:
        if {name: each.shape for name, each in arrays.items()} != {
            name: each.shape for name, each in self._arrays.items()
        }:
            raise NetworkError("the weights are those of another network")
        for name, values in arrays.items():
            self._arrays[name][:] = values
        mx.nd.waitall()


def thaw(
    frozen: Frozen,
    input_shape: tuple[int, ...],
    *,
    call: Call,
    class_names: Sequence[str] | None = None,
    memory: int | None = None,
) -> ThawedNetwork:
    """The network of a description, filled with its arrays.

    Raises:
        NetworkError: the description is not one that `freeze` wrote.
    """
    arrays = {name: mx.nd.array(values, dtype=np.float32) for name, values in frozen.arrays.items()}
    settings = Settings(
        tuple(input_shape),
        call=call,
        class_names=None if class_names is None else tuple(class_names),
        memory=GIBIBYTE if memory is None else memory,
    )
    try:
        said = json.loads(frozen.description)
        trace = _trace(said)
        name = str(said["name"])
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise NetworkError(f"the description of the network is damaged or foreign: {error}") from (
            error
        )
    return ThawedNetwork(
        GluonNetwork(name, trace, Parameters.of_arrays(arrays, mx.cpu()), settings), arrays
    )


def _describe(name: str, trace: Trace) -> dict[str, object]:
    return {
        "version": _VERSION,
        "name": name,
        "nodes": [
            [node.operator, node.name, dict(node.attributes), node.inputs, dict(node.extra)]
            for node in trace.graph.nodes
        ],
        "heads": trace.graph.heads,
        "inputs": trace.inputs,
        "names": list(trace.names.items()),
        "aliases": list(trace.aliases.items()),
        "own": [[entry, dict(own)] for entry, own in trace.own.items()],
        "made_by": list(trace.made_by.items()),
    }


def _trace(said: Mapping[str, Any]) -> Trace:
    if said["version"] != _VERSION:
        raise ValueError(f"its version is {said['version']}, not {_VERSION}")
    nodes = tuple(
        Node(operator, name, attributes, tuple(map(_entry, inputs)), extra)
        for operator, name, attributes, inputs, extra in said["nodes"]
    )
    return Trace(
        Graph(nodes, tuple(map(_entry, said["heads"]))),
        tuple(said["inputs"]),
        {_entry(entry): name for entry, name in said["names"]},
        {name: _entry(entry) for name, entry in said["aliases"]},
        {_entry(entry): dict(own) for entry, own in said["own"]},
        {_entry(entry): tuple(made) for entry, made in said["made_by"]},
    )


def _entry(pair: Sequence[int]) -> Entry:
    return (int(pair[0]), int(pair[1]))
