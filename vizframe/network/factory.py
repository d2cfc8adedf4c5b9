"""A factory: the function that makes a network, as a command line names it.

models.lenet:build     the function `build` of an importable module
train.py:make_net      the function `make_net` of a file
timm:resnet18          a net of a collection that is installed, with its weights still random:
torchvision:vgg16      timm's, torchvision's,
transformers:./folder  or the one that a folder of transformers describes
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

from vizframe.errors import UnknownName, UsageError

Factory = Callable[[], object]


def factory(text: str) -> Factory:
    """The function that ``MODULE:FUNCTION`` or ``FILE.py:FUNCTION`` names. Modules are looked for
    in the current folder first, as `python -m` does.

    Raises:
        UsageError: it is of another form, or the module is not there.
        UnknownName: the module has no such function.
    """
    collection, _, named = text.partition(":")
    if collection in COLLECTIONS and named:
        return partial(_from_collection, collection, named)
    where, _, name = text.rpartition(":")
    if not (where and name):
        raise UsageError(f"model is {text!r}; it can be MODULE:FUNCTION or FILE.py:FUNCTION")
    with without_arguments():
        module = _file(Path(where)) if where.endswith(".py") else _module(where)
    found = getattr(module, name, None)
    if not callable(found):
        known = [each for each, value in vars(module).items() if callable(value)]
        raise UnknownName("function", name, [each for each in known if not each.startswith("_")])
    made: Factory = found
    return made


@contextmanager
def without_arguments() -> Iterator[None]:
    """Inside, no command line is seen: a script that reads its arguments as it is imported takes
    none of vizframe's for its own."""
    before = sys.argv
    sys.argv = before[:1]
    try:
        yield
    finally:
        sys.argv = before


def _from_collection(collection: str, name: str) -> object:
    """The net of that name, its weights random.

    Raises:
        UsageError: the collection is not installed, or has no such net.
    """
    try:
        library = importlib.import_module(collection)
    except ModuleNotFoundError as error:
        raise UsageError(
            f"model is {collection}:{name}, and {collection} is not installed: "
            f"pip install {collection}"
        ) from error
    try:
        return COLLECTIONS[collection](library, name)
    except Exception as error:  # each collection has errors of its own for a name it lacks
        told = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise UsageError(f"model is {collection}:{name}, which cannot be made: {told}") from error


def _of_transformers(library: Any, name: str) -> object:
    config = library.AutoConfig.from_pretrained(name, local_files_only=True)
    kinds = getattr(config, "architectures", None) or ["AutoModel"]
    kind = getattr(library, kinds[0])
    return kind.from_config(config) if kinds[0].startswith("Auto") else kind(config)


COLLECTIONS: Mapping[str, Callable[[Any, str], object]] = {
    "timm": lambda library, name: library.create_model(name, pretrained=False),
    "torchvision": lambda library, name: library.models.get_model(name, weights=None),
    "transformers": _of_transformers,
}
"""How each collection of nets makes one of its own."""


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
