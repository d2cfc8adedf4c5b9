"""How a Block is called: its arguments by name, and which of them takes the images."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from vizframe.errors import NetworkError
from vizframe.gluon.compat import mx
from vizframe.gluon.graph.hooks import paths
from vizframe.gluon.graph.output_axes import grown_axis
from vizframe.gluon.graph.parameters import Parameters
from vizframe.gluon.graph.shapes import entry_shapes
from vizframe.gluon.graph.trace import trace_block
from vizframe.gluon.semantics import to_net_array
from vizframe.network import FloatArray
from vizframe.network.adapter import Batch
from vizframe.network.call import Array, Call, observe_call


def batch_of(
    model: Any, arguments: Sequence[object], labels: npt.NDArray[np.int64] | None = None
) -> Batch:
    """The batch that a Block was called with.

    Raises:
        NetworkError: there is no array among it.
    """
    names = argument_names(model)
    seen = observe_call(names, arguments, to_numpy)
    if seen is None:
        kinds = ", ".join(type(each).__name__ for each in arguments) or "nothing"
        raise NetworkError(f"the network was given {kinds}; it can be one array or more")
    if seen[0].ndim > 1 and seen[1].axis == 0 and _has_time_first(model, seen[0], seen[1]):
        seen = observe_call(names, arguments, to_numpy, axis=1) or seen
    images, call = seen
    inputs: FloatArray = np.ascontiguousarray(images, np.float32)
    fits = labels is not None and len(labels) == len(inputs)
    return Batch(inputs, labels if fits else None, call)


def current(module: Any) -> Any:
    """The module itself, or the bucket that is in use."""
    return module._curr_module if isinstance(module, mx.mod.BucketingModule) else module


@dataclass(frozen=True, slots=True)
class HeldBatch:
    """What a DataBatch held when it was seen: a SequentialModule puts what each of its modules
    gives into the same batch, for the next one."""

    data: Any
    label: Any

    @classmethod
    def of(cls, given: Any) -> HeldBatch:
        """Of a DataBatch, or the first of a list of them; of anything else nothing, for it is
        the module that says what is wrong with it."""
        given = next(iter(given), None) if isinstance(given, list) else given
        return cls(_held(getattr(given, "data", ())), _held(getattr(given, "label", None)))


def _held(arrays: Any) -> Any:
    return list(arrays) if isinstance(arrays, list | tuple) else arrays


def batch_of_module(module: Any, given: HeldBatch) -> Batch:
    """The batch that a module was given. Raises NetworkError where that is no array."""
    seen = observe_call(current(module).data_names, given.data, to_numpy)
    if seen is None:
        raise NetworkError("the module's batch has no data; it can have one array or more")
    inputs, call = seen
    labels = to_numpy(given.label[0]) if given.label else None
    found = None if labels is None or labels.shape != inputs.shape[:1] else classes(labels)
    return Batch(inputs.astype("float32"), found, call)


def classes(targets: Array) -> npt.NDArray[np.int64] | None:
    """The classes that targets stand for, as whole numbers; None where they are amounts."""
    found: npt.NDArray[np.int64] = np.nan_to_num(targets).astype(np.int64)
    return found if np.array_equal(found, targets) else None


def argument_names(model: Any) -> tuple[str, ...]:
    """What a Block's arguments are called, in order: ``data`` where there can be only one."""
    if isinstance(model, mx.gluon.SymbolBlock):
        return tuple(each.name for each in model._cached_graph[0])
    hybrid = isinstance(model, mx.gluon.HybridBlock) and not _has_own_forward(model)
    asked = list(
        inspect.signature(model.hybrid_forward if hybrid else model.forward).parameters.values()
    )
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    names = [
        each.name
        for each in (asked[1:] if hybrid else asked)
        if each.kind in positional and each.name not in model._reg_params
    ]
    return tuple(names) if len(names) > 1 else ("data",)


def _has_own_forward(model: Any) -> bool:
    """Whether it is a HybridBlock that is called by a ``forward`` of its own."""
    return type(model).forward is not mx.gluon.HybridBlock.forward


def to_numpy(value: object) -> Array | None:
    """An array of MXNet or NumPy, in NumPy; None of anything else."""
    if isinstance(value, mx.nd.NDArray):
        found: Array = value.asnumpy()
        return found
    return value if isinstance(value, np.ndarray) else None


def _has_time_first(model: Any, images: Array, call: Call) -> bool:
    """Whether what is taken for the axis of the images is that of time where it meets a recurrent
    layer, whose inputs are (time, image, feature)."""
    recurrent = mx.gluon.rnn.rnn_layer._RNNLayer
    if not any(isinstance(block, recurrent) for _, block in paths(model)):
        return False
    try:
        trace = trace_block(model, call, images.ndim)
        arrays = Parameters.of_block(model, trace.graph.variables()).arrays()
        one, two = (entry_shapes(trace.graph, arrays, _shapes(call, images, n)) for n in (1, 2))
    except NetworkError:  # it has no graph, or takes no other number of images
        return False
    read = (node.inputs[0] for node in trace.graph.nodes if node.operator in ("RNN", "_npx_rnn"))
    grown = (grown_axis(one.get(entry, ()), two.get(entry, ())) for entry in read)
    return any(each is not None and each[0] == 0 for each in grown)


def _shapes(call: Call, images: Array, count: int) -> dict[str, tuple[int, ...]]:
    others = {
        name: other.shape(count) for name, other in call.others.items() if call.is_array(name)
    }
    return {call.input: (count, *images.shape[1:]), **others}


def argument(call: Call, name: str, images: Any, *, numpy: bool) -> Any:
    """What a Block is given under that name, with these images, which are as it takes them.

    Args:
        numpy: whether it computes with MXNet's NumPy arrays.
    """
    if name == call.input:
        return _turned(images, call)
    other = call.others[name]
    if not call.is_array(name):
        return other.value
    array = np.asarray(other.repeated(images.shape[0]))
    dtype = np.float32 if array.dtype.kind == "f" else array.dtype
    return to_net_array(numpy, mx.nd.array(array, ctx=images.context, dtype=dtype))


def _turned(images: Any, call: Call) -> Any:
    """The images with their axis where the net has it, as the numbers that it is given."""
    given = images.reshape((images.shape[0], -1)) if call.is_flat else images
    if call.axis:
        order = list(range(1, images.ndim))
        order.insert(call.axis, 0)
        given = images.transpose(order)
    return given.astype(call.dtype) if np.dtype(call.dtype).kind in "iub" else given
