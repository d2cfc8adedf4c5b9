"""Freezing a module of PyTorch: its tape as JSON, its tensors as NumPy; see
`vizframe.network.frozen`.

What is thawed is a module of plain containers that holds the tensors under their own names, asked
by the tape; so it has the same layers, and gives on a CPU what the module did there, bit for bit.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt
import torch

from vizframe.errors import NetworkError
from vizframe.graph.settings import GIBIBYTE, Settings
from vizframe.network import Network
from vizframe.network.call import Call
from vizframe.network.frozen import Arrays, CopiedArrays, Frozen, refuse_others
from vizframe.torch.live import LiveNetwork
from vizframe.torch.model import Model
from vizframe.torch.network import TorchNetwork
from vizframe.torch.node import Tape
from vizframe.torch.written import read_tape, write_tape

_VERSION = 1

_CONSTANT = ":{}"
"""The name of a tensor that is neither the net's nor its input's; no module can be called so."""


def freeze(network: Network) -> Frozen:
    """Raises NetworkError for a network without a tape, or with calls that no file can name."""
    if not isinstance(network, TorchNetwork) or isinstance(network, LiveNetwork):
        raise NetworkError(
            f"the network {network.name!r} decides while it runs what it computes, so it cannot be "
            "looked at later without its own code"
        )
    tape, model = network.tape, network.model
    kept = _tensors(tape, model)
    about = {name: [_dtype(each), is_parameter] for name, (each, is_parameter) in kept.items()}
    words = {
        "version": _VERSION,
        "framework": "torch",
        "name": model.name,
        "integers": model.integers,
        "tensors": about,
    }
    return Frozen(
        f'{json.dumps(words)[:-1]}, "tape": {_written(network)}}}',
        CopiedArrays({name: partial(_to_numpy, each) for name, (each, _) in kept.items()}),
        sum(each.numel() * each.element_size() for each, _ in kept.values()),
    )


_WRITTEN: WeakKeyDictionary[Network, str] = WeakKeyDictionary()
"""Tapes that were written: a network's is the same at all steps."""


def _written(network: TorchNetwork) -> str:
    if network not in _WRITTEN:
        try:
            _WRITTEN[network] = json.dumps(write_tape(network.tape))
        except NetworkError as error:
            raise NetworkError(
                f"the network {network.name!r} cannot be looked at later: {error}"
            ) from error
    return _WRITTEN[network]


class ThawedNetwork:
    """See `vizframe.network.frozen.FrozenNetwork`."""

    def __init__(self, network: TorchNetwork, tensors: Mapping[str, Any]) -> None:
        self.network = network
        self._tensors = tensors

    def fill(self, arrays: Arrays) -> None:
        refuse_others(arrays, {name: tuple(each.shape) for name, each in self._tensors.items()})
        with torch.no_grad():
            for name, tensor in self._tensors.items():
                tensor.copy_(torch.tensor(arrays[name]))


class KeptNetwork(TorchNetwork):
    """A `TorchNetwork` whose code is not there: it takes images of one size."""

    def _trace(self, shape: tuple[int, ...]) -> Tape:
        raise NetworkError(
            f"the network {self.name!r} was kept without its code, and takes images of shape "
            f"{self.input_shape} alone; it was given {shape}"
        )

    def _of_model(self, model: Model) -> TorchNetwork:
        return KeptNetwork(model, self._settings, self.tape)


def thaw(
    frozen: Frozen,
    input_shape: tuple[int, ...],
    *,
    call: Call,
    class_names: Sequence[str] | None = None,
    memory: int | None = None,
) -> ThawedNetwork:
    """The network of a description, filled with its arrays, on the CPU.

    Raises:
        NetworkError: the description is not one that `freeze` wrote.
    """
    settings = Settings(
        tuple(input_shape),
        call=call,
        class_names=None if class_names is None else tuple(class_names),
        memory=GIBIBYTE if memory is None else memory,
    )
    try:
        said = json.loads(frozen.description)
        if said["version"] != _VERSION:
            raise ValueError(f"its version is {said['version']}, not {_VERSION}")
        tape = read_tape(said["tape"])
        tensors = {
            name: _tensor(frozen.arrays[name], dtype, bool(is_parameter))
            for name, (dtype, is_parameter) in said["tensors"].items()
        }
        model = Model.of(_module(str(said["name"]), tensors), call)
        model.integers = bool(said["integers"])
        _give_tensors(tape, model, tensors)
        network = KeptNetwork(model, settings, tape)
    except NetworkError:
        raise
    except Exception as error:  # a tape may be anything that JSON can say
        raise NetworkError(
            f"the description of the network is damaged or foreign: {error}"
        ) from error
    return ThawedNetwork(network, tensors)


def _tensors(tape: Tape, model: Model) -> dict[str, tuple[Any, bool]]:
    """Each tensor that the tape reads, and whether it is a parameter."""
    found: dict[str, tuple[Any, bool]] = {}
    for index, node in enumerate(tape.nodes):
        if node.leaf is not None:
            found[node.leaf] = model.shadow.leaves[node.leaf](), model.shadow.made[node.leaf][1]
        elif node.constant is not None:
            found[_CONSTANT.format(index)] = node.constant, False
    return found


def _give_tensors(tape: Tape, model: Model, tensors: Mapping[str, Any]) -> None:
    """The tape's constants. Raises ValueError for a parameter that is not there."""
    for index, node in enumerate(tape.nodes):
        if node.leaf is not None and node.leaf not in model.shadow.leaves:
            raise ValueError(f"parameter {node.leaf!r} is missing")
        if node.leaf is None and node.function is None and index != tape.data:
            node.constant = tensors[_CONSTANT.format(index)]


def _module(name: str, tensors: Mapping[str, Any]) -> Any:
    """A module that holds tensors under their own names, and computes nothing."""
    found: Any = type(name, (torch.nn.Module,), {})()
    for full, tensor in tensors.items():
        if full.startswith(":"):
            continue
        *path, key = full.split(".")
        owner = found
        for part in path:
            owner = owner._modules.setdefault(part, torch.nn.Module())
        where = owner._parameters if isinstance(tensor, torch.nn.Parameter) else owner._buffers
        where[key] = tensor
    return found


def _dtype(tensor: Any) -> str:
    return str(tensor.dtype).removeprefix("torch.")


def _to_numpy(tensor: Any) -> npt.NDArray[np.generic]:
    """Raises NetworkError where NumPy has nothing like it."""
    if tensor.layout != torch.strided or tensor.is_quantized:
        raise NetworkError("a tensor of it is sparse or quantised, which cannot be kept")
    try:
        plain = tensor.detach().to("cpu")
        whole = plain.float() if plain.dtype == torch.bfloat16 else plain
        values: npt.NDArray[np.generic] = whole.numpy()
    except (RuntimeError, TypeError) as error:  # one that is spread over devices, say
        raise NetworkError(f"a tensor of it cannot be copied: {error}") from error
    return values


def _tensor(values: npt.NDArray[np.generic], dtype: object, is_parameter: bool) -> Any:
    kind = getattr(torch, dtype, None) if isinstance(dtype, str) else None
    if not isinstance(kind, torch.dtype):
        raise ValueError(f"a tensor of {dtype!r}")
    made = torch.tensor(values).to(kind)
    return torch.nn.Parameter(made, requires_grad=False) if is_parameter else made
