"""What MXNet 1.9.1 needs before it can be imported beside NumPy 1.26. Imports no MXNet itself.

MXNet's last release still says ``np.bool``, an alias that NumPy 1.24 removed, at import and inside
its operators (``numpy/fallback.py``, ``ndarray/ndarray.py``). So the removed aliases are set again,
those that are missing and no others, before MXNet is imported, and they stay.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

REMOVED_ALIASES: dict[str, type] = {
    "bool": bool,
    "int": int,
    "float": float,
    "complex": complex,
    "object": object,
    "str": str,
}


def restore_aliases() -> tuple[str, ...]:
    """Set the names that NumPy removed and MXNet needs, and give those that were missing."""
    missing = tuple(name for name in REMOVED_ALIASES if name not in vars(np))
    for name in missing:
        setattr(np, name, REMOVED_ALIASES[name])
    return missing


@contextmanager
def importable() -> Iterator[None]:
    """Inside, ``import mxnet`` works, and says nothing of what it uses being deprecated."""
    restore_aliases()
    with warnings.catch_warnings():
        # It reads functions that NumPy and distutils have deprecated, and has odd escapes.
        warnings.simplefilter("ignore", DeprecationWarning)
        warnings.simplefilter("ignore", SyntaxWarning)
        yield
