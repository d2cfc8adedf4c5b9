"""Being there when a program first imports a module, without importing it for the program: a
training script may set environment variables first, which its framework reads at import."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from importlib.abc import Loader, MetaPathFinder
else:  # they bring pathlib and tempfile: twice what all else of `import vizframe` takes
    Loader = MetaPathFinder = object

Around = Callable[[], AbstractContextManager[object]]


def around_import(name: str, around: Around) -> None:
    """Import the top-level module of this name, once the program does, inside ``with around():``;
    nothing is done where it is imported already."""
    if name not in sys.modules:
        sys.meta_path.insert(0, _Finder(name, around))


def after_import(name: str, action: Callable[[], None]) -> None:
    """Call the action once the top-level module of this name is imported: now, if it is."""

    @contextmanager
    def around() -> Iterator[None]:
        yield
        action()

    if name in sys.modules:
        action()
    else:
        around_import(name, around)


class _Finder(MetaPathFinder):
    """Finds the one module as the others do, and leaves when it is loaded: many a library only
    asks whether another could be found."""

    def __init__(self, name: str, around: Around) -> None:
        self._name = name
        self._around = around
        self._asking = False

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name != self._name or self._asking:
            return None
        self._asking = True
        try:
            spec = find_spec(name)
        finally:
            self._asking = False
        if spec is not None and spec.loader is not None:
            spec.loader = _Loader(spec.loader, self._around, self._leave)
        return spec

    def _leave(self) -> None:
        if self in sys.meta_path:
            sys.meta_path.remove(self)


class _Loader(Loader):
    """Loads as the module's own loader does, and puts that one back."""

    def __init__(self, own: Loader, around: Around, leave: Callable[[], None]) -> None:
        self._own = own
        self._around = around
        self._leave = leave

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._own.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        self._leave()
        if module.__spec__ is not None:
            module.__spec__.loader = self._own
        module.__loader__ = self._own
        with self._around():
            self._own.exec_module(module)
