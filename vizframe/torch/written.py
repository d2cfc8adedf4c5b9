"""A tape as JSON, and back: calls by the names of PyTorch's functions, arguments as plain values.

    torch.conv2d(node 0, leaf "conv1.weight", stride=(1, 1))
    {"function": "torch.conv2d", "args": [{"ref": 0}, {"ref": 1}, {"tuple": [1, 1]}], …}

What is read names no other function than those that compute something of tensors, and no argument
is code; so a tape of anybody's runs nothing but arithmetic.
"""

from __future__ import annotations

import math
import operator
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch

from vizframe.errors import NetworkError
from vizframe.network.quiet import without_warnings
from vizframe.torch.batch import Count
from vizframe.torch.node import InPlace, Node, Ref, Sparing, Tape, WriteBack, take
from vizframe.torch.words import word_of

Word = Mapping[str, Any]

_BESIDE: Mapping[str, str] = {
    "torch": "arange as_strided as_tensor asarray empty eye full hann_window linspace logspace "
    "ones scalar_tensor tensor tril_indices triu_indices zeros",
    "torch.Tensor": "new_empty new_full new_ones new_tensor new_zeros unflatten",
    "torch.nn.functional": "celu_ elu_ hardsigmoid hardswish hardtanh_ leaky_relu_ relu_ rrelu_ "
    "selu_ sigmoid tanh threshold_ upsample upsample_bilinear upsample_nearest",
}
"""What PyTorch does not count among the functions of tensors: those that make one of numbers, and
some of older names."""

_REFUSED = {
    "__array__",
    "__deepcopy__",
    "__dlpack__",
    "__reduce_ex__",
    "__setstate__",
    "apply_",
    "backward",
    "data_ptr",
    "from_file",
    "map2_",
    "map_",
    "module_load",
    "numpy",
    "register_hook",
    "resize_",
    "resize_as_",
    "set_",
    "share_memory_",
    "storage",
    "untyped_storage",
}
"""Functions of tensors that compute no tensor."""


@cache
def functions() -> Mapping[str, Callable[..., Any]]:
    """What a tape that is read may call, by name."""
    with without_warnings():  # some are deprecated, and say so when they are named
        known = torch.overrides.get_overridable_functions()
        found = {
            name: function
            for several in known.values()
            for function in several
            if (name := torch.overrides.resolve_name(function))
        }
    for place, names in _BESIDE.items():
        owner = operator.attrgetter(place)(SimpleNamespace(torch=torch))
        found |= {f"{place}.{name}": getattr(owner, name) for name in names.split()}
    found |= {f"torch._C._nn.{name}": each for name, each in _arithmetic(torch._C._nn)}
    in_place = ((f"{name}_", getattr(torch, f"{name[6:]}_", None)) for name in list(found))
    found |= {name: each for name, each in in_place if each and name.count(".") == 1}
    return {name: each for name, each in found.items() if word_of(each) not in _REFUSED}


def _arithmetic(module: Any) -> Iterator[tuple[str, Callable[..., Any]]]:
    """The compiled functions of a module of these alone."""
    for name, each in vars(module).items():
        if type(each) is types.BuiltinFunctionType and not name.startswith("_"):
            yield name, each


@cache
def _names() -> Mapping[Callable[..., Any], str]:
    return {function: name for name, function in functions().items()}


def name_of(function: Callable[..., Any]) -> str:
    """Raises NetworkError for a function that is none of PyTorch's own on tensors."""
    name = _names().get(function)
    if name is None:
        word = word_of(function) or str(function)
        raise NetworkError(f"it calls {word}, which only its own code can")
    return name


def function_named(name: object) -> Callable[..., Any]:
    """Raises ValueError where a tape may not call it."""
    found = functions().get(name) if isinstance(name, str) else None
    if found is None:
        raise ValueError(f"a function {name!r}")
    return found


def write_function(function: Any) -> object:
    """Raises NetworkError as `name_of` does."""
    if function is take:
        return {"take": True}
    if isinstance(function, InPlace):
        return {"in_place": name_of(function.function), "place": function.place}
    if isinstance(function, Sparing):
        return {"sparing": name_of(function.function), "spared": sorted(function.spared)}
    if isinstance(function, WriteBack):
        return {"write_back": [name_of(each) for each in function.functions]}
    return name_of(function)


def read_function(said: Any) -> Any:
    """Raises ValueError as `function_named` does."""
    if not isinstance(said, dict):
        return function_named(said)
    if "take" in said:
        return take
    if "in_place" in said:
        return InPlace(function_named(said["in_place"]), said["place"])
    if "sparing" in said:
        return Sparing(function_named(said["sparing"]), frozenset(map(int, said["spared"])))
    return WriteBack(tuple(map(function_named, said["write_back"])))


