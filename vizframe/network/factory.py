"""A factory: the function that makes a network, as a command line names it.

models.lenet:build     the function `build` of an importable module
train.py:make_net      the function `make_net` of a file
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

from vizframe.errors import UnknownName, UsageError

Factory = Callable[[], object]


def factory(text: str) -> Factory:
    """The function that ``MODULE:FUNCTION`` or ``FILE.py:FUNCTION`` names. Modules are looked for
    in the current folder first, as `python -m` does.

    Raises:
        UsageError: it is of another form, or the module is not there.
        UnknownName: the module has no such function.
    """
    where, _, name = text.rpartition(":")
    if not (where and name):
        raise UsageError(f"model is {text!r}; it can be MODULE:FUNCTION or FILE.py:FUNCTION")
    module = _file(Path(where)) if where.endswith(".py") else _module(where)
    found = getattr(module, name, None)
    if not callable(found):
        known = [each for each, value in vars(module).items() if callable(value)]
        raise UnknownName("function", name, [each for each in known if not each.startswith("_")])
    made: Factory = found
    return made


def _module(name: str) -> ModuleType:
    if os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise UsageError(f"model is of module {name!r}, which cannot be found ({error})") from error


def _file(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None or not path.is_file():
        raise UsageError(f"model is of file {str(path)!r}; it can be a Python file")
    sys.path.insert(0, str(path.resolve().parent))  # for the modules beside it
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module
