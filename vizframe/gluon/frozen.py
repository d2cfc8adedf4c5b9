"""Freezing a Gluon network: its trace as JSON, its arrays as NumPy; see `vizframe.network.frozen`.

The trace has the names that the Block gave its layers, so a network that is thawed without the
Block has the same layers, and gives bit for bit what the Block did.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from weakref import WeakKeyDictionary

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
from vizframe.network.frozen import Arrays, CopiedArrays, Frozen, refuse_others

_VERSION = 1


def freeze(network: Network) -> Frozen:
    """Raises NetworkError for a network without a graph, which only its code can compute."""
    if not isinstance(network, GluonNetwork):
        raise NetworkError(
            f"the network {network.name!r} has no graph, so it cannot be looked at later without "
            "its own code"
        )
    graph = network.trace.graph
    refuse_code(graph, network.name)
    needed = graph.variables()
    kept = {name: each for name, each in network.parameters.arrays().items() if name in needed}
    return Frozen(
        _description(network),
        CopiedArrays({name: each.asnumpy for name, each in kept.items()}),
        sum(each.size * np.dtype(each.dtype).itemsize for each in kept.values()),
    )


_DESCRIPTIONS: WeakKeyDictionary[Network, str] = WeakKeyDictionary()
"""Descriptions that were made: a network's is the same at all steps."""


def _description(network: GluonNetwork) -> str:
    if network not in _DESCRIPTIONS:
        _DESCRIPTIONS[network] = json.dumps(_describe(network.name, network.trace))
    return _DESCRIPTIONS[network]


class ThawedNetwork:
    """See `vizframe.network.frozen.FrozenNetwork`."""

    def __init__(self, network: GluonNetwork, arrays: Mapping[str, Any]) -> None:
        self.network = network
        self._arrays = arrays

    def fill(self, arrays: Arrays) -> None:
        refuse_others(arrays, {name: each.shape for name, each in self._arrays.items()})
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
        refuse_code(trace.graph, name)
    except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        raise NetworkError(f"the description of the network is damaged or foreign: {error}") from (
            error
        )
    return ThawedNetwork(
        GluonNetwork(name, trace, Parameters.of_arrays(arrays, mx.cpu()), settings), arrays
    )


_CODE = frozenset(
    {
        "Custom",
        "_CachedOp",
        "_CustomFunction",
        "_FusedOp",
        "_NDArray",
        "_Native",
        "_TensorRT",
        "_cvimread",
    }
)
"""Operators that do more than compute: run a script's code, or what lies at an address; read a
file."""


def refuse_code(graph: Graph, name: str) -> None:
    """Raises NetworkError where an operator is more than arithmetic on what it is given."""
    for node in graph.nodes:
        inner = {each for value in node.extra.values() for each in _operators(value)}
        if _CODE.isdisjoint({node.operator, *inner}):
            continue
        kind = node.attributes.get("op_type", node.operator)
        raise NetworkError(
            f"the network {name!r} has an operator, {kind}, that only its own code computes, so "
            "it cannot be looked at later"
        )


def _operators(value: object) -> Iterator[str]:
    """The operators that are named in the sub-graphs of control flow."""
    if isinstance(value, list):
        for each in value:
            yield from _operators(each)
    if isinstance(value, dict):
        if isinstance(value.get("op"), str):
            yield value["op"]
        for each in value.values():
            yield from _operators(each)


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