def write_value(value: Any) -> object:
    """An argument as JSON. Raises NetworkError where it is something else than data."""
    if value is None or isinstance(value, bool | str) or type(value) is int:
        return value
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else {"float": str(value)}
    if isinstance(value, Ref):
        return {"ref": value.node}
    if isinstance(value, Count):
        return {"count": [value.times, value.plus]}
    if isinstance(value, list):
        return [write_value(each) for each in value]
    if isinstance(value, tuple):
        return {"tuple": [write_value(each) for each in value]}
    if isinstance(value, Mapping):
        return {"dict": [[write_value(key), write_value(each)] for key, each in value.items()]}
    if isinstance(value, slice):
        return {"slice": [write_value(e) for e in (value.start, value.stop, value.step)]}
    return _write_word(value)


def _write_word(value: Any) -> object:
    if isinstance(value, type(...)):
        return {"ellipsis": True}
    if isinstance(value, torch.dtype | torch.memory_format | torch.layout):
        return {"torch": str(value).removeprefix("torch.")}
    if isinstance(value, torch.device):
        return {"device": "cpu"}  # where it will be asked
    if isinstance(value, np.integer | np.floating):
        return write_value(value.item())
    if isinstance(value, int):  # of a class of its own, as an IntEnum is
        return int(value)
    raise NetworkError(f"it is given a {type(value).__name__}, which no file holds")


def read_value(said: Any) -> Any:
    """An argument again. Raises ValueError, KeyError or TypeError where it is none."""
    if isinstance(said, list):
        return [read_value(each) for each in said]
    if not isinstance(said, dict):
        return said
    ((kind, value),) = said.items()
    match kind:
        case "float":
            return float(value)
        case "ref":
            return Ref(int(value))
        case "count":
            return Count(int(value[0]), int(value[1]))
        case "tuple":
            return tuple(read_value(each) for each in value)
        case "dict":
            return {read_value(key): read_value(each) for key, each in value}
        case "slice":
            return slice(*(read_value(each) for each in value))
        case "ellipsis":
            return Ellipsis
        case "device":
            return torch.device("cpu")
    return _read_word(kind, value)


def _read_word(kind: str, value: object) -> Any:
    found = getattr(torch, value, None) if kind == "torch" and isinstance(value, str) else None
    if not isinstance(found, torch.dtype | torch.memory_format | torch.layout):
        raise ValueError(f"an argument {value!r}")
    return found


def write_node(node: Node) -> Word:
    """A call, or what stands for the images, a parameter or another tensor."""
    return {
        "function": None if node.function is None else write_function(node.function),
        "args": [write_value(each) for each in node.args],
        "kwargs": write_value(dict(node.kwargs)),
        "inputs": list(node.inputs),
        "path": node.path,
        "word": node.word,
        "leaf": node.leaf,
        "shape": [write_value(each) for each in node.shape],
    }


def read_node(said: Word, index: int) -> Node:
    """A node that reads those before it. Raises ValueError, KeyError or TypeError."""
    inputs = tuple(map(int, said["inputs"]))
    if not all(0 <= each < index for each in inputs):
        raise ValueError(f"node {index} reads {inputs}")
    function = said["function"]
    return Node(
        None if function is None else read_function(function),
        tuple(read_value(each) for each in said["args"]),
        read_value(said["kwargs"]),
        inputs,
        str(said["path"]),
        str(said["word"]),
        None if said["leaf"] is None else str(said["leaf"]),
        shape=tuple(read_value(each) for each in said["shape"]),
    )


def write_tape(tape: Tape) -> Word:
    """Raises NetworkError where it calls what no file can name."""
    return {
        "nodes": [write_node(each) for each in tape.nodes],
        "data": tape.data,
        "output": tape.output,
        "modules": [list(each) for each in tape.modules],
    }


def read_tape(said: Word) -> Tape:
    """Raises ValueError, KeyError or TypeError where it is none."""
    nodes = [read_node(each, index) for index, each in enumerate(said["nodes"])]
    modules: Sequence[Sequence[Any]] = said["modules"]
    output = said["output"]
    places = [int(said["data"]), *([] if output is None else [int(output)])]
    ends = [(str(path), int(index), bool(inner)) for path, index, inner in modules]
    if not all(0 <= each < len(nodes) for each in (*places, *(end[1] for end in ends))):
        raise ValueError("a node that is not there")
    return Tape(nodes, places[0], None if output is None else places[1], ends)
