"""The registry: which plugins there are, and where each comes from, without importing any.

    vizframe/plugins/NAME.py            built in
    entry point `vizframe.plugins` NAME an installed package
    FOLDER/NAME.py                      a loose file, from `--plugins FOLDER`

Known by name, loaded on first use. A name offered twice is an error that names both. A plugin that
cannot be loaded is named with its reason and never stops the others.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import pkgutil
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType

from vizframe.errors import PluginError, UnknownName, UsageError
from vizframe.plugin.base import Plugin
from vizframe.plugin.validation import validate_plugin

GROUP = "vizframe.plugins"
"""The entry point group that installed packages use."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A plugin that was found but not loaded.

    Attributes:
        name: what a user writes.
        source: where it comes from, in words: ``built in``, ``package grad-tools 1.2``, a path.
        load: imports it; raises whatever its module raises.
    """

    name: str
    source: str
    load: Callable[[], object]


class Registry:
    """The plugins that one recording or one command can use."""

    def __init__(self, offers: Iterable[Offer] = ()) -> None:
        self._offers: dict[str, Offer] = {}
        self._loaded: dict[str, type[Plugin]] = {}
        for offer in offers:
            self.add(offer)

    @classmethod
    def discover(cls, loose: Iterable[Path] = ()) -> Registry:
        """All built-in and installed plugins, and those of these loose files and folders.

        Raises:
            PluginError: a name is offered twice.
            UsageError: a path is neither a folder nor a Python file.
        """
        files = dict.fromkeys(file for path in loose for file in plugin_files(path))
        return cls([*_find_built_in(), *_find_installed(), *(_find_loose(file) for file in files)])

    def add(self, offer: Offer) -> None:
        """Raises PluginError, which names both, where the name is taken."""
        other = self._offers.get(offer.name)
        if other is not None:
            raise PluginError(
                f"plugin {offer.name!r} is offered twice, by {other.source} and by "
                f"{offer.source}; rename or remove one of them"
            )
        self._offers[offer.name] = offer

    def __iter__(self) -> Iterator[str]:
        return iter(self._offers)

    def __contains__(self, name: str) -> bool:
        return name in self._offers

    def __len__(self) -> int:
        return len(self._offers)

    def source(self, name: str) -> str:
        """Where the plugin comes from. Raises UnknownName."""
        return self._offer(name).source

    def load(self, name: str) -> type[Plugin]:
        """The plugin's class, imported on the first call.

        Raises:
            UnknownName: nothing has this name.
            PluginError: it is broken; the sentence has its name, source and reason.
        """
        if name not in self._loaded:
            self._loaded[name] = _check(self._offer(name))
        return self._loaded[name]

    def _offer(self, name: str) -> Offer:
        if name not in self._offers:
            raise UnknownName("plugin", name, self._offers)
        return self._offers[name]


def plugin_files(path: Path) -> list[Path]:
    """The loose plugins that a path names: one file, or all of a folder but ``_private.py``.

    Raises:
        UsageError: it is neither.
    """
    if path.is_dir():
        return sorted(file.resolve() for file in path.glob("*.py") if file.name[0] != "_")
    if path.suffix == ".py" and path.is_file():
        return [path.resolve()]
    raise UsageError(f"plugins is {str(path)!r}; it can be a folder or a Python file")


def _find_built_in() -> Iterator[Offer]:
    package = importlib.import_module("vizframe.plugins")
    for module in pkgutil.iter_modules(package.__path__):
        if not module.name.startswith("_"):
            path = f"{package.__name__}.{module.name}"
            yield Offer(module.name, "vizframe", partial(importlib.import_module, path))


def _find_installed() -> Iterator[Offer]:
    for point in entry_points(group=GROUP):
        yield Offer(point.name, f"package {_distribution(point)}", point.load)


def _distribution(point: EntryPoint) -> str:
    if point.dist is None:
        return point.value
    return f"{point.dist.name} {point.dist.version}"


def _find_loose(file: Path) -> Offer:
    return Offer(file.stem, str(file), partial(_import_file, file))


def _import_file(file: Path) -> ModuleType:
    digest = hashlib.sha256(str(file).encode()).hexdigest()[:8]
    name = f"vizframe_loose_{digest}_{file.stem}"
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise ImportError(f"{file} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # pydantic looks annotations up in the class's module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _check(offer: Offer) -> type[Plugin]:
    what = f"plugin {offer.name!r} from {offer.source}"
    try:
        loaded = offer.load()
        plugin = validate_plugin(_only_plugin(loaded) if isinstance(loaded, ModuleType) else loaded)
    except PluginError as error:
        raise PluginError(f"{what} cannot be loaded: {error}") from error
    except (Exception, SystemExit) as error:
        reason = f"{type(error).__name__}: {error}"
        raise PluginError(f"{what} cannot be loaded: {reason}") from error
    if not plugin.has_own_name:
        plugin.name = offer.name
    if plugin.name != offer.name:
        raise PluginError(f"{what} calls itself {plugin.name!r}; give both the same name")
    return plugin


def _only_plugin(module: ModuleType) -> type[Plugin]:
    own = [
        each
        for each in vars(module).values()
        if isinstance(each, type)
        and issubclass(each, Plugin)
        and each.__module__ == module.__name__
        and not each.__name__.startswith("_")
    ]
    if len(own) != 1:
        names = ", ".join(each.__name__ for each in own) or "none"
        raise PluginError(f"it has {len(own)} Plugin classes ({names}); it can have one")
    return own[0]
