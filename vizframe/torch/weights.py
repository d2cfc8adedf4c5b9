"""Files of weights: ``.pt``, ``.pth``, ``.ckpt`` (Lightning's), ``.safetensors``.

Only tensors and plain containers are read (``weights_only``): a file cannot run code. What it holds
is found by its names: a state_dict, or one inside of it, with or without what a wrapper put in
front of each name.

    {"epoch": 3, "state_dict": {"model.conv.weight": …}}   Lightning
    {"_orig_mod.conv.weight": …}                           compiled
    {"module.conv.weight": …}                              data-parallel
"""

from __future__ import annotations

import pickle
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from vizframe.errors import NetworkError
from vizframe.network.masked import Change
from vizframe.torch.wrapped import unwrap

State = Mapping[str, Any]
"""Tensors by name."""

_DEPTH = 3
"""How far down in a file a state_dict is looked for, and how many names a wrapper puts before."""


def load_weights(model: Any, path: Path) -> None:
    """Give the module the weights of a file, all of them or none.

    Raises:
        NetworkError: the file cannot be read, or does not fit the module.
    """
    module = unwrap(model)
    wanted = module.state_dict()
    try:
        stored = read_file(path)
    except NetworkError:
        raise
    except (OSError, RuntimeError, ValueError, EOFError, KeyError, pickle.UnpicklingError) as error:
        raise NetworkError(f"checkpoint {str(path)!r} cannot be read: {_told(error)}") from error
    found = matching_state(stored, wanted)
    missing = [name for name in wanted if name not in found]
    if missing:
        raise NetworkError(
            f"checkpoint {str(path)!r} does not fit the network {type(module).__name__!r}: "
            f"{missing[0]!r} is missing{_more(missing)}"
        )
    for name, own in wanted.items():
        if isinstance(own, torch.Tensor) and own.shape != found[name].shape:
            raise NetworkError(
                f"checkpoint {str(path)!r} does not fit the network {type(module).__name__!r}: "
                f"{name!r} has the shape {tuple(found[name].shape)}; it can be {tuple(own.shape)}"
            )
    module.load_state_dict(found)


def save_weights(model: Any, folder: Path, change: Change) -> Path:
    """Write the module's state_dict to a file, each tensor of numbers as ``change`` gives it."""
    path = folder / "weights.pt"
    state = {}
    for name, own in unwrap(model).state_dict().items():
        kept = own.detach().cpu() if isinstance(own, torch.Tensor) else own
        if isinstance(kept, torch.Tensor) and kept.is_floating_point():
            values = np.array(kept.to(torch.float32).numpy(), np.float32)
            kept = torch.from_numpy(change(name, values)).to(own.dtype)
        state[name] = kept
    torch.save(state, path)
    return path


def read_file(path: Path) -> Any:
    """The content of a file of weights, with its tensors on the CPU."""
    if path.suffix == ".safetensors":
        try:
            from safetensors.torch import load_file
        except ModuleNotFoundError:
            raise NetworkError(
                f"checkpoint {str(path)!r} needs the package safetensors: pip install safetensors"
            ) from None
        return load_file(str(path))
    return torch.load(path, map_location="cpu", weights_only=True)


def matching_state(stored: Any, wanted: State) -> dict[str, Any]:
    """Of what a file holds, the tensors that the module wants, by its own names."""
    best: dict[str, Any] = {}
    for state in _states(stored, _DEPTH):
        names = {name.replace("_orig_mod.", ""): each for name, each in state.items()}
        for prefix in _prefixes(names):
            kept = {
                name.removeprefix(prefix): each
                for name, each in names.items()
                if name.startswith(prefix) and name.removeprefix(prefix) in wanted
            }
            if len(kept) > len(best):
                best = kept
    return best


def _states(stored: Any, depth: int) -> Iterator[State]:
    """Every mapping with tensors in it, outermost first."""
    if not isinstance(stored, Mapping):
        return
    tensors = {str(key): each for key, each in stored.items() if isinstance(each, torch.Tensor)}
    if tensors:
        yield tensors
    if depth:
        for each in stored.values():
            yield from _states(each, depth - 1)


def _prefixes(names: Mapping[str, Any]) -> list[str]:
    """What may stand before every name: nothing, or its first parts."""
    found = {""}
    for name in names:
        parts = name.split(".")
        found |= {".".join(parts[:n]) + "." for n in range(1, min(_DEPTH, len(parts) - 1) + 1)}
    return sorted(found, key=len)


def _told(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0].rstrip(". ") if lines else type(error).__name__


def _more(missing: list[str]) -> str:
    return f", and {len(missing) - 1} more" if len(missing) > 1 else ""
