"""Modules of a script that have the name of one which vizframe has imported before it.

    train.py     import statistics     alone: the statistics.py beside it
    statistics.py                      recorded: Python's own, which is in `sys.modules` by then

Python looks into `sys.modules` first, and into the script's folder only then. So what the script
would find in its folder is taken out of `sys.modules` before it starts; whoever has imported the
other one keeps it.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from importlib.machinery import PathFinder
from types import ModuleType

log = logging.getLogger("vizframe")

_STAY = {"__main__", "encodings", "sitecustomize", "usercustomize", "vizframe"}
"""Imported before any script starts, or what a script in vizframe's own folder imports."""


def forget_shadowed(folder: str) -> None:
    """Let imports of the script find its own modules, which lie in this folder or zip file."""
    for name in list(_shadowed(folder)):
        if name not in sys.stdlib_module_names:
            log.warning(
                "the script's own module %r has the name of one that vizframe needs: the training "
                "gets its own; where the recording fails by that, another name mends it",
                name,
            )
        for each in [one for one in sys.modules if one == name or one.startswith(f"{name}.")]:
            del sys.modules[each]


def _shadowed(folder: str) -> Iterator[str]:
    for name, module in list(sys.modules.items()):
        if "." not in name and name not in _STAY and not _is_of_start(module):
            spec = PathFinder.find_spec(name, [folder])
            if spec is None or spec.loader is None:  # a folder without __init__.py comes last
                continue
            if spec.origin != getattr(module, "__file__", None):
                yield name


def _is_of_start(module: ModuleType) -> bool:
    """Whether Python has it built in, or frozen for its start, where no folder is looked into."""
    spec = getattr(module, "__spec__", None)
    return spec is None or spec.origin in ("built-in", "frozen")
