"""Graphs bound to a network's own parameters, kept from one question to the next."""

from __future__ import annotations

import os
import re
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np

from vizframe.errors import NetworkError
from vizframe.gluon.arrays.layout import restore_layout
from vizframe.gluon.compat import mx
from vizframe.gluon.graph.graph import Graph
from vizframe.gluon.graph.parameters import Arrays
from vizframe.gluon.question.custom_operators import in_predict_mode
from vizframe.gluon.reason import reason

Shape = tuple[int, ...]


_IN_TRAINING = 1
"""A backward pass that follows a forward pass in training mode."""


@dataclass(slots=True, eq=False)
class CompiledGraph:
    """A bound graph.

    Attributes:
        inputs: the arrays to fill before it runs.
        gradients: what its backward pass fills.
        bound: the model's own arrays that it reads.
        states: copies of the model's auxiliary states, such as running statistics, which an
            operator may write to in training mode.
        held: bytes that it keeps: intermediate results, its own inputs, and gradients.
        asked_by: which head filled its inputs beside the images; several may use it in turn.
    """

    executor: Any
    inputs: Mapping[str, Any]
    gradients: Mapping[str, Any]
    bound: Arrays
    held: int
    states: Arrays
    asked_by: object = None
    _heads: Sequence[Any] | None = None
    _handles: Any = None

    def forward(self, *, training: bool = False) -> Sequence[Any]:
        """The heads. A backward pass can follow only ``training``."""
        outputs: Sequence[Any] = self.executor.forward(is_train=training)
        if not training:
            restore_layout(self.bound.values(), outputs)
        return outputs

    def backward(self, heads: Sequence[Any]) -> None:
        self.executor.backward(list(heads))

    def evaluate(self) -> Sequence[Any]:
        """`forward` for a backward pass, again and again: what it gives are the same arrays each
        time. MXNet's Executor makes these anew, which takes a tenth of a small net's pass."""
        mx.base.check_call(mx.base._LIB.MXExecutorForward(self.executor.handle, 1))
        outputs: Sequence[Any] = self.executor.outputs
        return outputs

    def pull_back(self, heads: Sequence[Any]) -> None:
        """`backward`, again and again from the same sequence of arrays."""
        if heads is not self._heads:
            self._heads, self._handles = heads, mx.base.c_handle_array(heads)
        mx.base.check_call(
            mx.base._LIB.MXExecutorBackwardEx(
                self.executor.handle, len(heads), self._handles, _IN_TRAINING
            )
        )

    def is_current(self, arrays: Arrays) -> bool:
        """Whether it is still bound to the model's own arrays, and its copies can be theirs."""
        fitting = (arrays[name].shape == each.shape for name, each in self.states.items())
        return all(arrays[name] is array for name, array in self.bound.items()) and all(fitting)

    def refresh(self, arrays: Arrays) -> None:
        """Take over the model's auxiliary states as they are now."""
        for name, copy in self.states.items():
            arrays[name].copyto(copy)


def compile_graph(
    graph: Graph,
    arrays: Arrays,
    shapes: Mapping[str, Shape],
    wanted: Sequence[str],
    context: Any,
    given: Arrays = MappingProxyType({}),
) -> CompiledGraph:
    """Bind the graph's heads: parameters are shared, inputs of ``shapes`` allocated unless they are
    ``given``, gradients kept for the inputs ``wanted`` alone.

    Raises:
        NetworkError: the shapes do not fit the network, or a parameter is missing.
    """
    symbol = graph.symbol()
    names, states = symbol.list_arguments(), symbol.list_auxiliary_states()
    for name in (*names, *states):
        if name not in shapes and name not in arrays:
            raise NetworkError(f"the network needs {name!r}, which is no parameter it came with")
    inputs = {
        n: given[n] if n in given else mx.nd.zeros(shapes[n], ctx=context)
        for n in names
        if n in shapes
    }
    bound = {name: arrays[name] for name in names if name not in inputs}
    copies = {name: mx.nd.empty(arrays[name].shape, ctx=context) for name in states}
    gradients = {n: mx.nd.zeros(shapes[n], ctx=context) for n in wanted}
    try:
        with disable_fusion(), in_predict_mode():
            executor = symbol.bind(
                ctx=context,
                args={name: inputs.get(name, bound.get(name)) for name in names},
                args_grad=gradients,
                grad_req={name: "write" if name in gradients else "null" for name in names},
                aux_states=copies,
            )
    except mx.MXNetError as error:
        told = ", ".join(f"{name} {shape}" for name, shape in shapes.items())
        raise NetworkError(
            f"the network cannot take inputs of shape {told}: {reason(error)}"
        ) from error
    own = [each for name, each in inputs.items() if name not in given]
    held = _allocated_bytes(executor) + sum(map(_bytes, (*own, *gradients.values())))
    return CompiledGraph(executor, inputs, gradients, bound, held, copies)


def _bytes(array: Any) -> int:
    return int(array.size) * np.dtype(array.dtype).itemsize


def _allocated_bytes(executor: Any) -> int:
    """What MXNet says it has allocated for a graph; it tells nowhere else."""
    told = re.search(r"Total (\d+) MB allocated", executor.debug_str())
    if told is None:
        raise NetworkError("MXNet does not tell what a graph holds; it can be MXNet 1.9.1")
    return int(told[1]) << 20


@contextmanager
def disable_fusion() -> Iterator[None]:
    """Graphs bound inside are computed operator by operator, and nothing is logged about it.

    MXNet 1.9.1 would fuse a convolution with the ReLU behind it when nothing is differentiated. A
    graph that is also asked for the convolution's own output then gets wrong numbers, for this and
    every later layer. The backend called ``default`` fuses nothing; ``NONE`` logs a line each time.
    """
    wanted = {"MXNET_SUBGRAPH_BACKEND": "default", "MXNET_SUBGRAPH_VERBOSE": "0"}
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


class GraphCache:
    """The compiled graphs of one network, the least recently used thrown away first.

    A graph holds its intermediate results, so their number and bytes are bounded (the newest stays
    in any case); and it is bound to arrays, so it is made anew when the model was cast or moved.
    """

    def __init__(self, memory: int, most: int = 64) -> None:
        self._memory = memory
        self._most = most
        self._graphs: OrderedDict[Hashable, CompiledGraph] = OrderedDict()

    def __len__(self) -> int:
        return len(self._graphs)

    def get(
        self, key: Hashable, arrays: Arrays, make: Callable[[], CompiledGraph]
    ) -> CompiledGraph:
        found = self._graphs.get(key)
        if found is None or not found.is_current(arrays):
            found = self._graphs[key] = make()
        found.refresh(arrays)
        self._graphs.move_to_end(key)
        while len(self._graphs) > 1 and self._is_full():
            self._graphs.popitem(last=False)
        return found

    def shrink(self, memory: int) -> None:
        """Throw away what takes more than so many bytes, the least recently used first."""
        while self._graphs and self._held > memory:
            self._graphs.popitem(last=False)

    @property
    def _held(self) -> int:
        return sum(each.held for each in self._graphs.values())

    def _is_full(self) -> bool:
        return len(self._graphs) > self._most or self._held > self._memory
