"""The graph of a net that has none, for one batch: the operators that MXNet recorded, and what
they read.

    net(images) ── recorded ──► operators ── each variable is an array that some operator read

The net's code may do something else for the next batch, so the graph is of this one alone.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from vizframe.errors import NetworkError
from vizframe.gluon.compat import mx
from vizframe.gluon.graph.graph import Graph
from vizframe.gluon.graph.inference import for_inference
from vizframe.gluon.graph.parameters import Arrays
from vizframe.gluon.history import history_of
from vizframe.gluon.semantics import from_net_array

Reads = dict[int, Any]
"""Arrays by their identity: they are kept, so that no other one gets the same."""

_watching: dict[int, list[Reads]] = {}
"""By thread, innermost last."""
_lock = threading.Lock()
_register = mx.ndarray.register
_invoke: Callable[..., Any] = _register._imperative_invoke


@contextmanager
def watch_reads() -> Iterator[Reads]:
    """Inside, every array that an operator reads on this thread is kept."""
    thread, reads = threading.get_ident(), Reads()
    with _lock:
        _watching.setdefault(thread, []).append(reads)
        _register._imperative_invoke = _watched
    try:
        yield reads
    finally:
        with _lock:
            _watching[thread].remove(reads)
            if not _watching[thread]:
                del _watching[thread]
            if not _watching:
                _register._imperative_invoke = _invoke


def _watched(handle: Any, arrays: Any, *others: Any) -> Any:
    for reads in _watching.get(threading.get_ident(), ()):
        reads.update((id(each), each) for each in arrays)
    return _invoke(handle, arrays, *others)


def variable_name(array: Any) -> str | None:
    """What MXNet calls an array in the graphs that it recorded; None where it is in none."""
    try:
        names = mx.autograd.get_symbol(array).list_outputs()
    except mx.MXNetError:
        return None
    return str(names[0])


def recorded_graph(output: Any, reads: Iterable[Any]) -> tuple[Graph, Arrays]:
    """How an output came about, as it acts when nothing is trained, and its variables' arrays.

    Raises:
        NetworkError: an operator has a gradient of its own, written in Python; or an array came in
            by a way that is not seen.
    """
    graph = history_of(output)
    if graph is None:
        raise NetworkError(
            "the output does not depend on the images; it can be one that the net computes of them"
        )
    for node in graph.nodes:
        if node.operator in ("_CachedOp", "_CustomFunction", "_Function"):
            raise NetworkError(
                f"what happens inside of {node.name!r} ({node.operator}) was not recorded; the net "
                "can be one of Gluon's blocks and MXNet's operators"
            )
    graph = graph.map_nodes(for_inference)
    wanted, arrays = graph.variables(), dict[str, Any]()
    for array in reads:
        if len(arrays) == len(wanted):
            break
        name = variable_name(array)
        if name in wanted and name not in arrays:
            arrays[name] = from_net_array(array)
    missing = sorted(wanted - arrays.keys())
    if missing:
        raise NetworkError(
            f"of {len(missing)} arrays that the net computes with nobody knows where they come "
            "from; they can be parameters and what MXNet's functions give"
        )
    return graph, arrays
