"""Exported models: ``-symbol.json`` and ``.params``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from vizframe.errors import NetworkError, UsageError
from vizframe.gluon.compat import mx
from vizframe.gluon.graph.parameters import Arrays
from vizframe.gluon.reason import reason
from vizframe.gluon.semantics import numpy_interface

_PARAMETER_ENDINGS = ("weight", "bias", "gamma", "beta", "mean", "var", "alpha", "parameters")


def load_symbol(symbol: Path, params: Path, context: Any) -> tuple[Any, Arrays, tuple[str, ...]]:
    """The Symbol, its parameters by name, and the names of its inputs.

    Raises:
        UsageError: a file is missing or is not what it should be.
        NetworkError: a parameter is missing; the message names the first.
    """
    for path in (symbol, params):
        if not path.is_file():
            raise UsageError(f"{path} is not there; it can be a file that net.export() wrote")
    try:
        loaded = mx.sym.load(str(symbol))
    except Exception as error:  # whatever MXNet's C++ finds in the text
        raise UsageError(f"{symbol} is no exported symbol: {reason(error)}") from error
    try:
        stored = load_file(params)
    except Exception as error:
        raise UsageError(f"{params} is no file of parameters: {reason(error)}") from error
    if not isinstance(stored, dict):
        raise UsageError(f"{params} holds arrays without names; it can be what net.export() wrote")
    arrays = {
        name.partition(":")[2] or name: array.as_in_context(context)
        for name, array in stored.items()
    }
    return loaded, arrays, _inputs(loaded, arrays, params)


def load_file(params: Path) -> Any:
    """The arrays in a file. MXNet reads it only by the interface that it was saved with."""
    try:
        with numpy_interface(False):
            return mx.nd.load(str(params))
    except mx.MXNetError as error:
        if "saved in np shape semantics" not in str(error):
            raise
        with numpy_interface(True):
            return mx.nd.load(str(params))


def _inputs(symbol: Any, arrays: Arrays, params: Path) -> tuple[str, ...]:
    absent = [
        name
        for name in (*symbol.list_arguments(), *symbol.list_auxiliary_states())
        if name not in arrays and not name.endswith("label")
    ]
    for name in absent:
        if name.endswith(_PARAMETER_ENDINGS):
            raise NetworkError(f"parameter {name!r} is missing in {params}; the symbol needs it")
    return tuple(absent)
