"""Parameters from a file into a Block, by whatever names they were saved.

save_parameters()   features.0.weight        the Block's structure
export()            arg:resnet0_conv0_weight, aux:…
save_params()       net3_conv0_weight        names that MXNet counted up, with any prefix
Module              arg:conv1_weight, aux:…

Names that the Block has are taken by name. Others are matched by structure: for each kind of
parameter (weight, bias, gamma, …) in the order of the file, where all shapes agree. Nothing is
loaded before everything fits.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from vizframe.errors import NetworkError
from vizframe.gluon.compat import mx
from vizframe.gluon.files import load_file
from vizframe.gluon.reason import reason
from vizframe.network.masked import Change

Saved = Mapping[str, Any]


def load_checkpoint(block: Any, path: Path) -> None:
    """Give the Block the parameters of a file.

    Raises:
        NetworkError: it cannot be read, or does not fit; the message has the first name that
            differs.
    """
    try:
        stored = load_file(path)
    except Exception as error:  # whatever MXNet's C++ finds in the file
        raise NetworkError(
            f"checkpoint {str(path)!r} cannot be loaded into the model: {reason(error)}"
        ) from error
    if not isinstance(stored, dict):
        raise NetworkError(f"checkpoint {str(path)!r} holds arrays without names")
    saved = {name.partition(":")[2] or name: array for name, array in stored.items()}
    found = _matched(block, saved, path)
    for parameter, array in found:
        _set(parameter, array)


def save_checkpoint(block: Any, path: Path, change: Change) -> None:
    """Write the Block's parameters by its structure's names, each as ``change`` gives it back."""
    saved = {}
    for name, parameter in block._collect_params_with_prefix().items():
        own = parameter.data(parameter.list_ctx()[0])
        values = own.asnumpy()
        changed = change(parameter.name, values.astype(np.float32, copy=False))
        saved[name] = mx.nd.array(changed, dtype=values.dtype)
    mx.nd.save(str(path), saved)


def _matched(block: Any, saved: Saved, path: Path) -> list[tuple[Any, Any]]:
    """Each parameter of the Block with its array."""
    structural = block._collect_params_with_prefix()
    for names in (structural, dict(block.collect_params().items())):
        if names.keys() <= saved.keys():
            return [(each, _fitting(name, each, saved[name], path)) for name, each in names.items()]
        if missing := [name for name in names if name not in saved]:
            known = len(names) - len(missing)
            if known > len(names) / 2:  # these are its names, and one is not there
                raise NetworkError(
                    f"checkpoint {str(path)!r} does not fit the model: it has no {missing[0]!r}"
                )
    return list(_by_structure(structural, saved, path))


def _by_structure(wanted: Mapping[str, Any], saved: Saved, path: Path) -> list[tuple[Any, Any]]:
    """The arrays of parameters matched kind by kind, in the order in which they were made and
    saved."""
    left: dict[str, list[tuple[str, Any]]] = {}
    for name, array in saved.items():
        left.setdefault(_kind(name), []).append((name, array))
    found = []
    for name, parameter in wanted.items():
        same = left.get(_kind(name), [])
        if not same:
            raise NetworkError(
                f"checkpoint {str(path)!r} does not fit the model: it has nothing for {name!r}"
            )
        other, array = same.pop(0)
        found.append((parameter, _fitting(f"{name} ({other} there)", parameter, array, path)))
    return found


def _kind(name: str) -> str:
    return name.replace(".", "_").rpartition("_")[2]


def _fitting(name: str, parameter: Any, array: Any, path: Path) -> Any:
    shape = parameter.shape
    fits = shape is None or (
        len(shape) == len(array.shape)
        and all(own in (0, -1, there) for own, there in zip(shape, array.shape, strict=True))
    )
    if not fits:
        raise NetworkError(
            f"checkpoint {str(path)!r} does not fit the model: {name} is of shape "
            f"{tuple(shape)} in the model and {tuple(array.shape)} in the file"
        )
    return array


def _set(parameter: Any, array: Any) -> None:
    """Set a parameter as Gluon itself does on loading, also where it has no values yet."""
    ctx = parameter.list_ctx() if parameter._data is not None else [mx.current_context()]
    if parameter._data is not None:
        is_numpy = isinstance(parameter._data[0], mx.np.ndarray)
        array = array.as_np_ndarray() if is_numpy else array.as_nd_ndarray()
    parameter._load_init(array, ctx, cast_dtype=True)
