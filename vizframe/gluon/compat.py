"""MXNet 1.9.1 on NumPy 1.26: always import it as ``from vizframe.gluon.compat import mx``.

See `aliases` for what that takes. A process whose NumPy needs none of it, or that has imported
MXNet some other way, is left as it is.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from vizframe.errors import MissingExtra, NetworkError
from vizframe.gluon.aliases import importable

__all__ = ["mx", "unwatched"]


def import_mxnet() -> Any:
    """MXNet, or one sentence about what keeps it away.

    Raises:
        MissingExtra: it is not installed.
        NetworkError: it is installed and cannot be imported.
    """
    if "mxnet" in sys.modules:
        return sys.modules["mxnet"]
    if int(np.__version__.split(".")[0]) >= 2:
        raise NetworkError(
            f"NumPy is {np.__version__}; MXNet 1.9.1 can use 1.26: pip install 'vizframe[mxnet]'"
        )
    try:
        with importable():
            import mxnet
    except ModuleNotFoundError as error:
        if error.name != "mxnet":
            raise NetworkError(f"MXNet cannot be imported: {error}") from error
        raise MissingExtra("looking into a Gluon model", "mxnet") from None
    return mxnet


mx: Any = import_mxnet()


def unwatched(function: Callable[..., Any]) -> Callable[..., Any]:
    """MXNet's own function, where a training is watched by one around it: what a plugin asks is
    none of the training's."""
    own: Callable[..., Any] = inspect.unwrap(function)
    return own
